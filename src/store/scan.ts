/**
 * All samples of some tags between two times, for exports: from the log while it has them, as they are; where only trends are left,
 * numbers and booleans without sequence numbers. In the order of the log, but for trends, whose files are in the order of tags. A segment
 * of which a part has been handed out, and that goes before the rest is asked for, comes whole by way of its trend where it has one: some
 * samples are there twice then.
 * Memory holds one frame at a time, however long the range is.
 */
import { IS_OTHER, SampleBatch } from '../core/batch.ts'
import { messageOf } from '../core/errors.ts'
import type { DataType, TagId } from '../core/value.ts'
import { breathe } from './breathe.ts'
import type { FileSystem } from './files.ts'
import { Block } from './log/block.ts'
import { rowFrom, type DecodedFrame } from './log/frame-rows.ts'
import { FrameReader } from './log/reader.ts'
import type { SampleLog } from './log/sample-log.ts'
import type { Segment } from './log/segment.ts'
import { isPassing } from './log/walk.ts'
import { seriesIn, type Series } from './trends/trend-file.ts'
import type { TrendEntry } from './trends/trend-list.ts'
import type { Trends } from './trends/trends.ts'

/** Source times in ms since 1970: `from` is included, `to` is not. */
export interface ScanRange {
  readonly from: number
  readonly to: number
  /** All where absent. */
  readonly tags?: ReadonlySet<TagId> | undefined
}

export interface ScanContext {
  readonly files: FileSystem
  readonly samples: SampleLog
  readonly trends: Trends
  typeOf(tag: TagId): DataType | undefined
}

/** Where numbers are: in memory, in a segment, or in the trend of one that is gone. */
type Place = { block: Block } | { segment: Segment } | { orphan: TrendEntry }

/** Rows of trends that are handed out together. */
const TREND_ROWS = 8192

/** Batches whose rows have `seq` where they come from the log. What is appended after the start is not in it. */
export async function* scan(context: ScanContext, range: ScanRange, signal: AbortSignal): AsyncGenerator<SampleBatch> {
  const reader = new FrameReader(context.files, () => undefined)
  try {
    yield* new Scan(context, range, reader, signal).run()
  } finally {
    await reader.close()
  }
}

class Scan {
  readonly #context: ScanContext
  readonly #range: ScanRange
  readonly #reader: FrameReader
  readonly #signal: AbortSignal
  /** Everything before this number is done. */
  #next = 0

  constructor(context: ScanContext, range: ScanRange, reader: FrameReader, signal: AbortSignal) {
    this.#context = context
    this.#range = range
    this.#reader = reader
    this.#signal = signal
  }

  async *run(): AsyncGenerator<SampleBatch> {
    const { samples, trends } = this.#context
    const end = samples.nextSeq
    await trends.loaded
    for (const entry of trends.foreign()) yield* this.#trend(entry)
    while (this.#next < end) {
      this.#signal.throwIfAborted()
      const place = this.#nextPlace()
      if (place === undefined) return
      if ('block' in place) yield* this.#fromMemory(place.block, end)
      else if ('segment' in place) yield* this.#segment(place.segment)
      else {
        yield* this.#trend(place.orphan)
        this.#next = place.orphan.lastSeq + 1
      }
      await breathe()
    }
  }

