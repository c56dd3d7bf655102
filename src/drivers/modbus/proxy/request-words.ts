/** A request in words, for the audit file: `unit 1, Write Single Register (06) at 10 = 75`. */
import { decodeRequest, describeFunction, isKnown, type ModbusRequest } from '../../../protocols/modbus/index.ts'

/** More values than this are counted, not listed. */
const MAX_VALUES = 16

/** Unit, function, address and values; bytes that are no valid request, and functions without a meaning of their own, in hex. */
export function describeRequest(unit: number, pdu: Uint8Array): string {
  return `unit ${unit}, ${describeFunction(pdu[0] ?? 0)}${detailsOf(pdu)}`
}

function detailsOf(pdu: Uint8Array): string {
  const request = decoded(pdu)
  if (request === undefined || !isKnown(request)) return hexOf(pdu)
  switch (request.functionCode) {
    case 5:
      return ` at ${request.address} = ${request.value === 0 ? 'off' : 'on'}`
    case 6:
      return ` at ${request.address} = ${request.value}`
    case 15:
      return ` at ${request.address} = ${listed(request.count, (i) => (request.bits[i >> 3]! >> (i & 7)) & 1, 'coils')}`
    case 16:
      return ` at ${request.address} = ${registers(request.registers)}`
    case 22:
      return ` at ${request.address}, and ${hex(request.andMask)}, or ${hex(request.orMask)}`
    case 23:
      return ` at ${request.writeAddress} = ${registers(request.registers)}, reads ${request.readCount} at ${request.readAddress}`
    default:
      return hexOf(pdu)
  }
}

function decoded(pdu: Uint8Array): ModbusRequest | undefined {
  try {
    return decodeRequest(pdu)
  } catch {
    return undefined
  }
}

const registers = (bytes: Uint8Array): string =>
  listed(bytes.length / 2, (i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!, 'registers')

function listed(count: number, valueAt: (index: number) => number, what: string): string {
  const shown = Array.from({ length: Math.min(count, MAX_VALUES) }, (_, index) => valueAt(index)).join(' ')
  return count > MAX_VALUES ? `${shown} … (${count} ${what})` : shown
}

const hex = (word: number): string => `0x${word.toString(16).toUpperCase().padStart(4, '0')}`

function hexOf(pdu: Uint8Array): string {
  const shown = Buffer.from(pdu.subarray(1, 33)).toString('hex')
  if (pdu.length <= 1) return ''
  return `: ${shown}${pdu.length > 33 ? `… (${pdu.length - 1} bytes)` : ''}`
}
