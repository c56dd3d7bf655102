/**
 * Which registers or bits of a table can be read. A refused block says nothing of its single registers, and a block that has none
 * would cost a request for each of them: so the search follows what can be read to its end, by halves, and looks for more by single
 * samples: beyond each end in doubling steps (they find a group that is at least as long as the gap before it), and where devices
 * usually have registers. What a sample hits is followed in both directions.
 */
import { NotConnectedError } from '../../../core/errors.ts'
import type { Area } from '../address.ts'
import type { Asker } from './asker.ts'
import { TableReads, type ReadableRange } from './table-reads.ts'

/** What is known of one table of one unit. */
export interface TableMap {
  readonly area: Area
  readonly ranges: readonly ReadableRange[]
  /** The smallest read that is answered: 2 where registers can only be read in twos. */
  readonly width: number
  /** One of them was not followed to its end, and the search ended there. */
  readonly goesOn: boolean
  /** The search has come to its own end: neither the requests nor the time-outs were used up. */
  readonly isWhole: boolean
  /** The device fell silent, or was lost: there is no use in asking on. */
  readonly silent: boolean
  readonly lost: NotConnectedError | undefined
}

/** Hardly a device takes fewer registers in one request; those that do are found out. */
const BLOCK = 64
/** No further is a range followed: sixteen requests. */
const MOST_ONWARD = 1024
/** How far below a sample its range may begin. */
const MOST_BACK = 128
/** The widest gap that is looked across. */
const WIDEST_GAP = 128
/** Where the maps of common devices begin, the most frequent ones first (`templates/` has some of each). */
const USUAL_STARTS = [1000, 3000, 40_000, 4096, 2000, 8192, 5000, 256, 20_480, 30_000, 10_000]

/** Maps one table. Ends early when the device does not know the function, falls silent or is lost: with what was found until then. */
export async function mapTable(asker: Asker, unit: number, area: Area): Promise<TableMap> {
  const table = new TableReads(asker, unit, area, BLOCK)
  let goesOn = false
  let lost: NotConnectedError | undefined
  try {
    goesOn = await search(table)
  } catch (error) {
    if (!(error instanceof NotConnectedError)) throw error
    lost = error
  }
  const { ranges, width, isSilent, isOver, isUnknown } = table
  const isWhole = lost === undefined && (isUnknown || !isOver)
  return { area, ranges, width, goesOn, isWhole, silent: isSilent || lost !== undefined, lost }
}

/** True when it ended in a range that goes on. */
async function search(table: TableReads): Promise<boolean> {
  const first = await firstRead(table)
  if (first && (await followRange(table, 0)) === undefined) return true
  const starts = USUAL_STARTS.values()
  const sources: Iterator<number>[] = [beyond(first ? table.ranges[0]!.last + 1 : 0), starts]
  for (let source = sources.shift(); source !== undefined && !table.isOver; source = sources.shift()) {
    const { value: address, done } = source.next()
    if (done === true) continue
    sources.push(source)
    if (table.knows(address) || !(await table.read(address, table.width))) continue
    const end = await followRange(table, address)
    if (end === undefined) return true
    // What it was the way across is found; the next gap begins here.
    if (source !== starts) sources.pop()
    sources.unshift(beyond(end))
  }
  return false
}

/** The first register, or the first two where the device has only values of two. */
async function firstRead(table: TableReads): Promise<boolean> {
  if (await table.read(0, 1)) return true
  if (!(await table.read(0, 2))) return false
  table.width = 2
  return true
}

/** Addresses behind one that is refused, in doubling steps; then the next two hundreds, where many maps go on. */
function* beyond(refused: number): Generator<number, void, undefined> {
  for (let step = 1; step <= WIDEST_GAP; step *= 2) yield refused + step
  const hundred = Math.ceil((refused + 1) / 100) * 100
  yield* [hundred, hundred + 100]
}

/** Follows the range around an address that was read. The first address behind it; undefined: it goes on. */
async function followRange(table: TableReads, address: number): Promise<number | undefined> {
  const from = address + table.width
  const most = Math.min(MOST_ONWARD, table.unknownFrom(from))
  const length = await follow(table, most, BLOCK, (at, count) => table.read(from + at, count))
  if (length === MOST_ONWARD) return undefined
  const back = Math.min(MOST_BACK, table.unknownBelow(address))
  await follow(table, back, table.width, (at, count) => table.read(address - at - count, count))
  return from + length
}

/** `count` addresses from the `at`th one on, in the direction of the search. */
type ReadAhead = (at: number, count: number) => Promise<boolean>

/** How many addresses can be read without a gap, at most `most`; begins with a read of `begin`, and doubles it. */
async function follow(table: TableReads, most: number, begin: number, read: ReadAhead): Promise<number> {
  let got = 0
  for (let next = begin; got < most; next = Math.min(next * 2, BLOCK)) {
    const count = Math.min(next, table.cap, most - got)
    if (await read(got, count)) {
      got += count
      continue
    }
    const part = await halve(table, count, (at, some) => read(got + at, some))
    got += part.length
    if (part.isEnd) break
    // All of it can be read, but not at once: the device takes no more, or nothing across a seam.
    table.cap = table.largest
  }
  return got
}

/** How much from the start of a refused block on can be read. `isEnd` is false where that is all of it, piece by piece. */
async function halve(table: TableReads, count: number, read: ReadAhead) {
  const { width } = table
  let length = 0
  let refused = count
  let isAlone = count <= width
  while (refused > width) {
    const half = Math.max(width, Math.floor(refused / 2 / width) * width)
    const isRead = await read(length, half)
    isAlone = !isRead && half === width
    if (isRead) {
      length += half
      refused -= half
    } else refused = half
  }
  // After a read that was answered nobody has refused the next address by itself.
  if (isAlone || !(await read(length, width))) return { length, isEnd: true }
  return { length: length + width, isEnd: false }
}
