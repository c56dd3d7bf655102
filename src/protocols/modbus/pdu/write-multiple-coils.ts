/** Function code 15, Write Multiple Coils (Modbus Application Protocol V1.1b3, 6.11). */
import { checkBlock, echoMismatch, type FunctionCodec } from './codec.ts'

/** 6.11: at most 1968 (0x7B0) coils a request. */
export const MAX_WRITE_COILS = 1968

/** `bits` packed eight a byte, the first in the lowest bit. */
export interface WriteMultipleCoilsRequest {
  readonly functionCode: 15
  readonly address: number
  readonly count: number
  readonly bits: Uint8Array
}

export interface WriteMultipleCoilsResponse {
  readonly functionCode: 15
  readonly address: number
  readonly count: number
}

/**
 * request  = 0F · address:uint16 · count:uint16 (1…1968) · byteCount:uint8 (⌈count / 8⌉) · bits
 * response = 0F · address:uint16 · count:uint16
 */
export const writeMultipleCoils: FunctionCodec<WriteMultipleCoilsRequest, WriteMultipleCoilsResponse> = {
  functionCode: 15,
  title: 'Write Multiple Coils',
  writeRequest: (writer, { address, count, bits }) =>
    void writer.uint8(15).uint16(address).uint16(count).uint8(bits.length).view(bits),
  readRequest: (reader) => ({
    functionCode: 15,
    address: reader.uint16('address'),
    count: reader.uint16('quantity of coils'),
    bits: reader.view(reader.uint8('byte count'), 'bits'),
  }),
  writeResponse: (writer, { address, count }) => void writer.uint8(15).uint16(address).uint16(count),
  readResponse: (reader) => ({
    functionCode: 15,
    address: reader.uint16('address'),
    count: reader.uint16('quantity of coils'),
  }),
  check: ({ address, count, bits }) =>
    checkBlock(address, count, MAX_WRITE_COILS) ??
    (bits.length === (count + 7) >> 3
      ? undefined
      : `${count} coils need ${(count + 7) >> 3} bytes, the byte count says ${bits.length}`),
  mismatch: (request, bytes, start, end) => echoMismatch(5, request, bytes, start, end),
}
