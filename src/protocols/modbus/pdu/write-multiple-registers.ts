/** Function code 16, Write Multiple Registers (Modbus Application Protocol V1.1b3, 6.12). */
import { checkBlock, echoMismatch, type FunctionCodec } from './codec.ts'

/** 6.12: at most 123 (0x7B) registers a request. */
export const MAX_WRITE_REGISTERS = 123

/** `registers`: two bytes each, big-endian as on the wire. */
export interface WriteMultipleRegistersRequest {
  readonly functionCode: 16
  readonly address: number
  readonly count: number
  readonly registers: Uint8Array
}

export interface WriteMultipleRegistersResponse {
  readonly functionCode: 16
  readonly address: number
  readonly count: number
}

/**
 * request  = 10 · address:uint16 · count:uint16 (1…123) · byteCount:uint8 (2 × count) · registers
 * response = 10 · address:uint16 · count:uint16
 */
export const writeMultipleRegisters: FunctionCodec<WriteMultipleRegistersRequest, WriteMultipleRegistersResponse> = {
  functionCode: 16,
  title: 'Write Multiple Registers',
  writeRequest: (writer, { address, count, registers }) =>
    void writer.uint8(16).uint16(address).uint16(count).uint8(registers.length).view(registers),
  readRequest: (reader) => ({
    functionCode: 16,
    address: reader.uint16('address'),
    count: reader.uint16('quantity of registers'),
    registers: reader.view(reader.uint8('byte count'), 'registers'),
  }),
  writeResponse: (writer, { address, count }) => void writer.uint8(16).uint16(address).uint16(count),
  readResponse: (reader) => ({
    functionCode: 16,
    address: reader.uint16('address'),
    count: reader.uint16('quantity of registers'),
  }),
  check: ({ address, count, registers }) =>
    checkBlock(address, count, MAX_WRITE_REGISTERS) ??
    (registers.length === count * 2
      ? undefined
      : `${count} registers need ${count * 2} bytes, the byte count says ${registers.length}`),
  mismatch: (request, bytes, start, end) => echoMismatch(5, request, bytes, start, end),
}
