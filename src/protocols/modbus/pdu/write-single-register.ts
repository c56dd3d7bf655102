/** Function code 6, Write Single Register (Modbus Application Protocol V1.1b3, 6.6). */
import { echoMismatch, type FunctionCodec } from './codec.ts'

/** The response repeats the request. */
export interface WriteSingleRegister {
  readonly functionCode: 6
  readonly address: number
  readonly value: number
}

/** `request = response = 06 · address:uint16 · value:uint16` */
export const writeSingleRegister: FunctionCodec<WriteSingleRegister, WriteSingleRegister> = {
  functionCode: 6,
  title: 'Write Single Register',
  writeRequest: (writer, { address, value }) => void writer.uint8(6).uint16(address).uint16(value),
  readRequest: (reader) => ({ functionCode: 6, address: reader.uint16('address'), value: reader.uint16('value') }),
  writeResponse: (writer, response) => writeSingleRegister.writeRequest(writer, response),
  readResponse: (reader) => writeSingleRegister.readRequest(reader),
  check: () => undefined,
  mismatch: (request, bytes, start, end) => echoMismatch(5, request, bytes, start, end),
}
