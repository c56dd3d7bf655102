/** The layout that Read Coils and Read Discrete Inputs share (Modbus Application Protocol V1.1b3, 6.1 and 6.2). */
import { byteCountMismatch, checkBlock, wordAt, type FunctionCodec } from './codec.ts'

/** 6.1: at most 2000 bits a request. */
export const MAX_READ_BITS = 2000

/** Asks for `count` bits from `address` on. */
export interface ReadBitsRequest<Code extends number> {
  readonly functionCode: Code
  readonly address: number
  readonly count: number
}

/** Bits packed eight a byte, the first in the lowest bit; padded with zeros. */
export interface ReadBitsResponse<Code extends number> {
  readonly functionCode: Code
  readonly bits: Uint8Array
}

/**
 * request  = code · address:uint16 · count:uint16 (1…2000)
 * response = code · byteCount:uint8 (⌈count / 8⌉) · bits
 */
export function defineReadBits<Code extends number>(
  functionCode: Code,
  title: string,
): FunctionCodec<ReadBitsRequest<Code>, ReadBitsResponse<Code>> {
  return {
    functionCode,
    title,
    requestBytes: 5,
    writeRequest: (writer, request) => void writer.uint8(functionCode).uint16(request.address).uint16(request.count),
    readRequest: (reader) => ({
      functionCode,
      address: reader.uint16('address'),
      count: reader.uint16('quantity of bits'),
    }),
    writeResponse: (writer, { bits }) => void writer.uint8(functionCode).uint8(bits.length).view(bits),
    readResponse: (reader) => ({ functionCode, bits: reader.view(reader.uint8('byte count'), 'bits') }),
    check: ({ address, count }) => checkBlock(address, count, MAX_READ_BITS),
    mismatch: (request, bytes, start, end) => byteCountMismatch((wordAt(request, 3) + 7) >> 3, bytes, start, end),
  }
}
