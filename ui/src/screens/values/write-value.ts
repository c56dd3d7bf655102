/** Turns what a person typed into the value to write, or into the sentence that says what is wrong with it. */
import type { JsonValue } from '../../api.ts'
import { formatValue } from '../../format.ts'
import { writeStrings } from '../../strings/write.ts'

export interface WritableTag {
  readonly type: string
  readonly low: number | null
  readonly high: number | null
  readonly writeMin: number | null
  readonly writeMax: number | null
}

/** What may be written: the narrower of the engineering range and the tag's limits for writing. */
export function writeRange(tag: WritableTag): { readonly low: number | null; readonly high: number | null } {
  const lows = [tag.low, tag.writeMin].filter((limit) => limit !== null)
  const highs = [tag.high, tag.writeMax].filter((limit) => limit !== null)
  return {
    low: lows.length === 0 ? null : Math.max(...lows),
    high: highs.length === 0 ? null : Math.min(...highs),
  }
}

export type Parsed = { readonly value: JsonValue } | { readonly wrong: string }

const WHOLE = /^[+-]?\d+$/
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** An empty text gives a value of null: nothing is to be written yet. */
export function parseWritten(text: string, tag: WritableTag): Parsed {
  const typed = text.trim()
  if (typed === '') return { value: null }
  if (tag.type === 'bool') return { value: typed === 'true' }
  if (tag.type === 'string' || tag.type === 'bytes') return { value: text }
  if (!NUMBER.test(typed)) return { wrong: writeStrings.notNumber }
  // A scaled integer takes fractions too: the gateway undoes the scale and checks; 64 bits travel as text.
  const long = tag.type.endsWith('int64')
  if (long && !WHOLE.test(typed)) return { wrong: writeStrings.notWhole }
  const value = Number(typed)
  if (!Number.isFinite(value)) return { wrong: writeStrings.notNumber }
  const { low, high } = writeRange(tag)
  if ((low !== null && value < low) || (high !== null && value > high)) {
    return { wrong: writeStrings.outside(limit(low, tag.type), limit(high, tag.type)) }
  }
  return { value: long ? typed : value }
}

/** Whether the device reads back what was written: equal, or equal as far as a float32 can tell. */
export function isSame(readBack: JsonValue, written: JsonValue): boolean {
  if (typeof readBack !== 'number' || typeof written !== 'number') return readBack === written
  return Math.abs(readBack - written) <= Math.max(Math.abs(readBack), Math.abs(written)) * 1e-6
}

/** One end of a range as text. */
export const limit = (value: number | null, type: string): string =>
  value === null ? '…' : formatValue(value, type === 'bool' ? type : Number.isInteger(value) ? 'int32' : type)

/** Their sentences say by themselves whether it was sent: "Not written" before them would be false for one that may have been. */
const TOLD_IN_FULL: readonly (string | undefined)[] = ['WRITE_FAILED', 'WRITE_UNKNOWN', 'WRITE_SUPERSEDED']

/** What is said of a write that the API refused with this code and sentence. */
export const refusalText = (code: string | undefined, message: string): string =>
  TOLD_IN_FULL.includes(code) ? message : writeStrings.failed(message)