  /** What holds the next number, or the first one behind it; memory before files. */
  #nextPlace(): Place | undefined {
    const { samples, trends } = this.#context
    const block = samples.tail.blocks.find(({ endSeq }) => endSeq > this.#next)
    const segment = trends.segmentAt(this.#next)
    const orphan = trends.orphanAt(this.#next)
    const begins = [block, segment, orphan].map((place) => Math.max(place?.firstSeq ?? Infinity, this.#next))
    const least = Math.min(...begins)
    if (block !== undefined && begins[0] === least) return { block }
    if (segment !== undefined && begins[1] === least) return { segment }
    return orphan === undefined ? undefined : { orphan }
  }

  *#fromMemory({ rows, firstSeq, endSeq }: Block, end: number): Generator<SampleBatch> {
    const frame = { rows, firstSeq, endSeq: Math.min(end, endSeq) }
    const from = this.#next
    this.#next = frame.endSeq
    yield* this.#select(frame, from, false)
  }

  async *#segment(segment: Segment): AsyncGenerator<SampleBatch> {
    const { samples, trends } = this.#context
    const { lastSeq, minTime, maxTime } = segment
    if (minTime === null || minTime >= this.#range.to || maxTime! < this.#range.from)
      return void (this.#next = lastSeq + 1)
    const fuller = trends.fullerThan(segment)
    if (fuller !== undefined) yield* this.#trend(fuller)
    let from = Math.max(this.#next, segment.firstSeq)
    while (from <= lastSeq) {
      this.#signal.throwIfAborted()
      let frame: DecodedFrame | undefined
      try {
        frame = await this.#reader.read(segment, from)
      } catch (error) {
        await this.#reader.close()
        if (isPassing(error)) throw error
        // Where it was let go meanwhile its trend is in the list by now, and is what comes next.
        samples.lose(segment, messageOf(error))
        if (fuller === undefined) return void (this.#next = from)
      }
      if (frame === undefined) break
      yield* this.#select(frame, from, fuller !== undefined)
      from = frame.endSeq
      await breathe()
    }
    this.#next = lastSeq + 1
  }

  /** The wanted rows of a frame from number `from` on; only strings and bytes where the others came from a trend. */
  *#select(frame: DecodedFrame, from: number, onlyOther: boolean): Generator<SampleBatch> {
    const { rows, firstSeq, endSeq, offsets } = frame
    const chosen: number[] = []
    const end = rowFrom(frame, endSeq)
    for (let row = rowFrom(frame, from); row < end; row++) {
      if (onlyOther && (rows.flags[row]! & IS_OTHER) === 0) continue
      if (this.#isWanted(rows.tag[row]!, rows.time[row]!)) chosen.push(row)
    }
    if (chosen.length === 0) return
    const batch = new SampleBatch(chosen.length, rows.receivedAt)
    batch.seq = new Float64Array(chosen.length)
    for (const row of chosen) {
      batch.seq[batch.length] = firstSeq + (offsets?.[row] ?? row)
      batch.pushRow(rows, row)
    }
    yield batch
  }

  async *#trend(entry: TrendEntry): AsyncGenerator<SampleBatch> {
    const { from, to, tags } = this.#range
    const { minTime, maxTime } = entry
    if (minTime >= to || maxTime < from) return
    const wanted = tags && [...tags]
    const has = (first: TagId, last: TagId): boolean =>
      wanted === undefined || wanted.some((tag) => first <= tag && tag <= last)
    const filter = { from, to, has }
    const wants = (tag: TagId): boolean => tags?.has(tag) ?? true
    let batch = new SampleBatch(TREND_ROWS)
    for await (const group of this.#context.trends.groups(entry, filter)) {
      this.#signal.throwIfAborted()
      const full: SampleBatch[] = []
      seriesIn(group, wants, (tag, series) => {
        for (let row = 0; row < series.time.length; row++) {
          if (!this.#isWanted(tag, series.time[row]!)) continue
          if (batch.length === batch.capacity) {
            full.push(batch)
            batch = new SampleBatch(TREND_ROWS)
          }
          this.#push(batch, tag, series, row)
        }
      })
      yield* full
      await breathe()
    }
    if (batch.length > 0) yield batch
  }

  /** A trend has numbers alone: they become again what the tag's type says. */
  #push(batch: SampleBatch, tag: TagId, { time, value, status }: Series, row: number): void {
    const number = value[row]!
    const isNone = Number.isNaN(number)
    const type = this.#context.typeOf(tag)
    const isBig = (type === 'int64' || type === 'uint64') && Number.isInteger(number)
    const typed = isBig ? BigInt(number) : type === 'bool' ? number !== 0 : number
    batch.push(tag, isNone ? undefined : typed, status[row]!, time[row])
  }

  #isWanted(tag: TagId, time: number): boolean {
    const { from, to, tags } = this.#range
    return time >= from && time < to && (tags?.has(tag) ?? true)
  }
}
