/**
 * From a value of OPC UA to one of ours. Numbers never come out of text, and nothing is invented: what does not fit the declared
 * type is undefined, and the row says why. Int64 and UInt64 come from the library as two halves, high first.
 */
import { INTEGER_RANGES, type DataType, type Value } from '../../core/value.ts'

/** Built-in types by their numbers (OPC 10000-6, 5.1.2). */
export const BuiltIn = {
  Boolean: 1,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
  DateTime: 13,
  Guid: 14,
  ByteString: 15,
  XmlElement: 16,
  NodeId: 17,
  StatusCode: 19,
  QualifiedName: 20,
  LocalizedText: 21,
  ExtensionObject: 22,
} as const

/** Structures and arrays are no text beyond this: a server may send megabytes. */
const JSON_LIMIT = 256 * 1024
const MOST_PARTS = 50_000
const MOST_LEVELS = 32

const isLong = (type: number | undefined): boolean => type === BuiltIn.Int64 || type === BuiltIn.UInt64

const halves = (raw: unknown): raw is readonly [number, number] =>
  Array.isArray(raw) && raw.length === 2 && typeof raw[0] === 'number' && typeof raw[1] === 'number'

/** One Int64 or UInt64, which is two numbers and no array of two. */
export const isLongValue = (raw: unknown, builtIn: number | undefined): raw is readonly [number, number] =>
  isLong(builtIn) && halves(raw)

/** A Variant of this type holds a structure. */
export const isStructure = (builtIn: number | undefined): boolean => builtIn === BuiltIn.ExtensionObject

export function longOf([high, low]: readonly [number, number], signed: boolean): bigint {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  return signed ? BigInt.asIntN(64, bits) : bits
}

/** 64 bits as the library wants them. */
export function halvesOf(value: bigint): [number, number] {
  const bits = BigInt.asUintN(64, value)
  return [Number(bits >> 32n), Number(bits & 0xffff_ffffn)]
}

/** What the value is as a tag of `type`; undefined: it cannot be one. `builtIn`: the number of its type, where it is known. */
export function toValue(raw: unknown, builtIn: number | undefined, type: DataType): Value | undefined {
  if (raw === null || raw === undefined) return undefined
  if (isLong(builtIn) && halves(raw)) return fromLong(longOf(raw, builtIn === BuiltIn.Int64), type)
  if (typeof raw === 'number') return fromNumber(raw, type)
  if (typeof raw === 'bigint') return fromLong(raw, type)
  if (typeof raw === 'boolean') return fromBoolean(raw, type)
  if (raw instanceof Date) return fromDate(raw, type)
  if (type === 'string') return toText(raw, builtIn)
  if (type === 'bytes' && raw instanceof Uint8Array) return new Uint8Array(raw)
  // A StatusCode as a value, and an enumeration that came as an object.
  const inner = (raw as { value?: unknown }).value
  return typeof inner === 'number' ? fromNumber(inner, type) : undefined
}

function fromNumber(raw: number, type: DataType): Value | undefined {
  if (type === 'float64') return Number.isFinite(raw) ? raw : undefined
  // What a float32 cannot hold would be infinite.
  if (type === 'float32') return Number.isFinite(Math.fround(raw)) ? Math.fround(raw) : undefined
  if (type === 'bool') return raw === 0 ? false : raw === 1 ? true : undefined
  if (type === 'string') return Number.isFinite(raw) ? String(raw) : undefined
  if (type === 'bytes' || !Number.isInteger(raw)) return undefined
  const [least, greatest] = INTEGER_RANGES[type]!
  if (raw < least || raw > greatest) return undefined
  return type === 'int64' || type === 'uint64' ? BigInt(raw) : raw
}

function fromLong(raw: bigint, type: DataType): Value | undefined {
  if (type === 'int64' || type === 'uint64') {
    const [least, greatest] = INTEGER_RANGES[type]!
    return raw >= least && raw <= greatest ? raw : undefined
  }
  if (type === 'string') return raw.toString()
  return fromNumber(Number(raw), type)
}

function fromBoolean(raw: boolean, type: DataType): Value | undefined {
  if (type === 'bool') return raw
  if (type === 'string') return String(raw)
  return type === 'bytes' ? undefined : fromNumber(raw ? 1 : 0, type)
}

/** As a number: ms since 1970. */
function fromDate(raw: Date, type: DataType): Value | undefined {
  if (Number.isNaN(raw.getTime())) return undefined
  return type === 'string' ? raw.toISOString() : type === 'float32' ? undefined : fromNumber(raw.getTime(), type)
}

/** Texts as they are, bytes as base64, node ids as they are written, arrays and structures as JSON. Undefined: too long. */
export function toText(raw: unknown, builtIn?: number): string | undefined {
  if (typeof raw === 'string') return textOf(raw, builtIn)
  const parts = { left: MOST_PARTS }
  const plain = plainOf(raw, builtIn, parts, 0)
  if (parts.left < 0) return undefined
  if (typeof plain === 'string') return plain
  const text = JSON.stringify(plain)
  return text.length > JSON_LIMIT ? undefined : text
}

