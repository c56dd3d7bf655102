/**
 * What the numbers of a tag mean, as a person writes it: `1=Off|2=Sleeping|4=MPPT`, of a bit field `bit0=Ground fault|bit1=Overvoltage`.
 * The value stays the number; its name is shown beside it.
 */
import type { Value } from './value.ts'

const ENTRY = /^\s*(?:(-?\d{1,20})|bit(\d{1,2}))\s*=\s*(\S.*?)\s*$/
const HIGHEST_BIT = 63

/** What is wrong with such a list; undefined: nothing. */
export function symbolsFault(text: string): string | undefined {
  const seen = new Set<string>()
  for (const entry of text.split('|')) {
    const match = ENTRY.exec(entry)
    if (match === null || Number(match[2] ?? 0) > HIGHEST_BIT)
      return `"${entry}" gives no number a name: write 1=Off|2=On, or bit0=Fault|bit1=Door of a bit field`
    const key = match[1] === undefined ? `bit${Number(match[2])}` : `${BigInt(match[1])}`
    if (seen.has(key)) return `${key} has two names`
    seen.add(key)
  }
  return undefined
}

/** The name of a value, of a bit field those of all bits that are set: `MPPT`, `GROUND_FAULT + AC_OVER_VOLT`; null: it has none. */
export function symbolOf(value: Value | undefined, symbols: string | undefined): string | null {
  const number = symbols === undefined ? undefined : wholeNumber(value)
  if (number === undefined) return null
  const names: string[] = []
  for (const entry of symbols!.split('|')) {
    const [, key, bit, name = ''] = ENTRY.exec(entry) ?? []
    const fits = bit === undefined ? key !== undefined && BigInt(key) === number : ((number >> BigInt(bit)) & 1n) === 1n
    if (fits) names.push(name)
  }
  return names.length === 0 ? null : names.join(' + ')
}

function wholeNumber(value: Value | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}

/** The numbers that have a name, in the order in which they are written; undefined of a bit field. */
export function namedNumbers(symbols: string): readonly (readonly [number: bigint, name: string])[] | undefined {
  const named: [bigint, string][] = []
  for (const entry of symbols.split('|')) {
    const [, key, , name = ''] = ENTRY.exec(entry) ?? []
    if (key === undefined) return undefined
    named.push([BigInt(key), name])
  }
  return named
}
