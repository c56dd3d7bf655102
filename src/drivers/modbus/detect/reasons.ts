/** Why an interpretation is plausible or not, in sentences for people. */
import { dateOf } from './date.ts'
import { formatNumber } from './number-text.ts'
import type { Interpretation } from './interpretation.ts'

/** Values by which devices mark a register as unused (SunSpec Device Information Model, 4.2, and common practice). */
const UNUSED: Readonly<Partial<Record<Interpretation['type'], readonly bigint[]>>> = {
  int16: [-0x8000n], uint16: [0xffffn], int32: [-0x8000_0000n], uint32: [0xffff_ffffn],
  int64: [-(2n ** 63n)], uint64: [2n ** 64n - 1n],
} // prettier-ignore

/** True when every value is one by which devices say "unused". */
export const isUnused = ({ type, ordinals }: Interpretation): boolean =>
  ordinals.length > 0 && ordinals.every((ordinal) => ordinal !== undefined && UNUSED[type]?.includes(ordinal) === true)

/** What the values say of themselves. */
export function reasonsOf(interpretation: Interpretation): string[] {
  const { type, values } = interpretation
  const missing = values.filter((value) => value === undefined).length
  if (missing > 0) return [`${missing === values.length ? 'not' : 'not always'} ${MEANING[kindOf(interpretation)]}`]
  if (typeof values[0] === 'string') return [`printable text${new Set(values).size > 1 ? ', which changes' : ''}`]
  const numbers = values.map(Number)
  const reasons = [sizeReason(interpretation, numbers), ...changeReasons(numbers)]
  const date = dateOf(type, values.at(-1)!)
  const isClock = numbers.every((number, at) => at === 0 || number >= numbers[at - 1]!)
  if (date !== undefined && isClock) reasons.unshift(`as a date: ${date.text}`)
  if (isUnused(interpretation)) reasons.push('by this value devices mark a register as unused')
  return reasons
}

const MEANING = {
  float: 'a number: NaN or infinite',
  digits: 'decimal digits',
  text: 'printable text',
  whole: 'a number',
} as const

function kindOf({ type }: Interpretation): keyof typeof MEANING {
  if (type.startsWith('float')) return 'float'
  if (type.startsWith('bcd')) return 'digits'
  return type === 'string' ? 'text' : 'whole'
}

function sizeReason({ type }: Interpretation, numbers: readonly number[]): string {
  const largest = Math.max(...numbers.map(Math.abs))
  if (largest === 0) return 'always 0, which says nothing'
  if (type.startsWith('float')) {
    const smallest = Math.min(...numbers.filter((number) => number !== 0).map(Math.abs))
    if (smallest < 1e-30) return 'so close to 0 that it is hardly a measured value'
    if (smallest < 1e-4) return 'unusually small'
    return largest > 1e9 ? `unusually large (${formatNumber(largest)})` : 'of everyday size'
  }
  if (largest > 1e12) return `unusually large (${formatNumber(largest)})`
  const isShifted = largest >= 65_536 && numbers.every((number) => number % 65_536 === 0)
  if (isShifted) return 'always a multiple of 65536: the words are probably swapped'
  return largest >= 256 && numbers.length > 2 && numbers.every((number) => number % 256 === 0)
    ? 'always a multiple of 256: the bytes are probably swapped'
    : wholeReason(largest)
}

const wholeReason = (largest: number): string =>
  largest > 2 ** 24 ? 'a large whole number' : 'a whole number of everyday size'

function changeReasons(numbers: readonly number[]): string[] {
  if (numbers.length < 2) return []
  const steps = numbers.slice(1).map((number, at) => number - numbers[at]!)
  const largest = Math.max(...steps.map(Math.abs))
  if (largest === 0) return [`the same in all ${numbers.length} reads`]
  const reasons: string[] = []
  if (numbers.length > 3 && steps.every((step) => step >= 0)) reasons.push('only ever rises, as a counter does')
  const size = Math.max(...numbers.map(Math.abs))
  const percent = (largest / size) * 100
  if (percent >= 50) reasons.push(`jumps by up to ${formatNumber(largest)} from read to read`)
  else reasons.push(`changes by ${percentText(percent)} from read to read`)
  return reasons
}

const percentText = (percent: number): string =>
  percent < 0.01 ? 'less than 0.01 %' : `at most ${formatNumber(percent, 2)} %`
