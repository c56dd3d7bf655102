/**
 * Function code 17, Report Server ID (Modbus Application Protocol V1.1b3, 6.13). How long the id is and what follows it is
 * the device's own affair; where nothing else is known, the first byte is the id and the second says whether it runs.
 */
import { announcedMismatch, type FunctionCodec } from './codec.ts'

export const RUN_INDICATOR_ON = 0xff

export interface ReportServerIdRequest {
  readonly functionCode: 17
}

export interface ReportServerIdResponse {
  readonly functionCode: 17
  /** Server id, run indicator (00 off, FF on) and the device's own data. */
  readonly content: Uint8Array
}

/** `request = 11`; `response = 11 · byteCount:uint8 · content` */
export const reportServerId: FunctionCodec<ReportServerIdRequest, ReportServerIdResponse> = {
  functionCode: 17,
  title: 'Report Server ID',
  writeRequest: (writer) => void writer.uint8(17),
  readRequest: () => ({ functionCode: 17 }),
  writeResponse: (writer, { content }) => void writer.uint8(17).uint8(content.length).view(content),
  readResponse: (reader) => ({ functionCode: 17, content: reader.view(reader.uint8('byte count'), 'server id') }),
  check: () => undefined,
  mismatch: (_request, bytes, start, end) => announcedMismatch(0, bytes, start, end),
}
