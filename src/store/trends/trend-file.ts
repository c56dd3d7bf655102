/** Trend files: a segment's samples in tag order (FORMAT.md, "Trend file"). Derived, so damage means making it again. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { crc32c } from '../crc32c.ts'
import type { OpenFile } from '../files.ts'
import type { TagId } from '../../core/value.ts'
import { ByteSink, decodeNumbers, encodeNumbers } from './number-codec.ts'

const MAGIC = Buffer.from('BFTRND1\n')
const TRAILER_MAGIC = 'BFTE'
const TRAILER_BYTES = 12
const GROUP_BYTES = 16 * 1024
const ZSTD_FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Samples of one tag as columns; a value of NaN stands for none. */
export interface Series {
  readonly time: Float64Array
  readonly value: Float64Array
  readonly status: Float64Array
}

type GroupEntry = [
  firstTag: number,
  lastTag: number,
  offset: number,
  length: number,
  crc: number,
  min: number,
  max: number,
]
export type TrendIndex = readonly GroupEntry[]

/** Collects series, tag by tag in ascending order within a slab, into the bytes of a trend file. */
export class TrendEncoder {
  readonly #parts: Uint8Array[] = [MAGIC]
  readonly #index: GroupEntry[] = []
  #offset = MAGIC.length
  #sink = new ByteSink()
  #directory: [TagId, number, number][] = []
  #min = Infinity
  #max = -Infinity

  add(tag: TagId, series: Series): void {
    this.#directory.push([tag, series.time.length, this.#sink.length])
    encodeNumbers(series.time, this.#sink)
    encodeNumbers(series.value, this.#sink)
    encodeNumbers(series.status, this.#sink)
    for (const time of series.time) {
      if (time < this.#min) this.#min = time
      if (time > this.#max) this.#max = time
    }
    if (this.#sink.length >= GROUP_BYTES) this.endGroup()
  }

  /** Ends a slab too: the next series may begin with any tag. */
  endGroup(): void {
    const first = this.#directory[0]
    if (first === undefined) return
    const headBytes = 4 + this.#directory.length * 12
    const raw = Buffer.alloc(headBytes + this.#sink.length)
    raw.writeUInt32LE(this.#directory.length, 0)
    for (const [at, [tag, count, offset]] of this.#directory.entries()) {
      raw.writeUInt32LE(tag, 4 + at * 12)
      raw.writeUInt32LE(count, 8 + at * 12)
      raw.writeUInt32LE(headBytes + offset, 12 + at * 12)
    }
    raw.set(this.#sink.bytes.subarray(0, this.#sink.length), headBytes)
    const stored = zstdCompressSync(raw, ZSTD_FAST)
    const lastTag = this.#directory.at(-1)![0]
    this.#index.push([first[0], lastTag, this.#offset, stored.length, crc32c(stored), this.#min, this.#max])
    this.#parts.push(stored)
    this.#offset += stored.length
    this.#sink.length = 0
    this.#directory = []
    this.#min = Infinity
    this.#max = -Infinity
  }

  finish(): Buffer {
    this.endGroup()
    const index = Buffer.from(JSON.stringify(this.#index))
    const trailer = Buffer.alloc(TRAILER_BYTES)
    trailer.writeUInt32LE(crc32c(index), 0)
    trailer.writeUInt32LE(index.length, 4)
    trailer.write(TRAILER_MAGIC, 8, 'latin1')
    return Buffer.concat([...this.#parts, index, trailer])
  }
}

/** The index of a trend file; undefined when it does not check. */
export async function readTrendIndex(file: OpenFile): Promise<TrendIndex | undefined> {
  const size = await file.size()
  const trailer = Buffer.alloc(TRAILER_BYTES)
  if (size < TRAILER_BYTES || (await file.read(trailer, size - TRAILER_BYTES)) < TRAILER_BYTES) return undefined
  const length = trailer.readUInt32LE(4)
  if (trailer.toString('latin1', 8) !== TRAILER_MAGIC || length > size - TRAILER_BYTES) return undefined
  const index = Buffer.alloc(length)
  await file.read(index, size - TRAILER_BYTES - length)
  return crc32c(index) === trailer.readUInt32LE(0) ? (JSON.parse(index.toString()) as TrendIndex) : undefined
}

/** The series of one tag that may hold samples between two times, in the order they were logged; undefined when damaged. */
export async function readSeries(
  file: OpenFile,
  index: TrendIndex,
  tag: TagId,
  from: number,
  to: number,
): Promise<Series[] | undefined> {
  const found: Series[] = []
  for (const [firstTag, lastTag, offset, length, crc, min, max] of index) {
    if (tag < firstTag || tag > lastTag || max < from || min > to) continue
    const stored = Buffer.alloc(length)
    await file.read(stored, offset)
    if (crc32c(stored) !== crc) return undefined
    const series = seriesIn(zstdDecompressSync(stored), tag)
    if (series !== undefined) found.push(series)
  }
  return found
}

function seriesIn(group: Buffer, tag: TagId): Series | undefined {
  const count = group.readUInt32LE(0)
  for (let at = 4; at < 4 + count * 12; at += 12) {
    if (group.readUInt32LE(at) !== tag) continue
    const length = group.readUInt32LE(at + 4)
    const time = decodeNumbers(group, group.readUInt32LE(at + 8), length)
    const value = decodeNumbers(group, time.end, length)
    const status = decodeNumbers(group, value.end, length)
    return { time: time.values, value: value.values, status: status.values }
  }
  return undefined
}
