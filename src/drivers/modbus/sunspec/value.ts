/**
 * From what registers hold to what a SunSpec point says: scale factors, "not implemented", addresses and floats (SunSpec Device
 * Information Model Specification V1.1, 3.3). Plain functions on one value; `rows.ts` runs them over replies.
 */
import { decodeText } from '../text.ts'

/** The standard's range of a scale factor. */
export const LARGEST_EXPONENT = 10

const POWERS = Array.from({ length: LARGEST_EXPONENT + 1 }, (_, exponent) => 10 ** exponent)

/** raw × 10^exponent, the double next to the exact decimal: powers of ten are exact up to 10^22, so that one rounding is all. */
export const scaled = (raw: number, exponent: number): number =>
  exponent >= 0 ? raw * POWERS[exponent]! : raw / POWERS[-exponent]!

/** As `scaled`, for 64 bits: exact too, by way of the decimal text. */
export const scaledBig = (raw: bigint, exponent: number): number => Number(`${raw}e${exponent}`)

/** The raw value whose scaled one is `value`; not rounded. */
export const unscaled = (value: number, exponent: number): number => scaled(value, -exponent)

/** Where the bits of one float are turned round. It holds nothing from one value to the next. */
const scratch = new DataView(new ArrayBuffer(8))

export function float32Of(bits: number): number {
  scratch.setUint32(0, bits)
  return scratch.getFloat32(0)
}

export function float64Of(bits: bigint): number {
  scratch.setBigUint64(0, bits)
  return scratch.getFloat64(0)
}

/** `192.168.0.10` of the 32 bits of an ipaddr. */
export const ipv4Of = (bits: number): string =>
  `${bits >>> 24}.${(bits >>> 16) & 0xff}.${(bits >>> 8) & 0xff}.${bits & 0xff}`

/** The 32 bits of `192.168.0.10`; undefined when it is none. */
export function bitsOfIpv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (parts === undefined || parts.some((part) => part > 255)) return undefined
  return parts.reduce((bits, part) => bits * 256 + part, 0)
}

/** The text of a string, ipv6addr or eui48 point; undefined: not implemented. */
export function textOf(kind: 'string' | 'ipv6addr' | 'eui48', bytes: Uint8Array): string | undefined {
  if (kind === 'eui48') return macOf(bytes.subarray(2))
  if (bytes.every((byte) => byte === 0)) return undefined
  return kind === 'string' ? decodeText(untilNul(bytes)) : ipv6Of(bytes)
}

/** What follows the first NUL is what was there before. */
function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** `00:11:22:AA:BB:CC`; the last six of eight bytes. */
function macOf(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0xff)) return undefined
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':')
}

/** RFC 5952 without shortening: eight groups. */
function ipv6Of(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16))
  return groups.join(':')
}

/** The names of a value: of an enumeration the one that fits, of a bit field those of all bits that are set. */
export function symbolsOf(
  value: number | bigint,
  symbols: Readonly<Record<string, number>> | undefined,
  isBitField: boolean,
): string[] {
  if (symbols === undefined) return []
  const bits = BigInt(value)
  const fits = (number: number) => (isBitField ? ((bits >> BigInt(number)) & 1n) === 1n : bits === BigInt(number))
  return Object.entries(symbols).flatMap(([name, number]) => (fits(number) ? [name] : []))
}
