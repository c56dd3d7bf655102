/**
 * Which registers or bits of a table can be read: blocks of 64 from its start, a refused block in halves, down to single ones. A
 * refusal says nothing of the single registers of a block, so that holes cost requests: their number is bounded, and the answer
 * says how far it came.
 */
import type { ModbusRequest } from '../../../protocols/modbus/index.ts'
import { AREAS, type Area } from '../address.ts'
import type { Asker } from './asker.ts'

/** `first` … `last` can be read. */
export interface ReadableRange {
  readonly first: number
  readonly last: number
}

/** What is known of one table of one unit. */
export interface TableMap {
  readonly area: Area
  readonly ranges: readonly ReadableRange[]
  /** How far the search went: below this every address was tried, or is part of a block that was. */
  readonly searchedTo: number
  /** Blocks that were refused and not taken apart any more. */
  readonly unclear: number
  /** The device fell silent. */
  readonly silent: boolean
}

const BLOCK = 64
/** 256 addresses: what most maps begin with, and four requests where all can be read. */
const BLOCKS = 4
/** Of one table. A block that has nothing costs 127 by itself. */
const MOST_REQUESTS = 48
/** When neither the first address nor the first block can be read, little is to be expected. */
const FEW_REQUESTS = 16
/** Each costs a time-out and a read that tells whether the device is still there. */
const MOST_SILENCES = 8
const ILLEGAL_FUNCTION = 1

/** Maps the start of one table. Ends early when the device does not know the function, or falls silent. */
export async function mapTable(asker: Asker, unit: number, area: Area): Promise<TableMap> {
  const open = Array.from({ length: BLOCKS }, (_, index) => ({ address: index * BLOCK, count: BLOCK }))
  const found: ReadableRange[] = []
  const first = await readBlock(asker, unit, area, 0, 1)
  let silences = 0
  if (first === 'silent' || first === 'unknown function')
    return { area, ranges: [], searchedTo: 0, unclear: 0, silent: first === 'silent' }
  let left = first === 'read' ? MOST_REQUESTS : FEW_REQUESTS
  while (open.length > 0 && left > 0) {
    const { address, count } = open.shift()!
    left--
    const outcome = await readBlock(asker, unit, area, address, count)
    if (outcome === 'silent') {
      // Some devices don't refuse what they don't have, they keep silent; address 0 tells whether the device is still there.
      const isThere = first === 'read' && (await readBlock(asker, unit, area, 0, 1)) === 'read'
      if (!isThere) return { area, ranges: joined(found), searchedTo: address, unclear: open.length + 1, silent: true }
      if (++silences >= MOST_SILENCES) left = 0
    }
    if (outcome === 'read') found.push({ first: address, last: address + count - 1 })
    else if (count > 1) open.unshift(...halves(address, count))
  }
  return {
    area,
    ranges: joined(found),
    searchedTo: open[0]?.address ?? BLOCKS * BLOCK,
    unclear: open.length,
    silent: false,
  }
}

async function readBlock(asker: Asker, unit: number, area: Area, address: number, count: number) {
  const request = { functionCode: AREAS[area].readFunction, address, count }
  const heard = await asker.ask(unit, request as ModbusRequest)
  if (heard.kind === 'silence') return 'silent'
  if (heard.kind === 'exception' && heard.code === ILLEGAL_FUNCTION) return 'unknown function'
  return heard.kind === 'answer' ? 'read' : 'refused'
}

function halves(address: number, count: number) {
  const half = count / 2
  return [
    { address, count: half },
    { address: address + half, count: half },
  ]
}

/** Neighbours become one range. */
function joined(ranges: readonly ReadableRange[]): ReadableRange[] {
  const result: ReadableRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before !== undefined && before.last + 1 >= range.first)
      result[result.length - 1] = { first: before.first, last: range.last }
    else result.push(range)
  }
  return result
}
