/** Words of Modbus that the importers share: tables, canonical addresses, scaling, and why a value has no place here. */
import type { DataType } from '../core/value.ts'

export type Area = 'co' | 'di' | 'hr' | 'ir'

export interface ModbusPlace {
  readonly area: Area
  /** PDU address, from 0. */
  readonly offset: number
  readonly bit?: number | undefined
}

/** `hr:0`, `hr:0.3`, or undefined beyond the last address (Modbus Application Protocol V1.1b3, 4.4). */
export function canonical({ area, offset, bit }: ModbusPlace): string | undefined {
  const isGood = Number.isInteger(offset) && offset >= 0 && offset <= 65_535
  const isGoodBit = bit === undefined || (Number.isInteger(bit) && bit >= 0 && bit <= 15)
  return isGood && isGoodBit ? `${area}:${offset}${bit === undefined ? '' : `.${bit}`}` : undefined
}

export const REGISTERS: Partial<Record<DataType, number>> = {
  int16: 1, uint16: 1, int32: 2, uint32: 2, float32: 2, int64: 4, uint64: 4, float64: 4,
} // prettier-ignore

export const HALF_REGISTER = {
  why: 'it is one half of a register, and a register has 16 bits here',
  next: 'Read the register as uint16, or as bytes of length 2.',
} as const

export const BAD_ADDRESS = {
  why: 'its address is not one of Modbus (0 to 65535)',
  next: 'Look it up in the manual of the device and write the tag by hand.',
} as const

/** A factor of 1 says nothing; one of 0 would make every value the same. */
export const factor = (scale: number | undefined): number | undefined =>
  scale === 1 || scale === 0 ? undefined : scale

/** raw low…high to engineering low…high: scale and offset, without the noise of the last digits. */
export function linear(rawLow: number, rawHigh: number, low: number, high: number) {
  if (rawHigh === rawLow) return undefined
  const scale = (high - low) / (rawHigh - rawLow)
  return { scale: tidy(scale), offset: tidy(low - rawLow * scale) }
}

const tidy = (value: number): number => Number(value.toPrecision(15))

/** `host` and `port` of `tcp://host:port`, `<host>` or `host`. */
export function hostAndPort(text: string): { host: string; port: number | undefined } | undefined {
  const [, host, port] = /^(?:[a-z+]+:\/\/)?(\[[0-9a-f:.]+\]|[^:/\s<>]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim()) ?? []
  if (host === undefined) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? undefined : Number(port) }
}
