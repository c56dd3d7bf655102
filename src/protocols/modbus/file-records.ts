/**
 * Files of a unit, and how functions 20 and 21 read and write them (Modbus Application Protocol V1.1b3, 6.14 and 6.15). Every
 * group of a request is checked before any is carried out.
 */
import { ModbusException } from './exception.ts'
import { FILE_REFERENCE_TYPE, type ReadFileRecordRequest, type ReadFileRecordResponse } from './pdu/read-file-record.ts'
import type { WriteFileRecord } from './pdu/write-file-record.ts'

/** 6.14: records are numbered 0…9999. */
const MAX_RECORDS = 10_000

/** A file with this number has `records` registers, from record 0 on. */
export interface FileLayout {
  /** 1…65535. */
  readonly file: number
  readonly records: number
}

export class FileRecords {
  readonly #files: ReadonlyMap<number, Uint16Array>

  constructor(layout: readonly FileLayout[]) {
    for (const { file, records } of layout) {
      if (file < 1 || file > 0xffff || records < 1 || records > MAX_RECORDS)
        throw new RangeError(`file ${file} of ${records} records: files 1 to 65535, up to ${MAX_RECORDS} records`)
    }
    this.#files = new Map(layout.map(({ file, records }) => [file, new Uint16Array(records)]))
  }

  /** True where there is no file: the functions are then not supported. */
  get empty(): boolean {
    return this.#files.size === 0
  }

  /** The stored values themselves, writable; ModbusException 02 unless all of them exist. */
  block(file: number, record: number, count: number): Uint16Array {
    const values = this.#files.get(file)
    if (values === undefined || record + count > values.length) throw new ModbusException(2)
    return values.subarray(record, record + count)
  }

  read({ ranges }: ReadFileRecordRequest): ReadFileRecordResponse {
    const parts = ranges.map(({ referenceType, file, record, count }) => {
      const values = this.#checked(referenceType, file, record, count)
      return { referenceType, registers: Uint8Array.from({ length: count * 2 }, (_, i) => byteOf(values, i)) }
    })
    return { functionCode: 20, parts }
  }

  write(request: WriteFileRecord): WriteFileRecord {
    const targets = request.parts.map(({ referenceType, file, record, registers }) =>
      this.#checked(referenceType, file, record, registers.length / 2),
    )
    request.parts.forEach(({ registers }, part) => {
      const target = targets[part]!
      for (let i = 0; i < target.length; i++) target[i] = registers[2 * i]! * 256 + registers[2 * i + 1]!
    })
    return request
  }

  /** 6.14, state diagram: reference type, file and records are all matters of the address. */
  #checked(referenceType: number, file: number, record: number, count: number): Uint16Array {
    if (referenceType !== FILE_REFERENCE_TYPE) throw new ModbusException(2)
    return this.block(file, record, count)
  }
}

const byteOf = (values: Uint16Array, at: number): number =>
  at % 2 === 0 ? values[at >> 1]! >>> 8 : values[at >> 1]! & 0xff
