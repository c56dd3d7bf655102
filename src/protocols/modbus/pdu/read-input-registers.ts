/** Function code 4, Read Input Registers (Modbus Application Protocol V1.1b3, 6.4). */
import { defineReadRegisters, type ReadRegistersRequest, type ReadRegistersResponse } from './read-registers.ts'

/** `request = 04 · address:uint16 · count:uint16`; `response = 04 · byteCount:uint8 · registers`. */
export const readInputRegisters = defineReadRegisters(4, 'Read Input Registers')
export type ReadInputRegistersRequest = ReadRegistersRequest<4>
export type ReadInputRegistersResponse = ReadRegistersResponse<4>
