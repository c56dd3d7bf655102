/**
 * What a tag's value can be, and the data types by which tags are declared. int64 and uint64 are bigint in memory and a
 * decimal string in JSON; bytes are base64 in JSON. A number is never NaN or infinite: drivers turn those into
 * BadDecodingError (field guide §1).
 */
export type Value = number | boolean | string | bigint | Uint8Array

/** Allocated once per data folder, never reused; a changed type is a new id. */
export type TagId = number

export const DATA_TYPES = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
  'bytes',
] as const

/** The declared type of a tag, by the names that are written in configuration files. */
export type DataType = (typeof DATA_TYPES)[number]

/** The least and the greatest value of each integer type; a number and a bigint compare exactly with them. */
export const INTEGER_RANGES: Partial<Record<DataType, readonly [bigint, bigint]>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32_768n, 32_767n],
  uint16: [0n, 65_535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/** True for the types whose values live in a batch's `value` column (numbers and booleans). */
export function isNumericColumn(type: DataType): boolean {
  return type !== 'int64' && type !== 'uint64' && type !== 'string' && type !== 'bytes'
}

/** A value as JSON carries it: bigint as decimal string, bytes as base64, the rest as it is. NaN and infinities become null. */
export function toJsonValue(value: Value | undefined): number | boolean | string | null {
  if (value === undefined) return null
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  return value
}

/** The inverse of `toJsonValue` for a tag of this type; undefined for null and for what is no value of it. */
export function fromJsonValue(json: unknown, type: DataType): Value | undefined {
  if (json === null || json === undefined) return undefined
  if (type === 'int64' || type === 'uint64')
    return typeof json === 'string' && /^-?\d{1,20}$/.test(json) ? BigInt(json) : undefined
  if (type === 'bytes') return typeof json === 'string' ? new Uint8Array(Buffer.from(json, 'base64')) : undefined
  if (type === 'string') return typeof json === 'string' ? json : undefined
  if (type === 'bool') return typeof json === 'boolean' ? json : undefined
  return typeof json === 'number' ? json : undefined
}
