/** A tag of Kepware, however it was written: its Modbus address, type, scaling and range in our words. */
import type { DataType } from '../core/value.ts'
import type { DeviceHarvest, Harvest } from './harvest.ts'
import { BAD_ADDRESS, canonical, HALF_REGISTER, linear, type Area } from './modbus-words.ts'

export interface KepwareTag {
  readonly place: string
  readonly name: string
  readonly address: string
  /** `Word`, `Float Array`, `Default`. */
  readonly type: string
  readonly writable: boolean
  readonly everyMs: number | undefined
  readonly scaling: KepwareScaling | undefined
  readonly description: string | undefined
}

export interface KepwareScaling {
  readonly kind: string
  readonly rawLow: number
  readonly rawHigh: number
  readonly low: number
  readonly high: number
  readonly clampLow: boolean
  readonly clampHigh: boolean
  readonly negate: boolean
  readonly unit: string
}

/** What a Modbus device of Kepware says of its addresses. */
export interface KepwareModbus {
  /** One is subtracted from the number of an address; so it is where nothing is said. */
  readonly zeroBased: boolean
  readonly zeroBasedBits: boolean
}

const TYPES: Record<string, DataType> = {
  boolean: 'bool', char: 'int8', byte: 'uint8', short: 'int16', word: 'uint16', long: 'int32', dword: 'uint32',
  llong: 'int64', qword: 'uint64', float: 'float32', double: 'float64', string: 'string', date: 'string',
} // prettier-ignore

const AREAS: Record<string, Area> = { '0': 'co', '1': 'di', '3': 'ir', '4': 'hr' }

type Reason = { readonly why: string; readonly next: string }
const reason = (why: string, next: string): Reason => ({ why, next })
const isReason = (one: object): one is Reason => 'why' in one

/** Adds a tag of a Modbus device. */
export function addModbusTag(tag: KepwareTag, modbus: KepwareModbus, device: DeviceHarvest, harvest: Harvest): void {
  const place = modbusPlace(tag, modbus)
  if (isReason(place)) return leave(tag, place, device, harvest)
  const rest = settingsOf(tag)
  if (isReason(rest)) return leave(tag, rest, device, harvest)
  const { name, description, writable, everyMs } = tag
  const isRead = place.address.startsWith('ir') || place.address.startsWith('di')
  const words = [description, `Kepware ${tag.address}`].filter((word) => word !== undefined && word !== '').join('; ')
  device.add({
    ...rest,
    ...place,
    name,
    everyMs,
    wasWritable: writable && !isRead,
    description: words,
    place: tag.place,
  })
}

/** Adds a tag of an OPC UA server: the address is the node. */
export function addOpcuaTag(tag: KepwareTag, device: DeviceHarvest, harvest: Harvest): void {
  const type = ownType(tag.type)
  if (type === undefined)
    return leave(
      tag,
      reason(`its type is ${tag.type}`, 'Look its type up with `bifrost opcua browse`.'),
      device,
      harvest,
    )
  const rest = settingsOf(tag)
  if (isReason(rest)) return leave(tag, rest, device, harvest)
  const { name, address, description, writable, everyMs, place } = tag
  device.add({
    ...rest,
    name,
    address,
    type,
    everyMs,
    wasWritable: writable,
    description: description || undefined,
    place,
  })
}

function leave(tag: KepwareTag, { why, next }: Reason, device: DeviceHarvest, harvest: Harvest): void {
  harvest.leave(tag.place, `tag "${device.name}/${tag.name}" (${tag.address})`, why, next)
}

const ownType = (type: string): DataType | undefined => {
  const key = type.toLowerCase()
  return Object.hasOwn(TYPES, key) ? TYPES[key] : undefined
}

interface Place {
  readonly address: string
  readonly type: DataType
  readonly length?: number | undefined
  readonly order?: string | undefined
}

/** `400001`, `40001`, `400001.5`, `400001.20H` (a string), `400001[4]`, and `H40001` with the number in hex. */
function modbusPlace(tag: KepwareTag, { zeroBased, zeroBasedBits }: KepwareModbus): Place | Reason {
  const match = /^([Hh])?([0134])([0-9A-Fa-f]{4,5})(?:\.(\d{1,3})([HL])?|\[(\d+)\]|\[(\d+)\]\[(\d+)\])?$/.exec(tag.address.trim()) // prettier-ignore
  if (match === null || (match[1] === undefined && /[a-f]/i.test(match[3]!)))
    return reason('it is no address of a coil, input or register', 'System tags and mailboxes have no counterpart.')
  const [, hex, digit, number, suffix, half, count, rows, columns] = match
  const area = AREAS[digit!]!
  const offset = Number.parseInt(number!, hex === undefined ? 10 : 16) - (zeroBased ? 1 : 0)
  const values = count === undefined ? (rows === undefined ? undefined : Number(rows) * Number(columns)) : Number(count)
  const array = values === undefined || values === 1 ? '' : `[${values}]`
  const plain = tag.type.replace(/ Array$/i, '')
  if (area === 'co' || area === 'di') return placeOf({ area, offset }, 'bool', array)
  if (half !== undefined || plain.toLowerCase() === 'string')
    return placeOf({ area, offset }, 'string', '', {
      length: Number(suffix ?? 0),
      order: half === 'L' ? 'BADC' : 'ABCD',
    })
  if (suffix !== undefined) return placeOf({ area, offset, bit: Number(suffix) - (zeroBasedBits ? 0 : 1) }, 'bool', '')
  // Default is Word for registers, so says the manual of the driver.
  const type = plain.toLowerCase() === 'default' ? 'uint16' : ownType(plain)
  if (type === 'int8' || type === 'uint8') return HALF_REGISTER
  if (type === undefined || type === 'string' || type === 'bool')
    return reason(`type ${tag.type} has no counterpart for a register`, 'Read the raw register as uint16 (BCD too) and convert behind the gateway.') // prettier-ignore
  return placeOf({ area, offset }, type, array)
}

function placeOf(
  place: Parameters<typeof canonical>[0],
  type: DataType,
  array: string,
  more: Pick<Place, 'length' | 'order'> = {},
): Place | Reason {
  // prettier-ignore
  const address = canonical(place)
  return address === undefined ? BAD_ADDRESS : { address: `${address}${array}`, type, ...more }
}

function settingsOf({ scaling }: KepwareTag) {
  if (scaling === undefined || /^(none)?$/i.test(scaling.kind)) return {}
  if (!/^linear$/i.test(scaling.kind))
    return reason(`its scaling is ${scaling.kind}`, 'Only linear scaling is done here: scale it behind the gateway.')
  const { rawLow, rawHigh, low, high, clampLow, clampHigh, negate, unit } = scaling
  const sign = negate ? -1 : 1
  const scaled = linear(rawLow, rawHigh, low * sign, high * sign)
  if (scaled === undefined) return reason('its raw range is empty', 'Give raw low and raw high two values.')
  if (clampLow !== clampHigh)
    return reason('it is clamped at one end only', 'Here both ends are clamped, or none: write the tag by hand.')
  const ends = [low * sign, high * sign].toSorted((a, b) => a - b)
  return {
    scale: scaled.scale === 1 ? undefined : scaled.scale,
    offset: scaled.offset === 0 ? undefined : scaled.offset,
    ...(ends[0] === ends[1] ? {} : { low: ends[0], high: ends[1] }),
    ...(clampLow ? { clamp: true } : {}),
    ...(unit === '' ? {} : { unit }),
  }
}
