/** From bytes to what a file says: text, JSON, and the few careful steps into values that nobody has checked. */
import { GatewayError, messageOf } from '../core/errors.ts'
import type { SourceFile } from './importer.ts'

/** A file that is larger is no configuration. */
export const MOST_BYTES = 64 * 2 ** 20
/** More values than this in one JSON are refused: no project of a gateway has them. */
const DEEPEST = 64

export type Json = { readonly [key: string]: unknown }

export const refuse = (file: SourceFile, message: string): GatewayError =>
  new GatewayError('CONFIG_INVALID', `${file.name}: ${message}`)

/** The text of a file; UTF-8 with or without a mark, or UTF-16 with one, as Windows tools write it. */
export function textOf(file: SourceFile): string {
  const { bytes } = file
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse(file, 'this is neither UTF-8 nor UTF-16 text; save it as UTF-8')
  }
}

/** The first bytes as text, for a look at what it may be. */
export const beginningOf = (file: SourceFile, bytes = 65_536): string =>
  new TextDecoder().decode(file.bytes.subarray(0, bytes))

/** The JSON of a file. A broken one is told with its line and column. */
export function jsonOf(file: SourceFile): unknown {
  const text = textOf(file)
  if (text.trim() === '') throw refuse(file, 'the file is empty')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const at = Number(/position (\d+)/.exec(messageOf(error))?.[1] ?? Number.NaN)
    const before = Number.isNaN(at) ? '' : text.slice(0, at)
    const place = Number.isNaN(at) ? '' : `${before.split('\n').length}:${at - before.lastIndexOf('\n')}: `
    throw refuse(file, `${place}not JSON: ${messageOf(error)}`)
  }
  if (depthOf(value) > DEEPEST) throw refuse(file, `it is nested deeper than ${DEEPEST}`)
  return value
}

/** Breadth first, so that a deep file needs no deep stack. */
function depthOf(value: unknown): number {
  let [level, depth] = [[value], 0]
  while (level.length > 0 && depth <= DEEPEST) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
    depth++
  }
  return depth
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An own property: `__proto__` and its like are keys as others. */
export const get = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const textAt = (value: unknown, key: string): string | undefined => {
  const found = get(value, key)
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : undefined
}

/** A number, or a text that is one. */
export const numberAt = (value: unknown, key: string): number | undefined => numberOf(get(value, key))

export const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

export const flagAt = (value: unknown, key: string): boolean | undefined => {
  const found = get(value, key)
  return typeof found === 'boolean' ? found : undefined
}

/** Milliseconds of a duration as Go writes it: `1m30s`, `500ms`, `1.5h`. */
export function goDurationMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined
  const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  let sum = 0
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * units[unit!]!
  return sum
}
