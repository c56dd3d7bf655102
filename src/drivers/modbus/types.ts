/**
 * What fits where: how many registers or bits a value of a tag occupies, and why a tag cannot work although its address and
 * its type are each valid. Address and settings are merged by one rule: what the notation says fills in what the tag leaves
 * open (order, length) and must agree with what the tag says (README.md, "Types and orders in an address").
 */
import type { TagSettings } from '../../core/tags.ts'
import type { DataType } from '../../core/value.ts'
import { AREAS, formatAddress, isBitArea, LAST_OFFSET, type ModbusAddress } from './address.ts'
import { BYTE_ORDERS, parseOrder, type ByteOrder } from './order.ts'

const BYTES: Partial<Record<DataType, number>> = {
  int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8,
} // prettier-ignore

/** Modbus Application Protocol V1.1b3, 6.3: at most 125 registers a request; a value is never read in two. */
const LONGEST_BYTES = 250

/** Bytes of one value of the tag; 0 for a bool. */
export function valueBytes(address: ModbusAddress, settings: TagSettings): number {
  if (settings.type === 'string' || settings.type === 'bytes') return settings.length ?? address.length ?? 0
  return BYTES[settings.type] ?? 0
}

/** Registers (or bits, in a bit table) that the tag occupies. */
export function spanLength(address: ModbusAddress, settings: TagSettings): number {
  const count = address.count ?? 1
  if (isBitArea(address.area)) return count
  if (address.bit !== undefined) return Math.ceil((address.bit + count) / 16)
  return Math.ceil(valueBytes(address, settings) / 2) * count
}

/** The byte order of the tag: its own, else the address's, else the device's. */
export function orderOf(address: ModbusAddress, settings: TagSettings, deviceOrder: ByteOrder): ByteOrder {
  return (settings.order === undefined ? undefined : parseOrder(settings.order)) ?? address.order ?? deviceOrder
}

/** A sentence that says why this tag cannot work, or undefined. */
export function checkTag(address: ModbusAddress, tag: TagSettings): string | undefined {
  if (address.sunspec !== undefined) return checkSunSpec(address, tag)
  return checkAgreement(address, tag) ?? checkType(address, tag) ?? checkSpan(address, tag)
}

/** Why the tag cannot be written although it says `writable`: its area is only read (Modbus Application Protocol V1.1b3, 4.3). */
export function checkAccess({ area, sunspec }: ModbusAddress, { writable, address }: TagSettings): string | undefined {
  if (!writable || sunspec !== undefined || (area !== 'ir' && area !== 'di')) return undefined
  return `${address} is in the area of ${AREAS[area].name}s, which can only be read: leave writable out, or name the ${area === 'ir' ? 'holding register (hr)' : 'coil (co)'}`
}

/** The model says type, length and order of its points; a scaled value may be kept as a float32 too. */
function checkSunSpec(address: ModbusAddress, tag: TagSettings): string | undefined {
  const fits = tag.type === address.type || (tag.type === 'float32' && address.type === 'float64')
  if (!fits) return `address ${address.text} is a ${address.type}, the tag says ${tag.type}: set type: ${address.type}`
  if (tag.order !== undefined) return `address ${address.text} has the byte order of SunSpec: leave order out`
  if (address.sunspec!.point.size * 2 > LONGEST_BYTES)
    return `${address.text} has ${address.sunspec!.point.size} registers; one request reads at most 125`
  const isRead = address.sunspec!.point.writable !== true
  return tag.writable && isRead ? `${address.text} can only be read (SunSpec access R): leave writable out` : undefined
}

function checkAgreement(address: ModbusAddress, tag: TagSettings): string | undefined {
  const order = tag.order === undefined ? undefined : parseOrder(tag.order)
  if (tag.order !== undefined && order === undefined) {
    return `byte order '${tag.order}' is not known; known are ${BYTE_ORDERS.join(', ')} and their usual synonyms`
  }
  if (order !== undefined && address.order !== undefined && order !== address.order) {
    return `address ${address.text} says order ${address.order}, the tag says ${tag.order}: leave one of them out`
  }
  if (address.type !== undefined && address.type !== tag.type) {
    return `address ${address.text} says type ${address.type}, the tag says ${tag.type}: set type: ${address.type}`
  }
  if (address.length !== undefined && tag.length !== undefined && address.length !== tag.length) {
    return `address ${address.text} says length ${address.length}, the tag says ${tag.length}: leave one of them out`
  }
  return undefined
}

function checkType(address: ModbusAddress, tag: TagSettings): string | undefined {
  const canonical = formatAddress(address)
  if (tag.type === 'int8' || tag.type === 'uint8') {
    return `a Modbus register has 16 bits, so that ${tag.type} does not say which half of ${canonical} is meant: use ${tag.type.replace('8', '16')}, bits, or bytes with length 2`
  }
  if (isBitArea(address.area)) {
    return tag.type === 'bool'
      ? undefined
      : `${canonical} is a ${AREAS[address.area].name}, one bit: its type is bool, not ${tag.type}`
  }
  if (address.bit !== undefined)
    return tag.type === 'bool' ? undefined : `${canonical} is one bit: its type is bool, not ${tag.type}`
  if (tag.type === 'bool')
    return `${canonical} is a register of 16 bits: say which bit is meant, such as ${address.area}:${address.offset}.0 for the lowest`
  if (BYTES[tag.type] !== undefined) return undefined
  const length = valueBytes(address, tag)
  if (length === 0) return `a ${tag.type} tag needs a length, in ${tag.type === 'string' ? 'characters' : 'bytes'}`
  return length > LONGEST_BYTES
    ? `length ${length} does not fit into one request: at most ${LONGEST_BYTES} (125 registers)`
    : undefined
}

function checkSpan(address: ModbusAddress, tag: TagSettings): string | undefined {
  const last = address.offset + spanLength(address, tag) - 1
  if (last <= LAST_OFFSET) return undefined
  const values = address.count === undefined ? `a ${tag.type}` : `${address.count} values of type ${tag.type}`
  return `${values} at ${formatAddress(address)} would end at ${address.area}:${last}, beyond the last address ${LAST_OFFSET}`
}

/** The members of an array tag as `name[0]`…, with canonical addresses; undefined when the tag stands for itself or runs past the end. */
export function expandArray(address: ModbusAddress, tag: TagSettings): readonly TagSettings[] | undefined {
  if (address.count === undefined || checkTag(address, tag) !== undefined) return undefined
  const order = tag.order ?? address.order
  const length = tag.length ?? address.length
  return Array.from({ length: address.count }, (_, index) => ({
    ...tag,
    name: `${tag.name}[${index}]`,
    address: formatAddress(memberAddress(address, tag, index)),
    ...(order === undefined ? {} : { order }),
    ...(length === undefined ? {} : { length }),
  }))
}

function memberAddress(address: ModbusAddress, tag: TagSettings, index: number): ModbusAddress {
  const alone = { ...address, count: undefined }
  if (isBitArea(address.area)) return { ...alone, offset: address.offset + index }
  if (address.bit !== undefined) {
    const bit = address.bit + index
    return { ...alone, offset: address.offset + Math.floor(bit / 16), bit: bit % 16 }
  }
  return { ...alone, offset: address.offset + index * spanLength(alone, tag) }
}
