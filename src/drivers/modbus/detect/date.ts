/**
 * Dates as devices keep them: packed digits (`2026 1123`, `2611 2307`: year, month, day, hour …) and seconds since 1970. Where the
 * digits make a date, few others would have done so by chance.
 */
import type { Interpretation } from './interpretation.ts'

/** A value that reads as a date. */
export interface DateReading {
  /** `2026-11-23 07:51:26`. */
  readonly text: string
  /** To tell it among all dates. */
  readonly bits: number
}

const DAY = '(?<month>0[1-9]|1[0-2])(?<day>0[1-9]|[12]\\d|3[01])'
const HOUR = '(?<hour>[01]\\d|2[0-3])'
const MINUTES = '(?<minute>[0-5]\\d)(?<second>[0-5]\\d)'
/** By their number of digits; two digits more are hundredths, or nothing. */
const PACKED = {
  8: [new RegExp(`^(?<year>(?:199|20\\d)\\d)${DAY}$`), new RegExp(`^(?<year>\\d\\d)${DAY}${HOUR}$`)],
  16: [new RegExp(`^(?<year>(?:199|20\\d)\\d)${DAY}${HOUR}${MINUTES}\\d\\d$`)],
} as const
/** Bits of each part: how many there are of it. */
const PART_BITS = { year: 6.8, month: 3.6, day: 5, hour: 4.6, minute: 5.9, second: 5.9 } as const

/** Seconds since 1970 of the years 2001 to 2039: a large number, but no rare one. */
const SECONDS = { first: 1e9, last: 2.2e9 } as const
const SECONDS_BITS = 34.5

/** Undefined: no date. */
export function dateOf(type: Interpretation['type'], value: number | bigint | string): DateReading | undefined {
  if (type === 'bcd32') return packedDate(String(value).padStart(8, '0'), 8)
  if (type === 'bcd64') return packedDate(String(value).padStart(16, '0'), 16)
  if (type !== 'uint32' || Number(value) < SECONDS.first || Number(value) > SECONDS.last) return undefined
  const text = new Date(Number(value) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return { text: `${text} UTC`, bits: SECONDS_BITS }
}

function packedDate(digits: string, length: keyof typeof PACKED): DateReading | undefined {
  for (const pattern of PACKED[length]) {
    const parts = pattern.exec(digits)?.groups
    if (parts === undefined) continue
    const { year = '', month, day, hour, minute, second } = parts
    const time = [hour, minute, second].filter((part) => part !== undefined).join(':')
    const text = `${year.padStart(4, '20')}-${month}-${day}`
    const bits = Object.keys(parts).reduce((sum, part) => sum + PART_BITS[part as keyof typeof PART_BITS], 0)
    return { text: time === '' ? text : `${text} ${time}${minute === undefined ? ' h' : ''}`, bits }
  }
  return undefined
}
