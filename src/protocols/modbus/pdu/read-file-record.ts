/** Function code 20, Read File Record: groups of registers out of files (Modbus Application Protocol V1.1b3, 6.14). */
import { ByteReader } from '../../../wire/reader.ts'
import { lengthMismatch, wordAt, type FunctionCodec } from './codec.ts'

/** 6.14: every sub-request and every part of a reply is of this type. */
export const FILE_REFERENCE_TYPE = 6
/** 6.14: byte counts of 7 to 245 in both directions. */
const MAX_BYTE_COUNT = 0xf5
const SUB_REQUEST_BYTES = 7

/** `count` records (registers) of one file, from `record` on. */
export interface FileRange {
  /** As on the wire; only 6 is valid. */
  readonly referenceType: number
  /** 1…65535. */
  readonly file: number
  /** 0…9999. */
  readonly record: number
  readonly count: number
}

export interface ReadFileRecordRequest {
  readonly functionCode: 20
  readonly ranges: readonly FileRange[]
}

export interface ReadFileRecordResponse {
  readonly functionCode: 20
  /** One a range, in order: two bytes a record, big-endian. */
  readonly parts: readonly { readonly referenceType: number; readonly registers: Uint8Array }[]
}

/**
 * request  = 14 · byteCount:uint8 (7…245) · n × ( type:uint8 (06) · file:uint16 · record:uint16 · count:uint16 )
 * response = 14 · byteCount:uint8 (7…245) · n × ( length:uint8 (1 + 2 × count) · type:uint8 (06) · registers )
 */
export const readFileRecord: FunctionCodec<ReadFileRecordRequest, ReadFileRecordResponse> = {
  functionCode: 20,
  title: 'Read File Record',
  writeRequest(writer, { ranges }) {
    writer.uint8(20).uint8(ranges.length * SUB_REQUEST_BYTES)
    for (const { referenceType, file, record, count } of ranges)
      writer.uint8(referenceType).uint16(file).uint16(record).uint16(count)
  },
  readRequest(reader) {
    const part = new ByteReader(reader.view(reader.uint8('byte count'), 'sub-requests'))
    const ranges: FileRange[] = []
    while (part.left > 0)
      ranges.push({
        referenceType: part.uint8('reference type'),
        file: part.uint16('file number'),
        record: part.uint16('record number'),
        count: part.uint16('record length'),
      })
    return { functionCode: 20, ranges }
  },
  writeResponse(writer, { parts }) {
    writer.uint8(20).uint8(parts.reduce((bytes, { registers }) => bytes + 2 + registers.length, 0))
    for (const { referenceType, registers } of parts)
      writer
        .uint8(1 + registers.length)
        .uint8(referenceType)
        .view(registers)
  },
  readResponse(reader) {
    const all = new ByteReader(reader.view(reader.uint8('byte count'), 'sub-responses'))
    const parts: { referenceType: number; registers: Uint8Array }[] = []
    while (all.left > 0) {
      const part = new ByteReader(all.view(all.uint8('file response length'), 'sub-response'))
      parts.push({ referenceType: part.uint8('reference type'), registers: part.view(part.left, 'records') })
    }
    return { functionCode: 20, parts }
  },
  check({ ranges }) {
    const bytes = ranges.length * SUB_REQUEST_BYTES
    if (bytes < SUB_REQUEST_BYTES || bytes > MAX_BYTE_COUNT) return `byte count ${bytes} is outside 7…245`
    const reply = ranges.reduce((sum, { count }) => sum + 2 + count * 2, 0)
    return reply <= MAX_BYTE_COUNT ? undefined : `the reply would have ${reply} bytes, at most 245 fit`
  },
  mismatch(request, bytes, start, end) {
    let at = start + 2
    for (let range = 2; range + SUB_REQUEST_BYTES <= request.length; range += SUB_REQUEST_BYTES) {
      const length = 1 + 2 * wordAt(request, range + 5)
      if (bytes[at] !== length) return `file response length is ${bytes[at]}, ${length} expected`
      at += 1 + length
    }
    if (bytes[start + 1] !== at - start - 2)
      return `reply announces ${bytes[start + 1]} bytes, ${at - start - 2} expected`
    return lengthMismatch(at - start, start, end)
  },
}
