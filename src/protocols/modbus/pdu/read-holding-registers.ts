/** Function code 3, Read Holding Registers (Modbus Application Protocol V1.1b3, 6.3). */
import { defineReadRegisters, type ReadRegistersRequest, type ReadRegistersResponse } from './read-registers.ts'

/** `request = 03 · address:uint16 · count:uint16`; `response = 03 · byteCount:uint8 · registers`. */
export const readHoldingRegisters = defineReadRegisters(3, 'Read Holding Registers')
export type ReadHoldingRegistersRequest = ReadRegistersRequest<3>
export type ReadHoldingRegistersResponse = ReadRegistersResponse<3>
