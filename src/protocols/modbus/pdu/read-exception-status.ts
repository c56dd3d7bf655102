/** Function code 7, Read Exception Status: eight flags of the device's own choice (Modbus Application Protocol V1.1b3, 6.7). */
import { lengthMismatch, type FunctionCodec } from './codec.ts'

export interface ReadExceptionStatusRequest {
  readonly functionCode: 7
}

/** `status`: eight flags; the device's manual says what they mean. */
export interface ReadExceptionStatusResponse {
  readonly functionCode: 7
  readonly status: number
}

/** `request = 07`; `response = 07 · status:uint8` */
export const readExceptionStatus: FunctionCodec<ReadExceptionStatusRequest, ReadExceptionStatusResponse> = {
  functionCode: 7,
  title: 'Read Exception Status',
  writeRequest: (writer) => void writer.uint8(7),
  readRequest: () => ({ functionCode: 7 }),
  writeResponse: (writer, { status }) => void writer.uint8(7).uint8(status),
  readResponse: (reader) => ({ functionCode: 7, status: reader.uint8('exception status') }),
  check: () => undefined,
  mismatch: (_request, _bytes, start, end) => lengthMismatch(2, start, end),
}
