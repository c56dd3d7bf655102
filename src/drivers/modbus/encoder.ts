/**
 * From a value to registers, in the order in which `decoder.ts` reads them back. A value that does not fit its type is a
 * status, not an exception: a refused write is data.
 */
import { Status, type StatusCode } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import { INTEGER_RANGES, type DataType, type Value } from '../../core/value.ts'
import type { ModbusAddress } from './address.ts'
import { orderOf, valueBytes } from './types.ts'
import { positionMask, type ByteOrder } from './order.ts'
import { encodeText } from './text.ts'

/** The registers of a value as bytes of the wire; or BadTypeMismatch, or BadOutOfRange. */
export function encodeRegisters(
  address: ModbusAddress,
  settings: TagSettings,
  value: Value,
  deviceOrder: ByteOrder,
): Uint8Array | StatusCode {
  const plain = encodePlain(settings.type, value, valueBytes(address, settings))
  if (typeof plain === 'number') return plain
  const text = settings.type === 'string' || settings.type === 'bytes'
  const mask = positionMask(orderOf(address, settings, deviceOrder), text ? 2 : plain.length)
  return plain.map((_, index) => plain[index ^ mask]!)
}

/** true or false of a value for a bit; BadTypeMismatch when it is neither that nor 0 or 1. */
export function encodeBit(value: Value): boolean | StatusCode {
  if (typeof value === 'boolean') return value
  return value === 0 || value === 1 ? value === 1 : Status.BadTypeMismatch
}

/** Big-endian. */
function encodePlain(type: DataType, value: Value, length: number): Uint8Array | StatusCode {
  if (type === 'string') {
    if (typeof value !== 'string') return Status.BadTypeMismatch
    return wholeRegisters(encodeText(value, length))
  }
  if (type === 'bytes') {
    if (!(value instanceof Uint8Array)) return Status.BadTypeMismatch
    return wholeRegisters(value.length <= length ? value : undefined, length)
  }
  if (type === 'int64' || type === 'uint64') return encodeBig(type, value)
  if (typeof value !== 'number' || Number.isNaN(value)) return Status.BadTypeMismatch
  return type === 'float32' || type === 'float64' ? encodeFloat(type, value) : encodeInteger(type, value)
}

function wholeRegisters(bytes: Uint8Array | undefined, length = bytes?.length ?? 0): Uint8Array | StatusCode {
  if (bytes === undefined) return Status.BadOutOfRange
  const registers = new Uint8Array(length + (length % 2))
  registers.set(bytes)
  return registers
}

function encodeBig(type: 'int64' | 'uint64', value: Value): Uint8Array | StatusCode {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value)))
    return Status.BadTypeMismatch
  const exact = BigInt(value)
  const [min, max] = INTEGER_RANGES[type]!
  if (exact < min || exact > max) return Status.BadOutOfRange
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, BigInt.asIntN(64, exact))
  return new Uint8Array(view.buffer)
}

function encodeFloat(type: 'float32' | 'float64', value: number): Uint8Array | StatusCode {
  if (!Number.isFinite(type === 'float32' ? Math.fround(value) : value)) return Status.BadOutOfRange
  const view = new DataView(new ArrayBuffer(type === 'float32' ? 4 : 8))
  if (type === 'float32') view.setFloat32(0, value)
  else view.setFloat64(0, value)
  return new Uint8Array(view.buffer)
}

/** Undone scaling leaves 6.999999999999999 of 0.7 / 0.1: that is 7. A real fraction does not fit an integer. */
function encodeInteger(type: DataType, value: number): Uint8Array | StatusCode {
  const range = INTEGER_RANGES[type]
  if (range === undefined) return Status.BadTypeMismatch
  const whole = Math.round(value)
  if (whole < range[0] || whole > range[1]) return Status.BadOutOfRange
  if (Math.abs(value - whole) > 1e-9 * Math.max(1, Math.abs(value))) return Status.BadTypeMismatch
  const view = new DataView(new ArrayBuffer(type.endsWith('16') ? 2 : 4))
  if (view.byteLength === 2) view.setInt16(0, whole)
  else view.setInt32(0, whole)
  return new Uint8Array(view.buffer)
}
