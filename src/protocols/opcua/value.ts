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

/** Structures and arrays as text are cut there: a server may send megabytes. */
const JSON_LIMIT = 256 * 1024

const isLong = (type: number | undefined): boolean => type === BuiltIn.Int64 || type === BuiltIn.UInt64

const halves = (raw: unknown): raw is readonly [number, number] =>
  Array.isArray(raw) && raw.length === 2 && typeof raw[0] === 'number' && typeof raw[1] === 'number'

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
  if (type === 'string') return toText(raw)
  if (type === 'bytes' && raw instanceof Uint8Array) return new Uint8Array(raw)
  // A StatusCode as a value, and an enumeration that came as an object.
  const inner = (raw as { value?: unknown }).value
  return typeof inner === 'number' ? fromNumber(inner, type) : undefined
}

function fromNumber(raw: number, type: DataType): Value | undefined {
  if (type === 'float64') return Number.isFinite(raw) ? raw : undefined
  if (type === 'float32') return Number.isFinite(raw) ? Math.fround(raw) : undefined
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

/** Texts as they are, bytes as base64, node ids as they are written, arrays and structures as JSON. */
export function toText(raw: unknown): string | undefined {
  if (typeof raw === 'string') return raw
  if (raw instanceof Uint8Array && Buffer.isBuffer(raw)) return raw.toString('base64')
  if (isLocalizedText(raw)) return raw.text ?? ''
  if (isNodeId(raw)) return raw.toString()
  const text = JSON.stringify(raw, replace)
  return text === undefined || text.length > JSON_LIMIT ? undefined : text
}

const isLocalizedText = (raw: unknown): raw is { text: string | null; locale: string | null } =>
  typeof raw === 'object' && raw !== null && 'text' in raw && 'locale' in raw

const isNodeId = (raw: unknown): raw is { toString(): string } =>
  typeof raw === 'object' && raw !== null && 'identifierType' in raw

function replace(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  if (ArrayBuffer.isView(value)) return Buffer.isBuffer(value) ? value.toString('base64') : [...(value as Uint8Array)]
  return value
}
