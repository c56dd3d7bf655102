/** The layout that Read Holding and Read Input Registers share (Modbus Application Protocol V1.1b3, 6.3 and 6.4). */
import { byteCountMismatch, checkBlock, wordAt, type FunctionCodec } from './codec.ts'

/** 6.3: at most 125 registers a request. */
export const MAX_READ_REGISTERS = 125

/** Asks for `count` registers from `address` on. */
export interface ReadRegistersRequest<Code extends number> {
  readonly functionCode: Code
  readonly address: number
  readonly count: number
}

/** Two bytes a register, big-endian as on the wire. */
export interface ReadRegistersResponse<Code extends number> {
  readonly functionCode: Code
  readonly registers: Uint8Array
}

/**
 * request  = code · address:uint16 · count:uint16 (1…125)
 * response = code · byteCount:uint8 (2 × count) · registers
 */
export function defineReadRegisters<Code extends number>(
  functionCode: Code,
  title: string,
): FunctionCodec<ReadRegistersRequest<Code>, ReadRegistersResponse<Code>> {
  return {
    functionCode,
    title,
    requestBytes: 5,
    writeRequest: (writer, request) => void writer.uint8(functionCode).uint16(request.address).uint16(request.count),
    readRequest: (reader) => ({
      functionCode,
      address: reader.uint16('address'),
      count: reader.uint16('quantity of registers'),
    }),
    writeResponse: (writer, { registers }) => void writer.uint8(functionCode).uint8(registers.length).view(registers),
    readResponse: (reader) => ({ functionCode, registers: reader.view(reader.uint8('byte count'), 'registers') }),
    check: ({ address, count }) => checkBlock(address, count, MAX_READ_REGISTERS),
    mismatch: (request, bytes, start, end) => byteCountMismatch(wordAt(request, 3) * 2, bytes, start, end),
  }
}
