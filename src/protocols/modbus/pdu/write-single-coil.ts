/** Function code 5, Write Single Coil (Modbus Application Protocol V1.1b3, 6.5). */
import { echoMismatch, type FunctionCodec } from './codec.ts'

export const COIL_ON = 0xff00
export const COIL_OFF = 0x0000

/** `value` as on the wire: 0xFF00 is on, 0x0000 off, nothing else is allowed. The response repeats the request. */
export interface WriteSingleCoil {
  readonly functionCode: 5
  readonly address: number
  readonly value: number
}

/** `request = response = 05 · address:uint16 · value:uint16 (FF00 | 0000)` */
export const writeSingleCoil: FunctionCodec<WriteSingleCoil, WriteSingleCoil> = {
  functionCode: 5,
  title: 'Write Single Coil',
  writeRequest: (writer, { address, value }) => void writer.uint8(5).uint16(address).uint16(value),
  readRequest: (reader) => ({ functionCode: 5, address: reader.uint16('address'), value: reader.uint16('value') }),
  writeResponse: (writer, response) => writeSingleCoil.writeRequest(writer, response),
  readResponse: (reader) => writeSingleCoil.readRequest(reader),
  check: ({ value }) =>
    value === COIL_ON || value === COIL_OFF ? undefined : `coil value 0x${value.toString(16)} is neither FF00 nor 0000`,
  mismatch: (request, bytes, start, end) => echoMismatch(5, request, bytes, start, end),
}
