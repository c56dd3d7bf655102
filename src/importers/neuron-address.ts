/**
 * A Modbus address of Neuron: `SLAVE!ADDRESS[.BIT][#ENDIAN][.LENGTH[H|L|D|E]]`, six digits whose first names the table, counted from 1; a
 * device may count from 0 (`address_base`). Documented with its Modbus drivers.
 */
import { canonical, type Area } from './modbus-words.ts'

export interface NeuronPlace {
  readonly unit: number
  readonly address: string
  readonly isBit: boolean
  readonly order?: string | undefined
  readonly length?: number | undefined
  /** How a string is packed: H and L are high or low byte first; D and E have one character a register. */
  readonly packing?: string | undefined
}

const AREAS: Record<string, Area> = { '0': 'co', '1': 'di', '3': 'ir', '4': 'hr' }

/** By the words of Neuron, for two and four bytes: #LL is the order of the wire. */
const ORDERS: Record<string, string> = {
  LL: 'ABCD', LB: 'BADC', BL: 'CDAB', BB: 'DCBA', L: 'BADC', B: 'ABCD', ABCD: 'ABCD', BADC: 'BADC', CDAB: 'CDAB', DCBA: 'DCBA',
} // prettier-ignore

export function parseNeuronAddress(text: string, base: 0 | 1, isText: boolean): NeuronPlace | undefined {
  const match = /^(\d{1,3})!([0134])(\d{4,5})(?:\.(\d{1,3})([HLDE])?)?(?:#([A-Z]{1,4}))?$/.exec(
    text.trim().toUpperCase(),
  )
  if (match === null) return undefined
  const [, slave, digit, number, suffix, packing, endian] = match
  const order = endian === undefined ? undefined : ORDERS[endian]
  if (endian !== undefined && order === undefined) return undefined
  const area = AREAS[digit!]!
  const isLength = packing !== undefined || isText
  const bit = suffix === undefined || isLength ? undefined : Number(suffix)
  const address = canonical({ area, offset: Number(number) - base, bit })
  if (address === undefined || Number(slave) > 255) return undefined
  const isBit = bit !== undefined || area === 'co' || area === 'di'
  const length = isLength && suffix !== undefined ? Number(suffix) : undefined
  return { unit: Number(slave), address, isBit, order, length, packing }
}
