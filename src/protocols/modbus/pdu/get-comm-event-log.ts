/** Function code 12, Get Comm Event Log: counters and the newest events of the line (Modbus Application Protocol V1.1b3, 6.10). */
import { violation } from '../../../wire/reader.ts'
import { announcedMismatch, type FunctionCodec } from './codec.ts'

/** 6.10: at most 64 events are kept. */
export const MAX_EVENTS = 64

export interface GetCommEventLogRequest {
  readonly functionCode: 12
}

export interface GetCommEventLogResponse {
  readonly functionCode: 12
  /** 0xFFFF while an earlier program command is still worked on, else 0. */
  readonly status: number
  readonly eventCount: number
  readonly messageCount: number
  /** One byte an event, the newest first. */
  readonly events: Uint8Array
}

/**
 * request  = 0C
 * response = 0C · byteCount:uint8 (6 + events) · status:uint16 · eventCount:uint16 · messageCount:uint16 · events
 */
export const getCommEventLog: FunctionCodec<GetCommEventLogRequest, GetCommEventLogResponse> = {
  functionCode: 12,
  title: 'Get Comm Event Log',
  writeRequest: (writer) => void writer.uint8(12),
  readRequest: () => ({ functionCode: 12 }),
  writeResponse: (writer, { status, eventCount, messageCount, events }) =>
    void writer
      .uint8(12)
      .uint8(6 + events.length)
      .uint16(status)
      .uint16(eventCount)
      .uint16(messageCount)
      .view(events),
  readResponse(reader) {
    const byteCount = reader.uint8('byte count')
    if (byteCount < 6) throw violation(`byte count ${byteCount} has no room for the counters`)
    return {
      functionCode: 12,
      status: reader.uint16('status'),
      eventCount: reader.uint16('event count'),
      messageCount: reader.uint16('message count'),
      events: reader.view(byteCount - 6, 'events'),
    }
  },
  check: () => undefined,
  mismatch: (_request, bytes, start, end) => announcedMismatch(6, bytes, start, end),
}