/** A matrix lies row by row (OPC 10000-6, 5.2.2.16): as lists of lists. What does not add up stays as it is. */
export function nestedOf(raw: unknown, dimensions: readonly number[] | null | undefined): unknown {
  if (dimensions === null || dimensions === undefined || dimensions.length < 2) return raw
  const all = raw as ArrayLike<unknown>
  if (dimensions.reduce((product, size) => product * size, 1) !== all.length || all.length > MOST_PARTS) return raw
  let lists: unknown[] = Array.from(all)
  for (const size of dimensions.slice(1).toReversed())
    lists = Array.from({ length: lists.length / size }, (_, at) => lists.slice(at * size, (at + 1) * size))
  return lists
}

/** A GUID has small letters (RFC 9562, 4). */
const textOf = (raw: string, builtIn: number | undefined): string =>
  builtIn === BuiltIn.Guid ? raw.toLowerCase() : raw

/** As JSON carries it: 64-bit integers as decimal text, bytes as base64, what is no value as null. */
export function toPlain(raw: unknown, builtIn?: number): unknown {
  const parts = { left: MOST_PARTS }
  const plain = plainOf(raw, builtIn, parts, 0)
  return parts.left < 0 ? null : plain
}

function plainOf(raw: unknown, builtIn: number | undefined, parts: { left: number }, level: number): unknown {
  if (parts.left-- <= 0 || level > MOST_LEVELS) {
    parts.left = -1
    return null
  }
  if (raw === null || raw === undefined) return null
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw : null
  if (typeof raw === 'bigint') return raw.toString()
  if (typeof raw === 'string') return textOf(raw, builtIn)
  if (typeof raw !== 'object') return raw
  if (isLongValue(raw, builtIn)) return longOf(raw, builtIn === BuiltIn.Int64).toString()
  if (Buffer.isBuffer(raw)) return raw.toString('base64')
  if (Array.isArray(raw) || ArrayBuffer.isView(raw)) return listOf(raw as ArrayLike<unknown>, builtIn, parts, level)
  if (raw instanceof Date) return Number.isNaN(raw.getTime()) ? null : raw.toISOString()
  return fieldsOf(raw, parts, level)
}

function listOf(raw: ArrayLike<unknown>, builtIn: number | undefined, parts: { left: number }, level: number): unknown {
  if (raw.length > parts.left) {
    parts.left = -1
    return null
  }
  return Array.from(raw, (item) => plainOf(item, builtIn, parts, level + 1))
}

function fieldsOf(raw: object, parts: { left: number }, level: number): unknown {
  if ('text' in raw && 'locale' in raw) return raw.text ?? ''
  if (isNodeId(raw)) return raw.toString()
  if ('namespaceIndex' in raw && 'name' in raw)
    return raw.namespaceIndex === 0 ? String(raw.name) : `${String(raw.namespaceIndex)}:${String(raw.name)}`
  // A StatusCode; then a Variant, and what carries one.
  if ('name' in raw && 'value' in raw && typeof raw.value === 'number') return String(raw.name)
  if ('dataType' in raw && 'arrayType' in raw && 'value' in raw)
    return plainOf(raw.value, raw.dataType as number, parts, level + 1)
  if (isUndecoded(raw)) return null
  const fields: [string, unknown][] = Object.keys(raw)
    .filter((name) => typeof (raw as Record<string, unknown>)[name] !== 'function')
    .map((name) => [name, plainOf((raw as Record<string, unknown>)[name], fieldTypeOf(raw, name), parts, level + 1)])
  return Object.fromEntries(fields)
}

/** A structure whose type the server does not describe: its bytes, which nobody can read. */
export const isUndecoded = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && 'nodeId' in raw && 'buffer' in raw && Buffer.isBuffer(raw.buffer)

/** A structure as the library decodes it; its schema, and those that it derives from, know the types of the fields. */
interface Schema {
  readonly fields?: readonly { readonly name: string; readonly fieldType: string }[]
  readonly _baseSchema?: Schema | null
}

/** The built-in type of a field; undefined: a structure, an enumeration, or not known. */
export function fieldTypeOf(structure: object, name: string): number | undefined {
  let schema = (structure as { schema?: Schema }).schema
  for (let level = 0; schema !== undefined && schema !== null && level < MOST_LEVELS; level++) {
    const field = schema.fields?.find((one) => one.name === name)
    if (field !== undefined) return BuiltIn[field.fieldType as keyof typeof BuiltIn]
    schema = schema._baseSchema ?? undefined
  }
  return undefined
}

const isNodeId = (raw: unknown): raw is { readonly identifierType: number; toString(): string } =>
  typeof raw === 'object' && raw !== null && 'identifierType' in raw
