/** Fits simulated numbers and written values into the types of tags, as a device of that type would hold them. */
import { Status, type StatusCode } from '../../core/status.ts'
import { INTEGER_RANGES, type DataType, type Value } from '../../core/value.ts'

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
  const range = INTEGER_RANGES[type]
  if (type === 'int64' || type === 'uint64') {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return Status.BadTypeMismatch
    return isWithin(value as bigint | number, range!) ? undefined : Status.BadOutOfRange
  }
  if (type === 'bool')
    return typeof value === 'boolean' || value === 0 || value === 1 ? undefined : Status.BadTypeMismatch
  if (type === 'string') return typeof value === 'string' ? undefined : Status.BadTypeMismatch
  if (type === 'bytes') return value instanceof Uint8Array ? undefined : Status.BadTypeMismatch
  if (typeof value !== 'number' || Number.isNaN(value)) return Status.BadTypeMismatch
  if (range === undefined)
    return Number.isFinite(type === 'float32' ? Math.fround(value) : value) ? undefined : Status.BadOutOfRange
  if (!isWithin(value, range)) return Status.BadOutOfRange
  return Number.isInteger(value) ? undefined : Status.BadTypeMismatch
}

const isWithin = (value: number | bigint, [least, greatest]: readonly [bigint, bigint]): boolean =>
  value >= least && value <= greatest
