/**
 * Trend files: a segment's samples in tag order (FORMAT.md, "Trend file"). What is found again at the start is in the trailer, so that
 * the rest of the file is read only when somebody asks.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { crc32c } from '../crc32c.ts'
import { nodeFiles, type OpenFile } from '../files.ts'
import type { TagId } from '../../core/value.ts'
import { ByteSink, decodeNumbers, encodeNumbers } from './number-codec.ts'

const MAGIC = Buffer.from('BFTRND2\n')
const TRAILER_MAGIC = 'BFTE'
const TRAILER_BYTES = 80
const GROUP_BYTES = 16 * 1024
const ZSTD_FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Samples of one tag as columns; a value of NaN stands for none. */
export interface Series {
  readonly time: Float64Array
  readonly value: Float64Array
  readonly status: Float64Array
}

/** What the trailer of a trend file says. */
export interface TrendSummary {
  readonly logId: string
  /** The numbers of the segment that it was made of. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Bounds of the source times; min above max without samples. */
  readonly minTime: number
  readonly maxTime: number
  /** When its newest sample was received. */
  readonly lastReceived: number
  readonly samples: number
  /** The highest tag id in the segment. */
  readonly highestTag: number
  /** How often the segment had been thinned before. */
  readonly thinned: number
}

/** What only the segment knows of a trend file. */
export type TrendOrigin = Omit<TrendSummary, 'minTime' | 'maxTime' | 'samples'>

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
  /** As they will be in the file. */
  readonly groups: Uint8Array[] = []
  readonly index: GroupEntry[] = []
  #offset = MAGIC.length
  #sink = new ByteSink()
  #directory: [TagId, number, number][] = []
  #samples = 0
  #min = Infinity
  #max = -Infinity

  add(tag: TagId, series: Series): void {
    this.#directory.push([tag, series.time.length, this.#sink.length])
    this.#samples += series.time.length
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
    // A copy: what zlib gives is the beginning of a buffer of 64 KiB, all of which would be kept until the file is written.
    const stored = new Uint8Array(zstdCompressSync(raw, ZSTD_FAST))
    const lastTag = this.#directory.at(-1)![0]
    this.index.push([first[0], lastTag, this.#offset, stored.length, crc32c(stored), this.#min, this.#max])
    this.groups.push(stored)
    this.#offset += stored.length
    this.#sink.length = 0
    this.#directory = []
    this.#min = Infinity
    this.#max = -Infinity
  }

  finish(origin: TrendOrigin): { bytes: Buffer; summary: TrendSummary } {
    this.endGroup()
    const minTime = this.index.reduce((min, entry) => Math.min(min, entry[5]), Infinity)
    const maxTime = this.index.reduce((max, entry) => Math.max(max, entry[6]), -Infinity)
    const summary = { ...origin, minTime, maxTime, samples: this.#samples }
    const index = Buffer.from(JSON.stringify(this.index))
    return { bytes: Buffer.concat([MAGIC, ...this.groups, index, encodeTrailer(summary, index)]), summary }
  }
}

function encodeTrailer(summary: TrendSummary, index: Buffer): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.write(summary.logId, 0, 8, 'latin1')
  const { firstSeq, lastSeq, minTime, maxTime, lastReceived, samples } = summary
  for (const [at, value] of [firstSeq, lastSeq, minTime, maxTime, lastReceived, samples].entries())
    trailer.writeDoubleLE(value, 8 + at * 8)
  for (const [at, value] of [summary.highestTag, summary.thinned, index.length, crc32c(index)].entries())
    trailer.writeUInt32LE(value, 56 + at * 4)
  trailer.writeUInt32LE(crc32c(trailer.subarray(0, 72)), 72)
  trailer.write(TRAILER_MAGIC, 76, 'latin1')
  return trailer
}

interface Trailer {
  readonly summary: TrendSummary
  readonly indexAt: number
  readonly indexLength: number
  readonly indexCrc: number
}

async function readTrailer(file: OpenFile, size: number): Promise<Trailer | undefined> {
  const trailer = Buffer.alloc(TRAILER_BYTES)
  if (size < TRAILER_BYTES || (await file.read(trailer, size - TRAILER_BYTES)) < TRAILER_BYTES) return undefined
  if (trailer.toString('latin1', 76) !== TRAILER_MAGIC) return undefined
  if (trailer.readUInt32LE(72) !== crc32c(trailer.subarray(0, 72))) return undefined
  const double = (at: number): number => trailer.readDoubleLE(8 + at * 8)
  const indexLength = trailer.readUInt32LE(64)
  const summary = {
    logId: trailer.toString('latin1', 0, 8),
    firstSeq: double(0),
    lastSeq: double(1),
    minTime: double(2),
    maxTime: double(3),
    lastReceived: double(4),
    samples: double(5),
    highestTag: trailer.readUInt32LE(56),
    thinned: trailer.readUInt32LE(60),
  }
  return { summary, indexAt: size - TRAILER_BYTES - indexLength, indexLength, indexCrc: trailer.readUInt32LE(68) }
}

/** What a trend file says of itself; undefined when that does not check. */
export async function readTrendSummary(file: OpenFile, size: number): Promise<TrendSummary | undefined> {
  const trailer = await readTrailer(file, size)
  return trailer !== undefined && trailer.indexAt >= MAGIC.length ? trailer.summary : undefined
}

/** The index of a trend file; undefined when it does not check. */
export async function readTrendIndex(file: OpenFile): Promise<TrendIndex | undefined> {
  const trailer = await readTrailer(file, await file.size())
  if (trailer === undefined || trailer.indexAt < MAGIC.length) return undefined
  const index = Buffer.alloc(trailer.indexLength)
  await file.read(index, trailer.indexAt)
  return crc32c(index) === trailer.indexCrc ? (JSON.parse(index.toString()) as TrendIndex) : undefined
}

/** What of a trend file is wanted: tags (undefined: all) and source times, both ends included. */
export interface TrendFilter {
  has(firstTag: TagId, lastTag: TagId): boolean
  readonly from: number
  readonly to: number
}

/** The groups that may hold what is wanted, decompressed, in order; one that does not check is told to `onDamaged` and left out. */
export async function* readGroups(
  file: OpenFile,
  index: TrendIndex,
  filter: TrendFilter,
  onDamaged: (offset: number) => void,
): AsyncGenerator<Buffer> {
  for (const [firstTag, lastTag, offset, length, crc, min, max] of index) {
    if (max < filter.from || min > filter.to || !filter.has(firstTag, lastTag)) continue
    const stored = Buffer.alloc(length)
    await file.read(stored, offset)
    if (crc32c(stored) === crc) yield zstdDecompressSync(stored)
    else onDamaged(offset)
  }
}

/** The same of the first `count` groups of a file that is not written yet. */
export function* groupsOf(encoder: TrendEncoder, count: number, filter: TrendFilter): Generator<Buffer> {
  for (let at = 0; at < count; at++) {
    const [firstTag, lastTag, , , , min, max] = encoder.index[at]!
    if (max < filter.from || min > filter.to || !filter.has(firstTag, lastTag)) continue
    yield zstdDecompressSync(encoder.groups[at]!)
  }
}

/** Calls `take` with each series of a group that `wants` its tag. */
export function seriesIn(
  group: Buffer,
  wants: (tag: TagId) => boolean,
  take: (tag: TagId, series: Series) => void,
): void {
  const count = group.readUInt32LE(0)
  for (let at = 4; at < 4 + count * 12; at += 12) {
    const tag = group.readUInt32LE(at)
    if (!wants(tag)) continue
    const length = group.readUInt32LE(at + 4)
    const time = decodeNumbers(group, group.readUInt32LE(at + 8), length)
    const value = decodeNumbers(group, time.end, length)
    const status = decodeNumbers(group, value.end, length)
    take(tag, { time: time.values, value: value.values, status: status.values })
  }
}

/** Gives a file of the log `from` to the log `to`: a restored log has another id, and its trends are its own. */
export async function renameTrend(path: string, from: string, to: string): Promise<void> {
  const file = await nodeFiles.open(path, 'write')
  try {
    const size = await file.size()
    const found = await readTrailer(file, size)
    if (found === undefined || found.summary.logId !== from) return
    const trailer = Buffer.alloc(TRAILER_BYTES)
    await file.read(trailer, size - TRAILER_BYTES)
    trailer.write(to, 0, 8, 'latin1')
    trailer.writeUInt32LE(crc32c(trailer.subarray(0, 72)), 72)
    await file.write(trailer, size - TRAILER_BYTES)
    await file.sync()
  } finally {
    await file.close()
  }
}
