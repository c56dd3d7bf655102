/** How values, ages and times are written on the page. */
import type { JsonValue } from './api.ts'
import { valueWords } from './strings/value-words.ts'

const NARROW_SPACE = '\u202f'

/** A value with digits that don't jump: floats by magnitude, whole numbers in groups of three, booleans as On and Off. */
export function formatValue(value: JsonValue, type: string): string {
  if (value === null) return valueWords.values.none
  if (typeof value === 'boolean') return value ? valueWords.values.on : valueWords.values.off
  if (typeof value === 'number') return type.startsWith('float') ? formatFloat(value) : formatPlain(value)
  return type === 'int64' || type === 'uint64' ? grouped(value) : value
}

/** Value and unit in one text. */
export function formatWithUnit(value: JsonValue, type: string, unit: string | null): string {
  const text = formatValue(value, type)
  return unit === null || value === null ? text : `${text} ${unit}`
}

/** A value as a person must see it before and after writing: every digit that a float32 carries, nothing rounded away. */
export function exactWithUnit(value: JsonValue, unit: string | null): string {
  const number = typeof value === 'number'
  const text = number
    ? String(Number(value.toPrecision(Number.isInteger(value) ? 16 : 7)))
    : formatValue(value, 'string')
  return unit === null || value === null ? text : `${text} ${unit}`
}

/** Counts in groups of three. */
export const formatCount = (count: number): string => grouped(String(count))

/** Something per second: one decimal where it is few; what comes now and then is not nothing. */
export function formatRate(perSecond: number): string {
  if (perSecond <= 0 || perSecond >= 10) return formatCount(Math.round(perSecond))
  return perSecond < 0.095 ? String(Number(Math.max(0.001, perSecond).toPrecision(1))) : perSecond.toFixed(1)
}

/** A size: `512 B`, `4.2 KiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = valueWords.bytes
  let [size, unit] = [bytes, 0]
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1]
  return `${unit === 0 || size >= 100 ? formatCount(Math.round(size)) : size.toFixed(1)} ${units[unit]}`
}

/** An age or a length of time: `4 s`, `3 min`, `2 h`, `5 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return valueWords.duration.seconds(seconds)
  if (seconds < 7200) return valueWords.duration.minutes(Math.floor(seconds / 60))
  if (seconds < 172_800) return valueWords.duration.hours(Math.floor(seconds / 3600))
  return valueWords.duration.days(Math.floor(seconds / 86_400))
}

/** Local time of day; with the date when it is not today's. */
export function formatTime(time: number | null): string {
  if (time === null || time <= 0) return valueWords.values.none
  const date = new Date(time)
  const today = date.toDateString() === new Date().toDateString()
  return today ? clockOf(date) : `${dayOf(date)} ${clockOf(date)}`
}

/** The time of day, or the day alone when it is not today: for narrow columns, where hovering says the rest. */
export function formatDayOrTime(time: number | null): string {
  const text = formatTime(time)
  return text.includes('-') ? text.slice(0, 10) : text
}

/** A time in full, local: `2026-11-23 10:00:00.123 UTC+01:00`. */
export function formatMoment(time: number | null): string {
  if (time === null || time <= 0) return valueWords.values.none
  const date = new Date(time)
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  return `${dayOf(date)} ${clockOf(date)}.${ms} ${zoneOffset(date)}`
}

/** The local zone's offset, at that time: `UTC+01:00`. */
export function zoneOffset(at: Date = new Date()): string {
  const minutes = -at.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** UTC in ISO 8601, for hover. */
export const isoTime = (time: number | null): string => (time === null || time <= 0 ? '' : new Date(time).toISOString())

/** `0x80310000`: as status codes are written. */
export const statusHex = (code: number): string => `0x${(code >>> 0).toString(16).padStart(8, '0').toUpperCase()}`

function formatFloat(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return value.toExponential(3)
  return grouped(value.toFixed(size >= 1000 ? 1 : size >= 10 ? 2 : 3))
}

const formatPlain = (value: number): string => (Number.isInteger(value) ? grouped(String(value)) : formatShort(value))

const formatShort = (value: number): string => grouped(String(Number(value.toPrecision(7))))

function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.')
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE).replace('-', '−')
  return fraction === undefined ? spaced : `${spaced}.${fraction}`
}

const dayOf = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
const clockOf = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

const two = (n: number): string => String(n).padStart(2, '0')
