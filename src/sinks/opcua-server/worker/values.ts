/**
 * Values of tags ↔ Variants (OPC 10000-6, 5.1.2 and 5.2.2). A variable keeps one DataValue; a new sample makes a new one, so that
 * what a subscription has in its queue never changes.
 */
import { DataType, DataValue, Variant, VariantArrayType } from 'node-opcua-client'
import { INTEGER_RANGES, type DataType as TagType, type Value } from '../../../core/value.ts'
import { toStatusCode } from './status-codes.ts'

/** The built-in type of each tag type. */
export const BUILT_IN: Readonly<Record<TagType, DataType>> = {
  bool: DataType.Boolean,
  int8: DataType.SByte,
  uint8: DataType.Byte,
  int16: DataType.Int16,
  uint16: DataType.UInt16,
  int32: DataType.Int32,
  uint32: DataType.UInt32,
  int64: DataType.Int64,
  uint64: DataType.UInt64,
  float32: DataType.Float,
  float64: DataType.Double,
  string: DataType.String,
  bytes: DataType.ByteString,
}

/** The value as node-opcua holds it; undefined: it is none of this type. */
export function toNative(type: TagType, value: Value): unknown {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'bytes':
      return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined
    case 'float32':
    case 'float64':
      return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
    case 'int64':
    case 'uint64':
      return toWords(type, value)
    default:
      return typeof value === 'number' && isWithin(type, value) ? value : undefined
  }
}

/** 64 bits as node-opcua holds them: the high and the low 32. */
function toWords(type: 'int64' | 'uint64', value: Value): [high: number, low: number] | undefined {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof whole !== 'bigint') return undefined
  const [least, most] = INTEGER_RANGES[type]!
  if (whole < least || whole > most) return undefined
  const bits = BigInt.asUintN(64, whole)
  return [Number(bits >> 32n), Number(bits & 0xffff_ffffn)]
}

function isWithin(type: TagType, value: number): boolean {
  const [least, most] = LIMITS[type]!
  return value >= least && value <= most && Number.isInteger(value)
}

const LIMITS: Partial<Record<TagType, readonly [number, number]>> = Object.fromEntries(
  Object.entries(INTEGER_RANGES).map(([type, [least, most]]) => [type, [Number(least), Number(most)]]),
)

/** The inverse, of what a client writes: its Variant must have exactly the type of the node (OPC 10000-4, 5.11.4). */
export function fromVariant(type: TagType, variant: Variant): Value | undefined {
  if (variant.dataType !== BUILT_IN[type] || variant.arrayType !== VariantArrayType.Scalar) return undefined
  const native: unknown = variant.value
  if (type === 'int64' || type === 'uint64') {
    const [high, low] = native as [number, number]
    const bits = (BigInt(high) << 32n) | BigInt(low)
    return type === 'int64' ? BigInt.asIntN(64, bits) : bits
  }
  if (native === null || native === undefined)
    return type === 'string' ? '' : type === 'bytes' ? new Uint8Array() : undefined
  if (type === 'bytes') return new Uint8Array(native as Uint8Array)
  return native as Value
}

/** `native` undefined: there is no value. Times in ms since 1970. */
export function dataValueOf(type: TagType, native: unknown, status: number, time: number, storedAt: number): DataValue {
  const variant = new Variant(null)
  if (native !== undefined) {
    variant.dataType = BUILT_IN[type]
    variant.value = native
  }
  const dataValue = new DataValue(null)
  dataValue.value = variant
  dataValue.statusCode = toStatusCode(status)
  dataValue.sourceTimestamp = new Date(time)
  dataValue.serverTimestamp = new Date(storedAt)
  return dataValue
}

/** True where a client asks for a part of a value. The empty text is none, as no text is; node-opcua makes element NaN of it. */
export function hasRange(range: string | { isEmpty(): boolean; toString(): string } | null | undefined): boolean {
  if (range === null || range === undefined) return false
  return typeof range === 'string' ? range !== '' : !range.isEmpty() && !('value' in range && Number.isNaN(range.value))
}
