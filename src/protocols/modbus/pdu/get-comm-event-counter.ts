/** Function code 11, Get Comm Event Counter: how many messages the device completed (Modbus Application Protocol V1.1b3, 6.9). */
import { lengthMismatch, type FunctionCodec } from './codec.ts'

export interface GetCommEventCounterRequest {
  readonly functionCode: 11
}

export interface GetCommEventCounterResponse {
  readonly functionCode: 11
  /** 0xFFFF while an earlier program command is still worked on, else 0. */
  readonly status: number
  readonly eventCount: number
}

/** `request = 0B`; `response = 0B · status:uint16 (0000 | FFFF) · eventCount:uint16` */
export const getCommEventCounter: FunctionCodec<GetCommEventCounterRequest, GetCommEventCounterResponse> = {
  functionCode: 11,
  title: 'Get Comm Event Counter',
  writeRequest: (writer) => void writer.uint8(11),
  readRequest: () => ({ functionCode: 11 }),
  writeResponse: (writer, { status, eventCount }) => void writer.uint8(11).uint16(status).uint16(eventCount),
  readResponse: (reader) => ({
    functionCode: 11,
    status: reader.uint16('status'),
    eventCount: reader.uint16('event count'),
  }),
  check: () => undefined,
  mismatch: (_request, _bytes, start, end) => lengthMismatch(5, start, end),
}
