/**
 * Where a value lies in a Modbus device (Application Protocol V1.1b3, 4.3 and 4.4: four tables, PDU addresses 0…65535).
 * People write it in many notations; `notations.ts` reads them all into this one shape. Canonical is `hr:0`.
 */
import type { DataType } from '../../core/value.ts'
import type { ByteOrder } from './order.ts'
import { describeSunSpec, formatSunSpec, type SunSpecPlace } from './sunspec/place.ts'

/** Coils, discrete inputs, holding registers, input registers. */
export type Area = 'co' | 'di' | 'hr' | 'ir'

/** One place in a device, and what its notation says about the value there. */
export interface ModbusAddress {
  readonly area: Area
  /** PDU address, 0…65535. */
  readonly offset: number
  /** A bit of a register, 0 = least significant. */
  readonly bit?: number | undefined
  /** Unit id that overrides the device's. */
  readonly unit?: number | undefined
  /** The address stands for so many values in a row, each a tag of its own. */
  readonly count?: number | undefined
  /** Type, byte order and length (characters or bytes) where the notation carries them. */
  readonly type?: DataType | undefined
  readonly order?: ByteOrder | undefined
  readonly length?: number | undefined
  /** A point of a SunSpec model. Its register is found by walking the device; `offset` is no address then, but -1. */
  readonly sunspec?: SunSpecPlace | undefined
  /** As the person wrote it. */
  readonly text: string
}

/** The highest PDU address. */
export const LAST_OFFSET = 65535

/** What each table is called, its leading digit in reference numbers and the function code that reads it. */
export const AREAS: Record<Area, { readonly digit: string; readonly name: string; readonly readFunction: number }> = {
  co: { digit: '0', name: 'coil', readFunction: 1 },
  di: { digit: '1', name: 'discrete input', readFunction: 2 },
  hr: { digit: '4', name: 'holding register', readFunction: 3 },
  ir: { digit: '3', name: 'input register', readFunction: 4 },
}

/** True for coils and discrete inputs, whose items are single bits. */
export const isBitArea = (area: Area): boolean => area === 'co' || area === 'di'

/** Shown in documentation and error texts; the README explains each. */
export const ADDRESS_EXAMPLES: readonly string[] = [
  'hr:0',
  'ir:0',
  'co:0',
  'di:0',
  'hr:0.3',
  'hr:0[4]',
  '2.hr:0',
  '40001',
  '400001',
  '4x00001',
  '40001.3',
  'HR1',
  'IR1',
  'C1',
  'DI1',
  'HRF1',
  '2.HR1',
  '%MW0',
  '%M0',
  'holding-register:1:UINT[10]{unit-id: 2}',
  '1!400001#BL',
  '1!300001.10H',
  'sunspec:103.W',
  'sunspec:common.Mn',
  'sunspec:103#2.W',
  'sunspec:160.module[2].DCA',
]

/** `offset` of an address that has none yet: no request can be made with it. */
export const UNRESOLVED = -1

/** The canonical text: `hr:0`, `hr:0.3`, `2.hr:0`, `hr:0[4]`. Type and order are not part of it. */
export function formatAddress(address: ModbusAddress): string {
  const unit = address.unit === undefined ? '' : `${address.unit}.`
  if (address.sunspec !== undefined) return `${unit}${formatSunSpec(address.sunspec)}`
  return `${unit}${address.area}:${address.offset}${suffix(address)}`
}

/** The number that manuals print: `40001`, or six digits (`465536`) where five don't reach. */
export function referenceNumber(address: ModbusAddress): string {
  const digits = address.offset < 9999 ? 4 : 5
  return `${AREAS[address.area].digit}${String(address.offset + 1).padStart(digits, '0')}${suffix(address)}`
}

/** Both forms for people: `40001 = hr:0 (0x0000), FC03`; another notation stands at the left as it was written. */
export function describeAddress(address: ModbusAddress): string {
  if (address.sunspec !== undefined) return describeSunSpec(address.sunspec)
  const canonical = formatAddress(address)
  const written = address.text === canonical ? referenceNumber(address) : address.text
  const hex = address.offset.toString(16).toUpperCase().padStart(4, '0')
  const code = String(AREAS[address.area].readFunction).padStart(2, '0')
  const carried = [address.type, address.order, address.length === undefined ? undefined : `length ${address.length}`]
  return [`${written} = ${canonical} (0x${hex})`, `FC${code}`, ...carried.filter((word) => word !== undefined)].join(
    ', ',
  )
}

const suffix = (address: ModbusAddress): string =>
  `${address.bit === undefined ? '' : `.${address.bit}`}${address.count === undefined ? '' : `[${address.count}]`}`
