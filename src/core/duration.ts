/**
 * Durations and sizes as people write them: `250ms`, `2s`, `5m`, `1h`, `7d`; `64MiB`, `10GB`. Inside they are milliseconds
 * and bytes. A bare number is milliseconds, or bytes.
 */
import { z } from 'zod'

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const UNIT_BYTES: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** What the schemas of `duration` and `size` have in their innermost layer. */
const quantities = new WeakMap<object, 'ms' | 'bytes'>()

/** What an amount of this innermost layer of a schema counts: milliseconds or bytes; undefined: something else. */
export const unitOfQuantity = (layer: object): 'ms' | 'bytes' | undefined => quantities.get(layer)

/** Milliseconds of a text such as `1.5s`, or undefined when it is not a duration. */
export const parseDuration = (text: string): number | undefined => parseQuantity(text, UNIT_MS)

/** Bytes of a text such as `64MiB`, or undefined when it is not a size. */
export const parseSize = (text: string): number | undefined => parseQuantity(text, UNIT_BYTES)

/** A schema of a duration in ms: accepts a number of ms or a text with its unit. */
export const duration = (options: { minMs?: number; maxMs?: number } = {}) =>
  quantity(
    parseDuration,
    options.minMs ?? 0,
    options.maxMs ?? 366 * 86_400_000,
    'a duration such as 250ms, 2s, 5m, 1h or 7d',
    'ms',
  )

/** A schema of a size in bytes: accepts a number of bytes or a text with its unit. */
export const size = (options: { minBytes?: number; maxBytes?: number } = {}) =>
  quantity(parseSize, options.minBytes ?? 0, options.maxBytes ?? 2 ** 50, 'a size such as 64MiB or 10GB', 'bytes')

/** `2s`, `250ms`, `1h 30m`: a duration for people. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return joinParts(`${minutes}m`, Math.floor((ms % 60_000) / 1000), 's')
  if (minutes < 1440) return joinParts(`${Math.floor(minutes / 60)}h`, minutes % 60, 'm')
  return joinParts(`${Math.floor(minutes / 1440)}d`, Math.floor((minutes % 1440) / 60), 'h')
}

/** A duration without loss, as it stands in a configuration: in the largest unit that gives a whole number. */
export const toDuration = (ms: number): string => inUnits(ms, ['d', 'h', 'm', 's'], UNIT_MS) ?? `${ms}ms`

/** A size without loss, as it stands in a configuration: `10GiB`, or bytes. */
export const toSize = (bytes: number): string => inUnits(bytes, ['TiB', 'GiB', 'MiB', 'KiB'], UNIT_BYTES) ?? `${bytes}B`

function inUnits(amount: number, units: readonly string[], sizes: Record<string, number>): string | undefined {
  const unit = units.find((one) => amount >= sizes[one]! && Number.isInteger(amount / sizes[one]!))
  return unit === undefined ? undefined : `${amount / sizes[unit]!}${unit}`
}

const joinParts = (first: string, rest: number, unit: string): string =>
  rest === 0 ? first : `${first} ${rest}${unit}`

function parseQuantity(text: string, units: Record<string, number>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text)
  if (match === null) return undefined
  const factor = match[2] === '' ? 1 : units[match[2]!]
  return factor === undefined ? undefined : Number(match[1]) * factor
}

function quantity(
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
  expected: string,
  unit: 'ms' | 'bytes',
) {
  const written = z.union([z.number(), z.string()])
  quantities.set(written, unit)
  return written.transform((given, context): number => {
    const amount = typeof given === 'number' ? given : parse(given)
    if (amount === undefined || amount < min || amount > max) {
      context.addIssue({
        code: 'custom',
        message: `expected ${expected}${amount === undefined ? '' : `, between ${min} and ${max} ${unit}`}`,
      })
      return z.NEVER
    }
    return amount
  })
}
