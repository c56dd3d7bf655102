/** Which Sparkplug data type a tag has (Sparkplug 3.0, 6.4.17), and how its values are written. */
import { isScaled } from '../../core/scaling.ts'
import type { TagSettings } from '../../core/tags.ts'
import type { DataType, Value } from '../../core/value.ts'
import { METRIC } from './payload-fields.ts'
import type { PayloadWriter } from './payload-writer.ts'

export const MetricType = {
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  Bytes: 17,
} as const

export type MetricType = (typeof MetricType)[keyof typeof MetricType]

const TYPES: Record<DataType, MetricType> = {
  bool: MetricType.Boolean,
  int8: MetricType.Int8,
  uint8: MetricType.UInt8,
  int16: MetricType.Int16,
  uint16: MetricType.UInt16,
  int32: MetricType.Int32,
  uint32: MetricType.UInt32,
  int64: MetricType.Int64,
  uint64: MetricType.UInt64,
  float32: MetricType.Float,
  float64: MetricType.Double,
  string: MetricType.String,
  bytes: MetricType.Bytes,
}

const isWhole = (limit: number | undefined): boolean => limit === undefined || Number.isInteger(limit)

/** Values that are scaled, or cut at limits between whole numbers, are a Double whatever the device has. */
export function metricTypeOf(settings: TagSettings): MetricType {
  const type = TYPES[settings.type]
  if (type >= MetricType.Double) return type
  const cut = settings.clamp && type !== MetricType.Float && !(isWhole(settings.low) && isWhole(settings.high))
  return isScaled(settings) || cut ? MetricType.Double : type
}

/** Of a tag that was configured once only the type is known, not whether it was scaled: a Double holds both. */
export function formerTypeOf(type: DataType): MetricType {
  const known = TYPES[type]
  const isLong = known === MetricType.Int64 || known === MetricType.UInt64
  return known >= MetricType.Double || isLong ? known : MetricType.Double
}

/** Writes a number; false when it is none of this type. `wideUint32`: a UInt32 stands in long_value. */
export function writeNumber(writer: PayloadWriter, type: MetricType, value: number, wideUint32: boolean): boolean {
  switch (type) {
    case MetricType.Double:
      writer.double(METRIC.double, value)
      return true
    case MetricType.Float:
      writer.float(METRIC.float, value)
      return true
    case MetricType.Boolean:
      writer.flag(METRIC.boolean, value !== 0)
      return true
    case MetricType.Int8:
    case MetricType.Int16:
    case MetricType.Int32:
      if (value !== (value | 0)) return false
      // Two's complement of 32 bits, as the reference implementations have it.
      writer.number(METRIC.int, value >>> 0)
      return true
    case MetricType.UInt8:
    case MetricType.UInt16:
    case MetricType.UInt32:
      if (value !== value >>> 0) return false
      writer.number(wideUint32 && type === MetricType.UInt32 ? METRIC.long : METRIC.int, value)
      return true
    case MetricType.Int64:
    case MetricType.UInt64:
      return Number.isSafeInteger(value) && writeBig(writer, type, BigInt(value))
    default:
      return false
  }
}

/** As `writeNumber`, for a value of any kind. */
export function writeValue(writer: PayloadWriter, type: MetricType, value: Value, wideUint32: boolean): boolean {
  if (typeof value === 'number') return writeNumber(writer, type, value, wideUint32)
  if (typeof value === 'boolean') return writeNumber(writer, type, value ? 1 : 0, wideUint32)
  if (typeof value === 'bigint') return writeBig(writer, type, value)
  if (typeof value === 'string') {
    if (type !== MetricType.String) return false
    writer.text(METRIC.string, value)
    return true
  }
  if (type !== MetricType.Bytes) return false
  writer.raw(BYTES_TAG)
  writer.varint(value.length)
  writer.raw(value)
  return true
}

const BYTES_TAG = Uint8Array.of(METRIC.bytes & 0xff, METRIC.bytes >> 8)

function writeBig(writer: PayloadWriter, type: MetricType, value: bigint): boolean {
  const fits =
    type === MetricType.Int64
      ? BigInt.asIntN(64, value) === value
      : type === MetricType.UInt64 && BigInt.asUintN(64, value) === value
  if (!fits) return false
  const bits = BigInt.asUintN(64, value)
  writer.long(METRIC.long, Number(bits & 0xffff_ffffn), Number(bits >> 32n))
  return true
}
