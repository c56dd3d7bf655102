/**
 * How plausible an interpretation is, as the number of bits in which its values could be told: sane values are short (small
 * whole numbers, floats of everyday size, short decimals), smooth ones too, because each read is told by its distance from the one
 * before. The wrong byte order puts a low byte where a high one belongs and makes every step long. Fewer bits are more plausible.
 */
import { dateOf } from './date.ts'
import type { DetectedType, Interpretation } from './interpretation.ts'

/** What is rarely met costs more from the outset, in bits. */
const TYPE_BITS: Readonly<Record<DetectedType, number>> = {
  uint16: 1, int16: 1.5, float32: 2, uint32: 2.5, int32: 3, float64: 6, uint64: 6.5, int64: 7, string: 5, bcd16: 9, bcd32: 9, bcd64: 10,
} // prettier-ignore
/** Two words in either order are common; bytes that are swapped within a register are not. */
const ORDER_BITS = { ABCD: 0, CDAB: 1, BADC: 5, DCBA: 4.5 } as const

/** To say how long a number is. */
const LENGTH_BITS = 3.5
/** Of a process most values are not negative. */
const SIGN_BITS = 3
/** Larger whole numbers than these (16 million; a time in ms or an energy in Wh where there are 64 bits) are rare: every further bit counts more. */
const COMMON_BITS = 24
const COMMON_BITS_OF_64 = 42
const RARE_FACTOR = 1.6
/** 2^-10 … 2^24, a thousandth to some 16 million; most are below 2^14, some 16 thousand. */
const EVERYDAY = { lowest: -10, usual: 14, highest: 24 } as const
const EXPONENT_BITS = 5
/** A read that is no value of the type at all: NaN, a digit that is none, an unprintable character. Its registers are told as such. */
const IMPOSSIBLE_BITS = 60
const REGISTER_BITS = 16
/** What is smaller than a float has digits for is a whole number that was taken for a float. */
const DENORMAL_BITS = 30

/** Bits to tell all values of a window. */
export function bitsOf(interpretation: Interpretation): number {
  const { type, order, registers, values } = interpretation
  const missing = values.filter((value) => value === undefined).length
  const base = TYPE_BITS[type] + ORDER_BITS[order] + missing * (IMPOSSIBLE_BITS + registers * REGISTER_BITS)
  const first = values.find((value) => value !== undefined)
  return first === undefined ? base : base + firstBits(interpretation, first) + changeBits(interpretation)
}

function firstBits({ type, registers }: Interpretation, first: number | bigint | string): number {
  if (typeof first === 'string') return textBits(first, registers)
  if (type === 'float32' || type === 'float64') return floatBits(Number(first), type === 'float32')
  const bits = wholeBits(Number(first), registers === 4 ? COMMON_BITS_OF_64 : COMMON_BITS)
  return Math.min(bits, dateOf(type, first)?.bits ?? bits)
}

function wholeBits(value: number, common: number): number {
  const bits = Math.log2(1 + Math.abs(value))
  const rare = Math.max(0, bits - common) * (RARE_FACTOR - 1)
  return bits + rare + LENGTH_BITS + (value < 0 ? SIGN_BITS : 0)
}

/** Exponent, then as much of the mantissa as the value needs, told in binary or in decimal digits, whichever is shorter. */
function floatBits(value: number, isSingle: boolean): number {
  if (value === 0) return LENGTH_BITS
  const sign = value < 0 ? SIGN_BITS : 0
  const normal = isSingle ? 2 ** -126 : 2 ** -1022
  if (Math.abs(value) < normal) return DENORMAL_BITS + sign + Math.log2(Math.abs(value) / normal) + (isSingle ? 23 : 52)
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  const beyond = Math.max(EVERYDAY.lowest - exponent, exponent - EVERYDAY.highest, 0)
  const strange = beyond === 0 ? 0 : 6 + Math.min(24, beyond)
  const large = Math.max(0, Math.min(exponent, EVERYDAY.highest) - EVERYDAY.usual) / 2
  return EXPONENT_BITS + sign + large + strange + Math.min(binaryDigits(value, isSingle), decimalBits(value, isSingle))
}

/** Bits of the mantissa up to its last one. */
function binaryDigits(value: number, isSingle: boolean): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const mantissa = view.getBigUint64(0) & 0xf_ffff_ffff_ffffn
  if (mantissa === 0n) return 0
  let zeros = 0
  while (((mantissa >> BigInt(zeros)) & 1n) === 0n) zeros++
  return Math.min(52 - zeros, isSingle ? 23 : 52)
}

/** Three and a third bits a digit of the shortest decimal text that means this value. */
function decimalBits(value: number, isSingle: boolean): number {
  for (let digits = 1; digits <= (isSingle ? 8 : 17); digits++) {
    const near = Number(value.toPrecision(digits))
    if ((isSingle ? Math.fround(near) : near) === value) return digits * 3.33 + 1
  }
  return Infinity
}

function textBits(text: string, registers: number): number {
  let bits = (registers * 2 - text.length) * 2
  for (const character of text) bits += /[A-Za-z0-9 ]/.test(character) ? 5.2 : 7.5
  // Two or four printable bytes are often a number that happens to look like text.
  return bits + (registers === 1 ? 14 : registers === 2 ? 7 : 0)
}

/** By the distance from read to read, or by the change of that distance where something counts at a steady rate. */
function changeBits({ ordinals, values }: Interpretation): number {
  if (typeof values.find((value) => value !== undefined) === 'string') return textChangeBits(values)
  let steps = 0
  let rates = 0
  let last: bigint | undefined
  let lastStep = 0n
  for (const ordinal of ordinals) {
    if (ordinal === undefined) continue
    if (last !== undefined) {
      const step = ordinal - last
      steps += stepBits(step)
      rates += stepBits(step - lastStep)
      lastStep = step
    }
    last = ordinal
  }
  return Math.min(steps, rates)
}

const stepBits = (step: bigint): number => (step === 0n ? 0.5 : Math.log2(1 + Math.abs(Number(step))) + 3)

function textChangeBits(values: Interpretation['values']): number {
  let bits = 0
  for (let at = 1; at < values.length; at++)
    if (values[at] !== values[at - 1]) bits += String(values[at] ?? '').length * 8
  return bits
}
