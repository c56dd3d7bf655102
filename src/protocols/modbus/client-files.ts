/**
 * Files and queues of a device, read and written by a client: functions 20, 21 and 24 (Modbus Application Protocol V1.1b3,
 * 6.14, 6.15 and 6.18). Each rejects as the methods of `ModbusClient` do.
 */
import type { ModbusClient } from './client.ts'
import { decodeResponse } from './pdu/message.ts'
import type { ReadFifoQueueResponse } from './pdu/read-fifo-queue.ts'
import { FILE_REFERENCE_TYPE, type ReadFileRecordResponse } from './pdu/read-file-record.ts'

/** `count` records (registers) of a file, from `record` on. */
export interface RecordRange {
  /** 1…65535. */
  readonly file: number
  /** 0…9999. */
  readonly record: number
  readonly count: number
}

/** Records to write, two bytes each, big-endian. */
export interface RecordWrite {
  readonly file: number
  readonly record: number
  readonly registers: Uint8Array
}

/** FC 20: the registers of each range, big-endian bytes; together they fit one reply (about 120 registers). */
export async function readFileRecords(
  client: ModbusClient,
  unit: number,
  ranges: readonly RecordRange[],
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const asked = ranges.map((range) => ({ referenceType: FILE_REFERENCE_TYPE, ...range }))
  const pdu = await client.send(unit, { functionCode: 20, ranges: asked }, signal)
  return (decodeResponse(pdu) as ReadFileRecordResponse).parts.map(({ registers }) => registers.slice())
}

/** FC 21: all parts in one request (about 120 registers). */
export async function writeFileRecords(
  client: ModbusClient,
  unit: number,
  parts: readonly RecordWrite[],
  signal?: AbortSignal,
): Promise<void> {
  const written = parts.map((part) => ({ referenceType: FILE_REFERENCE_TYPE, ...part }))
  await client.send(unit, { functionCode: 21, parts: written }, signal)
}

/** FC 24: up to 31 registers as big-endian bytes, the oldest first; the queue keeps them. */
export async function readFifoQueue(
  client: ModbusClient,
  unit: number,
  address: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const pdu = await client.send(unit, { functionCode: 24, address }, signal)
  return (decodeResponse(pdu) as ReadFifoQueueResponse).registers.slice()
}
