/** A write to a named point as a write to its registers: the scale factor is read anew and undone; nothing is rounded silently. */
import type { WriteItem } from '../../../core/driver.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { Value } from '../../../core/value.ts'
import type { ModbusAddress } from '../address.ts'
import { statusOfFailure } from '../outcome.ts'
import { encodeText } from '../text.ts'
import type { Directory } from './directory.ts'
import type { Place } from './layout.ts'
import { locate, rawPoint } from './poll.ts'
import { pointInfo } from './point-type.ts'
import { bitsOfIpv4, LARGEST_EXPONENT, unscaled } from './value.ts'

/** The item that writes the same to registers; or the status that says why not. `read` reads one register. */
export async function toRegisters(
  { point, value }: WriteItem<ModbusAddress>,
  directory: Directory,
  read: (address: number) => Promise<Uint8Array>,
  unit: number,
): Promise<WriteItem<ModbusAddress> | StatusCode> {
  const found = locate(directory, point.address.sunspec!)
  if ('reason' in found) return Status.BadConfigurationError
  const { place, address, model } = found
  const raw = rawPoint(point.tag, place.point, address, unit, point.settings)
  if (place.point.sf === undefined) {
    const plain = plainValue(place, value)
    return isRefused(plain) ? plain.status : floatItem(raw, place, plain)
  }
  const exponent = await exponentOf(place, model.address, read)
  if (typeof exponent !== 'number') return exponent.status
  const digits = undoScale(value, exponent)
  return digits === undefined ? Status.BadTypeMismatch : checked(raw, place, digits)
}

interface Refused {
  readonly status: StatusCode
}

const isRefused = (value: Value | Refused): value is Refused =>
  typeof value === 'object' && !(value instanceof Uint8Array)

/** The value as the registers take it, where nothing is scaled. */
function plainValue({ point }: Place, value: Value): Value | Refused {
  const { kind, unimplemented } = pointInfo(point)
  if (kind === 'float32' || kind === 'float64')
    return typeof value === 'number' ? value : { status: Status.BadTypeMismatch }
  if (kind === 'ipv6addr' || kind === 'eui48') return { status: Status.BadNotSupported }
  if (kind === 'integer' || kind === 'big')
    return isSentinel(value, unimplemented) ? { status: Status.BadOutOfRange } : value
  if (typeof value !== 'string') return { status: Status.BadTypeMismatch }
  if (kind === 'ipaddr') return bitsOfIpv4(value) ?? { status: Status.BadTypeMismatch }
  return encodeText(value, point.size * 2) ?? { status: Status.BadOutOfRange }
}

/** Floats are read as integers, but written as what they are. */
function floatItem(raw: WriteItem<ModbusAddress>['point'], { point }: Place, value: Value): WriteItem<ModbusAddress> {
  const { kind } = pointInfo(point)
  if (kind !== 'float32' && kind !== 'float64') return { point: raw, value }
  return { point: { ...raw, settings: { ...raw.settings, type: kind } }, value }
}

function checked(raw: WriteItem<ModbusAddress>['point'], { point }: Place, value: Value) {
  const rounded = typeof value === 'number' ? Math.round(value) : value
  return isSentinel(rounded, pointInfo(point).unimplemented) ? Status.BadOutOfRange : { point: raw, value }
}

/** What is never written: the device would take it for "not implemented". Accumulators cannot be written at all. */
const isSentinel = (value: Value, unimplemented: bigint | undefined): boolean =>
  unimplemented !== undefined &&
  (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) &&
  BigInt(value) === unimplemented

async function exponentOf(
  { scale }: Place,
  model: number,
  read: (address: number) => Promise<Uint8Array>,
): Promise<number | Refused> {
  if (scale === undefined) return { status: Status.BadConfigurationError }
  if ('exponent' in scale) return scale.exponent
  try {
    const bytes = await read(model + scale.offset)
    const factor = (((bytes[0]! << 8) | bytes[1]!) << 16) >> 16
    return Math.abs(factor) <= LARGEST_EXPONENT ? factor : { status: Status.BadConfigurationError }
  } catch (error) {
    return { status: statusOfFailure(error) }
  }
}

function undoScale(value: Value, exponent: number): Value | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? unscaled(value, exponent) : undefined
  if (typeof value !== 'bigint') return undefined
  const power = 10n ** BigInt(Math.abs(exponent))
  if (exponent <= 0) return value * power
  return value % power === 0n ? value / power : undefined
}
