/** Function code 22, Mask Write Register (Modbus Application Protocol V1.1b3, 6.16). */
import { echoMismatch, type FunctionCodec } from './codec.ts'

/** New value = (old AND andMask) OR (orMask AND NOT andMask). The response repeats the request. */
export interface MaskWriteRegister {
  readonly functionCode: 22
  readonly address: number
  readonly andMask: number
  readonly orMask: number
}

/** `request = response = 16 · address:uint16 · andMask:uint16 · orMask:uint16` */
export const maskWriteRegister: FunctionCodec<MaskWriteRegister, MaskWriteRegister> = {
  functionCode: 22,
  title: 'Mask Write Register',
  writeRequest: (writer, { address, andMask, orMask }) =>
    void writer.uint8(22).uint16(address).uint16(andMask).uint16(orMask),
  readRequest: (reader) => ({
    functionCode: 22,
    address: reader.uint16('address'),
    andMask: reader.uint16('AND mask'),
    orMask: reader.uint16('OR mask'),
  }),
  writeResponse: (writer, response) => maskWriteRegister.writeRequest(writer, response),
  readResponse: (reader) => maskWriteRegister.readRequest(reader),
  check: () => undefined,
  mismatch: (request, bytes, start, end) => echoMismatch(7, request, bytes, start, end),
}
