/**
 * From a value to the request that writes it: the shortest function that does (FC05 a coil, FC06 one register, FC16 more, FC22 a bit
 * in a register). A value of several registers goes out in one request, so that the device never holds half of it. Modbus
 * Application Protocol V1.1b3, 6.5, 6.6, 6.11, 6.12, 6.16.
 */
import type { WriteItem } from '../../core/driver.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { MAX_WRITE_COILS, MAX_WRITE_REGISTERS, type ModbusRequest } from '../../protocols/modbus/index.ts'
import { isBitArea, type ModbusAddress } from './address.ts'
import { encodeBit, encodeRegisters } from './encoder.ts'
import { positionMask, type ByteOrder } from './order.ts'
import { checkTag, orderOf } from './types.ts'

/** What one item changes in its unit. */
export type Change = { readonly unit: number; readonly address: number } & (
  | { readonly kind: 'coil'; readonly on: boolean }
  /** Big-endian, as on the wire. */
  | { readonly kind: 'registers'; readonly registers: Uint8Array }
  /** `mask` has the one bit that changes. */
  | { readonly kind: 'bit'; readonly mask: number; readonly on: boolean }
)

/** What all items of a device have in common. */
export interface ChangeSettings {
  readonly unit: number
  readonly order: ByteOrder
}

/** What the item changes, or the status that says why it cannot be written. */
export function changeOf(
  { point, value }: WriteItem<ModbusAddress>,
  { unit: ownUnit, order }: ChangeSettings,
): Change | StatusCode {
  const { address, settings } = point
  if (address.area === 'di' || address.area === 'ir') return Status.BadNotWritable
  if (address.count !== undefined || checkTag(address, settings) !== undefined) return Status.BadConfigurationError
  const place = { unit: address.unit ?? ownUnit, address: address.offset }
  if (isBitArea(address.area) || address.bit !== undefined) {
    const on = encodeBit(value)
    if (typeof on === 'number') return on
    if (address.bit === undefined) return { ...place, kind: 'coil', on }
    const isSwapped = positionMask(orderOf(address, settings, order), 2) === 1
    return { ...place, kind: 'bit', mask: 1 << (isSwapped ? address.bit ^ 8 : address.bit), on }
  }
  const registers = encodeRegisters(address, settings, value, order)
  if (typeof registers === 'number') return registers
  if (registers.length > MAX_WRITE_REGISTERS * 2) return Status.BadOutOfRange
  return { ...place, kind: 'registers', registers }
}

/** The request for one change; `multiple` is the device's `writeMultiple`. */
export function requestOf(change: Change, multiple: boolean): ModbusRequest {
  const { address } = change
  if (change.kind === 'bit') {
    return { functionCode: 22, address, andMask: ~change.mask & 0xffff, orMask: change.on ? change.mask : 0 }
  }
  if (multiple || (change.kind === 'registers' && change.registers.length > 2)) return joinedRequest([change])
  if (change.kind === 'coil') return { functionCode: 5, address, value: change.on ? 0xff00 : 0 }
  return { functionCode: 6, address, value: (change.registers[0]! << 8) | change.registers[1]! }
}

/** FC15 or FC16 for changes that are neighbours, of the same kind, coils or registers. */
export function joinedRequest(changes: readonly Change[]): ModbusRequest {
  const { address } = changes[0]!
  if (changes[0]!.kind === 'coil') {
    const bits = new Uint8Array(Math.ceil(changes.length / 8))
    changes.forEach((change, i) => {
      if (change.kind === 'coil' && change.on) bits[i >> 3]! |= 1 << (i & 7)
    })
    return { functionCode: 15, address, count: changes.length, bits }
  }
  const registers = Buffer.concat(changes.map((change) => (change.kind === 'registers' ? change.registers : NOTHING)))
  return { functionCode: 16, address, count: registers.length / 2, registers }
}

/**
 * How many of these changes, from the first on, one request can carry: each begins where the one before it ends. The order stays
 * as it was given: a change in between, or an address that steps back, ends the row.
 */
export function neighbours(changes: readonly (Change | StatusCode)[]): number {
  const first = changes[0]
  if (first === undefined || typeof first === 'number' || first.kind === 'bit') return 1
  const most = first.kind === 'coil' ? MAX_WRITE_COILS : MAX_WRITE_REGISTERS
  let end = first.address + lengthOf(first)
  let count = 1
  for (; count < changes.length; count++) {
    const next = changes[count]!
    if (typeof next === 'number' || next.kind !== first.kind || next.unit !== first.unit || next.address !== end) break
    if (end + lengthOf(next) - first.address > most) break
    end += lengthOf(next)
  }
  return count
}

const NOTHING = new Uint8Array(0)

const lengthOf = (change: Change): number => (change.kind === 'registers' ? change.registers.length / 2 : 1)
