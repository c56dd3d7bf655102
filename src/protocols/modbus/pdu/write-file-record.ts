/** Function code 21, Write File Record: groups of registers into files (Modbus Application Protocol V1.1b3, 6.15). */
import { ByteReader } from '../../../wire/reader.ts'
import { echoMismatch, type FunctionCodec } from './codec.ts'

/** 6.15: byte counts of 9 to 251. */
const MIN_BYTE_COUNT = 9
const MAX_BYTE_COUNT = 0xfb
const HEAD_BYTES = 7

/** Records of one file from `record` on; two bytes each, big-endian. */
export interface FileWrite {
  /** As on the wire; only 6 is valid. */
  readonly referenceType: number
  /** 1…65535. */
  readonly file: number
  /** 0…9999. */
  readonly record: number
  readonly registers: Uint8Array
}

/** The response repeats the request. */
export interface WriteFileRecord {
  readonly functionCode: 21
  readonly parts: readonly FileWrite[]
}

/**
 * request = response = 15 · byteCount:uint8 (9…251)
 *   · n × ( type:uint8 (06) · file:uint16 · record:uint16 · count:uint16 · registers )
 */
export const writeFileRecord: FunctionCodec<WriteFileRecord, WriteFileRecord> = {
  functionCode: 21,
  title: 'Write File Record',
  writeRequest(writer, { parts }) {
    writer.uint8(21).uint8(byteCountOf(parts))
    for (const { referenceType, file, record, registers } of parts) {
      const count = registers.length / 2
      writer.uint8(referenceType).uint16(file).uint16(record).uint16(count).view(registers)
    }
  },
  readRequest(reader) {
    const all = new ByteReader(reader.view(reader.uint8('byte count'), 'sub-requests'))
    const parts: FileWrite[] = []
    while (all.left > 0)
      parts.push({
        referenceType: all.uint8('reference type'),
        file: all.uint16('file number'),
        record: all.uint16('record number'),
        registers: all.view(all.uint16('record length') * 2, 'records'),
      })
    return { functionCode: 21, parts }
  },
  writeResponse: (writer, response) => writeFileRecord.writeRequest(writer, response),
  readResponse: (reader) => writeFileRecord.readRequest(reader),
  check({ parts }) {
    const bytes = byteCountOf(parts)
    if (bytes < MIN_BYTE_COUNT || bytes > MAX_BYTE_COUNT) return `byte count ${bytes} is outside 9…251`
    return parts.some(({ registers }) => registers.length === 0) ? 'a record length is 0' : undefined
  },
  mismatch: (request, bytes, start, end) => echoMismatch(request.length, request, bytes, start, end),
}

const byteCountOf = (parts: readonly FileWrite[]): number =>
  parts.reduce((bytes, { registers }) => bytes + HEAD_BYTES + registers.length, 0)
