/** Function code 1, Read Coils (Modbus Application Protocol V1.1b3, 6.1). */
import { defineReadBits, type ReadBitsRequest, type ReadBitsResponse } from './read-bits.ts'

/** `request = 01 · address:uint16 · count:uint16`; `response = 01 · byteCount:uint8 · bits`. */
export const readCoils = defineReadBits(1, 'Read Coils')
export type ReadCoilsRequest = ReadBitsRequest<1>
export type ReadCoilsResponse = ReadBitsResponse<1>
