/** Fits simulated numbers and written values into the types of tags, as a device of that type would hold them. */
import { Status, type StatusCode } from '../../core/status.ts'
import type { DataType, Value } from '../../core/value.ts'

const RANGES: Partial<Record<DataType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
}
const BIG_RANGES: Partial<Record<DataType, readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/** A signal's number in the tag's type; undefined when the type has no room for it. */
export function fromNumber(type: DataType, number: number): Value | undefined {
  if (type === 'bool') return number !== 0
  if (type === 'float64') return number
  if (type === 'float32') return Math.fround(number)
  if (type === 'string') return String(number)
  if (type === 'bytes' || !Number.isFinite(number)) return undefined
  const value = type === 'int64' || type === 'uint64' ? BigInt(Math.round(number)) : Math.round(number)
  return refuseValue(type, value) === undefined ? value : undefined
}

/** A configured text in the tag's type; undefined when it is none. */
export function fromText(type: DataType, text: string): Value | undefined {
  if (type === 'string') return text
  if (type === 'bytes') return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
  if (type === 'bool' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (type === 'int64' || type === 'uint64') return /^-?\d+$/.test(text) ? inRange(type, BigInt(text)) : undefined
  return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : fromNumber(type, Number(text))
}

const inRange = (type: DataType, value: Value): Value | undefined =>
  refuseValue(type, value) === undefined ? value : undefined

/** The status with which a write of `value` to a tag of this type is refused; undefined when it fits. */
export function refuseValue(type: DataType, value: Value): StatusCode | undefined {
  const big = BIG_RANGES[type]
  if (big !== undefined) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return Status.BadTypeMismatch
    const exact = BigInt(value as bigint | number)
    return exact < big[0] || exact > big[1] ? Status.BadOutOfRange : undefined
  }
  if (type === 'bool')
    return typeof value === 'boolean' || value === 0 || value === 1 ? undefined : Status.BadTypeMismatch
  if (type === 'string') return typeof value === 'string' ? undefined : Status.BadTypeMismatch
  if (type === 'bytes') return value instanceof Uint8Array ? undefined : Status.BadTypeMismatch
  if (typeof value !== 'number' || Number.isNaN(value)) return Status.BadTypeMismatch
  const range = RANGES[type]
  if (range === undefined)
    return Number.isFinite(type === 'float32' ? Math.fround(value) : value) ? undefined : Status.BadOutOfRange
  if (value < range[0] || value > range[1]) return Status.BadOutOfRange
  return Number.isInteger(value) ? undefined : Status.BadTypeMismatch
}
