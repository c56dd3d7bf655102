/** From a value of ours to a Variant of exactly the type that the server's node or argument has. */
import type { VariantOptions } from 'node-opcua-client'
import { INTEGER_RANGES, type DataType, type Value } from '../../../core/value.ts'
import { BuiltIn, halvesOf } from '../../../protocols/opcua/value.ts'

/** Integers of OPC UA by their numbers, as we call them. */
const INTEGERS: Readonly<Record<number, DataType>> = {
  2: 'int8',
  3: 'uint8',
  4: 'int16',
  5: 'uint16',
  6: 'int32',
  7: 'uint32',
  8: 'int64',
  9: 'uint64',
}

const SCALAR = 0
const ARRAY = 1
const MATRIX = 2
const BYTE = 3

/** Undefined: the value does not fit. An element of an array is written as an array of one. */
export function toVariant(
  builtIn: number,
  rank: 'single' | 'array' | 'element',
  value: Value,
): VariantOptions | undefined {
  if (rank === 'array') return arrayOf(builtIn, value)
  const raw = toRaw(builtIn, value)
  if (raw === undefined) return undefined
  // Two halves of an Int64 are an array to the library until it is told that they are none.
  if (rank === 'single') return { dataType: builtIn, arrayType: SCALAR, value: raw }
  return { dataType: builtIn, arrayType: ARRAY, value: [raw] }
}

/** A whole array is given as JSON, a matrix as lists of lists; bytes are an array of Byte, too. */
function arrayOf(builtIn: number, value: Value): VariantOptions | undefined {
  if (value instanceof Uint8Array)
    return builtIn === BYTE ? { dataType: BYTE, arrayType: ARRAY, value: new Uint8Array(value) } : undefined
  if (typeof value !== 'string') return undefined
  let items: unknown
  try {
    items = JSON.parse(value)
  } catch {
    return undefined
  }
  return Array.isArray(items) ? variantOfList(builtIn, items) : undefined
}

/** `items` as JSON has them; lists in it are the rows of a matrix. */
export function variantOfList(builtIn: number, items: readonly unknown[]): VariantOptions | undefined {
  const dimensions: number[] = []
  for (let at: unknown = items; Array.isArray(at); at = at[0]) dimensions.push(at.length)
  let flat: unknown[] = [...items]
  for (const size of dimensions.slice(1)) {
    if (!flat.every((row) => Array.isArray(row) && row.length === size)) return undefined
    flat = flat.flat()
  }
  const raw = flat.map((item) => toRaw(builtIn, item as Value))
  if (raw.includes(undefined)) return undefined
  return dimensions.length === 1
    ? { dataType: builtIn, arrayType: ARRAY, value: raw }
    : { dataType: builtIn, arrayType: MATRIX, dimensions, value: raw }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** A time without a zone is nobody's. */
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/

/** The value as the library encodes it in a Variant of this built-in type; undefined: it does not fit. */
function toRaw(builtIn: number, value: Value): unknown {
  const integer = INTEGERS[builtIn]
  if (integer !== undefined) return toInteger(integer, value)
  if (builtIn === BuiltIn.Boolean)
    return typeof value === 'boolean' ? value : value === 0 || value === 1 ? value === 1 : undefined
  if (builtIn === BuiltIn.Float || builtIn === BuiltIn.Double) return toFloat(builtIn, value)
  if (builtIn === BuiltIn.DateTime) return toDate(value)
  if (builtIn === BuiltIn.ByteString && value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value !== 'string') return undefined
  if (builtIn === BuiltIn.ByteString) return BASE64.test(value) ? Buffer.from(value, 'base64') : undefined
  if (builtIn === BuiltIn.LocalizedText) return { text: value, locale: null }
  if (builtIn === BuiltIn.Guid) return GUID.test(value) ? value : undefined
  return builtIn === BuiltIn.String || builtIn === BuiltIn.XmlElement ? value : undefined
}

/** Text is a number only where JSON has no other way to carry it. */
function toInteger(type: DataType, value: Value): unknown {
  const isLong = type === 'int64' || type === 'uint64'
  const given = isLong && typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : value
  if (typeof given !== 'bigint' && !(typeof given === 'number' && Number.isInteger(given))) return undefined
  const [least, greatest] = INTEGER_RANGES[type]!
  if (given < least || given > greatest) return undefined
  return isLong ? halvesOf(BigInt(given)) : Number(given)
}

function toFloat(builtIn: number, value: Value): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return builtIn === BuiltIn.Float && !Number.isFinite(Math.fround(number)) ? undefined : number
}

function toDate(value: Value): Date | undefined {
  const given = typeof value === 'bigint' ? Number(value) : value
  const date =
    typeof given === 'number' || (typeof given === 'string' && ISO.test(given)) ? new Date(given) : new Date(NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
