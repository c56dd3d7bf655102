/**
 * Reads a range of any length in pieces that the device takes. What it refuses is halved until each refused register or bit is
 * alone, so that the others are seen; a device that falls silent is not asked on. Bounded in requests, because a range that is
 * refused from end to end would cost two for each register, and in time: what was read until then is shown.
 */
import type { LineAccess } from '../../../core/driver.ts'
import { GatewayError, messageOf, NotConnectedError } from '../../../core/errors.ts'
import { describeException, ModbusException, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import { AREAS } from '../address.ts'
import { ask, type RawDevice } from './raw-device.ts'
import { isBits, type Range } from './range.ts'

/** What became of each register or bit of a range. */
export interface RangeRead {
  /** One a register or bit, 0 where there is none. */
  readonly values: Uint16Array
  /** Why it could not be read, in words; undefined: it was. */
  readonly refusals: readonly (string | undefined)[]
  readonly requests: number
}

/** From then on what is refused stays refused as a block. */
const MAX_REQUESTS = 400
/** After so many registers in a row that are refused one by one, the end of what can be read is passed: blocks are enough to see more. */
const REFUSED_ALONE = 16
/** Such a block has so many registers, or this part of a long range: a group twice as long is always found, to its ends. */
const COARSE = 8
const COARSE_PART = 1 / 32
/** After so many requests in a row without an answer the device is not asked on. */
const SILENT_REQUESTS = 2
/** Somebody waits: after this time the rest is not asked. */
const LONGEST_MS = 60_000
/** Exceptions by which devices refuse a block for one of its addresses: 02, 03, and 04 against the book. */
const BLAMES_BLOCK: ReadonlySet<number> = new Set([2, 3, 4])

interface Piece {
  readonly first: number
  readonly count: number
}

/** Rejects with TIMEOUT when nothing answered at all, with NotConnectedError when the connection is lost. */
export async function readRange(
  device: RawDevice,
  access: LineAccess,
  range: Range,
  signal: AbortSignal,
): Promise<RangeRead> {
  const values = new Uint16Array(range.count)
  const refusals: (string | undefined)[] = Array.from({ length: range.count }, () => undefined)
  const open = pieces(range, isBits(range) ? device.limits.bits : device.limits.registers)
  let requests = 0
  let answered = false
  let silent = 0
  /** Refused one by one since the last that was read. */
  let alone = 0
  const coarse = Math.max(COARSE, Math.ceil(range.count * COARSE_PART))
  /** Refused last, as a block: where what is read begins behind it, it may have begun inside. */
  let blunt: Piece | undefined
  const start = device.clock.monotonic()
  const refuse = ({ first, count }: Piece, why: string) => refusals.fill(why, first, first + count)
  while (open.length > 0) {
    const piece = open.shift()!
    if (silent >= SILENT_REQUESTS) {
      refuse(piece, 'not asked: the device fell silent')
      continue
    }
    if (device.clock.monotonic() - start > LONGEST_MS) {
      refuse(piece, 'not asked: the device took too long for the others')
      continue
    }
    requests++
    try {
      take(await readPiece(device, access, range, piece, signal), piece, values, isBits(range))
      answered = true
      refusals.fill(undefined, piece.first, piece.first + piece.count)
      silent = alone = 0
      if (blunt !== undefined && blunt.first + blunt.count === piece.first) open.unshift(...halves(blunt))
      blunt = undefined
    } catch (error) {
      // What was read before is worth having; nothing answered at all is no view of a device.
      if (error instanceof NotConnectedError && answered) {
        refuse(piece, 'the connection was lost while this was read')
        for (const left of open) refuse(left, 'not asked: the connection was lost')
        break
      }
      const outcome = outcomeOf(error, answered)
      silent = outcome.silent ? silent + 1 : 0
      answered ||= !outcome.silent
      if (outcome.halve && piece.count === 1) alone++
      const finest = alone < REFUSED_ALONE ? 1 : coarse
      if (outcome.halve && piece.count > finest && requests < MAX_REQUESTS) open.unshift(...halves(piece))
      else {
        const isBlock = outcome.halve && piece.count > 1
        refuse(piece, isBlock ? `${outcome.why} (refused as a block)` : outcome.why)
        blunt = isBlock && requests < MAX_REQUESTS ? piece : undefined
      }
    }
  }
  return { values, refusals, requests }
}

function readPiece(
  device: RawDevice,
  access: LineAccess,
  { area, offset, unit = device.unit }: Range,
  { first, count }: Piece,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = { functionCode: AREAS[area].readFunction, address: offset + first, count } as ModbusRequest
  return ask(device, access, unit, request, signal)
}

/** Registers are two bytes each, bits are packed from the lowest (Modbus Application Protocol V1.1b3, 6.1, 6.3). */
function take(pdu: Uint8Array, { first, count }: Piece, values: Uint16Array, bits: boolean): void {
  for (let at = 0; at < count; at++) {
    values[first + at] = bits ? (pdu[2 + (at >>> 3)]! >>> (at & 7)) & 1 : pdu[2 + at * 2]! * 256 + pdu[3 + at * 2]!
  }
}

interface Outcome {
  readonly why: string
  readonly halve: boolean
  readonly silent: boolean
}

function outcomeOf(error: unknown, answered: boolean): Outcome {
  if (error instanceof ModbusException) {
    const { exceptionCode } = error
    return { why: describeException(exceptionCode), halve: BLAMES_BLOCK.has(exceptionCode), silent: false }
  }
  if (!(error instanceof GatewayError) || error instanceof NotConnectedError || error.code === 'FORBIDDEN') throw error
  if (error.code !== 'TIMEOUT') return { why: messageOf(error), halve: false, silent: false }
  if (!answered) throw error
  return { why: 'no answer in time', halve: false, silent: true }
}

function pieces({ count }: Range, most: number): Piece[] {
  const list: Piece[] = []
  for (let first = 0; first < count; first += most) list.push({ first, count: Math.min(most, count - first) })
  return list
}

function halves({ first, count }: Piece): Piece[] {
  const half = count >>> 1
  return [
    { first, count: half },
    { first: first + half, count: count - half },
  ]
}
