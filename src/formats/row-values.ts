/**
 * Time and value of a sample as all text formats write them: ISO 8601 in UTC; numbers as the shortest text that gives the same number,
 * `NaN`, `Infinity` and `-Infinity` by name; int64 and uint64 as decimals; bytes as base64.
 */
import type { Value } from '../core/value.ts'

/** Makes the text of times; consecutive samples mostly have the same. */
export class TimeText {
  #ms = NaN
  #text: string | undefined

  /** `2026-11-23T10:00:00.123Z`, with microseconds where it has some; undefined for what is no date. */
  of(ms: number): string | undefined {
    if (ms === this.#ms) return this.#text
    this.#ms = ms
    this.#text = isoText(ms)
    return this.#text
  }
}

function isoText(ms: number): string | undefined {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return undefined
  const whole = Math.floor(ms)
  const micros = Math.round((ms - whole) * 1000)
  if (micros % 1000 === 0) return new Date(whole + micros / 1000).toISOString()
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
}

/** A number as text that gives it back; −0 keeps its sign. */
export const numberText = (value: number): string => (value === 0 && 1 / value < 0 ? '-0' : `${value}`)

/** A value as plain text. */
export function plainText(value: Value): string {
  if (typeof value === 'number') return numberText(value)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  return String(value)
}
