/** Function code 23, Read/Write Multiple Registers: the write happens first (Modbus Application Protocol V1.1b3, 6.17). */
import { byteCountMismatch, checkBlock, wordAt, type FunctionCodec } from './codec.ts'
import { MAX_READ_REGISTERS } from './read-registers.ts'

/** 6.17: at most 121 (0x79) registers are written; at most 125 read. */
export const MAX_READ_WRITE_REGISTERS = 121

/** `registers`: what is written, two bytes each, big-endian as on the wire. */
export interface ReadWriteMultipleRegistersRequest {
  readonly functionCode: 23
  readonly readAddress: number
  readonly readCount: number
  readonly writeAddress: number
  readonly writeCount: number
  readonly registers: Uint8Array
}

export interface ReadWriteMultipleRegistersResponse {
  readonly functionCode: 23
  readonly registers: Uint8Array
}

/**
 * request  = 17 · readAddress:uint16 · readCount:uint16 (1…125) · writeAddress:uint16 · writeCount:uint16 (1…121)
 *            · byteCount:uint8 (2 × writeCount) · registers
 * response = 17 · byteCount:uint8 (2 × readCount) · registers
 */
export const readWriteMultipleRegisters: FunctionCodec<
  ReadWriteMultipleRegistersRequest,
  ReadWriteMultipleRegistersResponse
> = {
  functionCode: 23,
  title: 'Read/Write Multiple Registers',
  writeRequest: (writer, request) =>
    void writer
      .uint8(23)
      .uint16(request.readAddress)
      .uint16(request.readCount)
      .uint16(request.writeAddress)
      .uint16(request.writeCount)
      .uint8(request.registers.length)
      .view(request.registers),
  readRequest: (reader) => ({
    functionCode: 23,
    readAddress: reader.uint16('read address'),
    readCount: reader.uint16('quantity to read'),
    writeAddress: reader.uint16('write address'),
    writeCount: reader.uint16('quantity to write'),
    registers: reader.view(reader.uint8('byte count'), 'registers'),
  }),
  writeResponse: (writer, { registers }) => void writer.uint8(23).uint8(registers.length).view(registers),
  readResponse: (reader) => ({ functionCode: 23, registers: reader.view(reader.uint8('byte count'), 'registers') }),
  check: ({ readAddress, readCount, writeAddress, writeCount, registers }) =>
    checkBlock(readAddress, readCount, MAX_READ_REGISTERS) ??
    checkBlock(writeAddress, writeCount, MAX_READ_WRITE_REGISTERS) ??
    (registers.length === writeCount * 2
      ? undefined
      : `${writeCount} registers need ${writeCount * 2} bytes, the byte count says ${registers.length}`),
  mismatch: (request, bytes, start, end) => byteCountMismatch(wordAt(request, 3) * 2, bytes, start, end),
}
