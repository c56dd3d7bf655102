/** Function code 2, Read Discrete Inputs (Modbus Application Protocol V1.1b3, 6.2). */
import { defineReadBits, type ReadBitsRequest, type ReadBitsResponse } from './read-bits.ts'

/** `request = 02 · address:uint16 · count:uint16`; `response = 02 · byteCount:uint8 · bits`. */
export const readDiscreteInputs = defineReadBits(2, 'Read Discrete Inputs')
export type ReadDiscreteInputsRequest = ReadBitsRequest<2>
export type ReadDiscreteInputsResponse = ReadBitsResponse<2>
