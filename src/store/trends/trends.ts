/**
 * History of one tag. Sealed segments are turned into trend files in the background, one after another; what is not yet in one
 * is read from the segment, and the newest from memory. A trend file lives and goes with its segment.
 */
import { IS_OTHER } from '../../core/batch.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { TagId } from '../../core/value.ts'
import { breathe } from '../breathe.ts'
import type { FileSystem, OpenFile } from '../files.ts'
import { rowFrom } from '../log/frame-rows.ts'
import { FrameReader } from '../log/reader.ts'
import type { Segment } from '../log/segment.ts'
import type { Tail } from '../log/tail.ts'
import { HistoryCollector, type HistorySeries } from './history.ts'
import { numberAt, transpose } from './transpose.ts'
import { readSeries, readTrendIndex, type TrendIndex } from './trend-file.ts'

/** Indexes of this many trend files are kept in memory. */
const KEPT_INDEXES = 128
const FRAMES_A_STEP = 8

/** What trends need of the log. */
export interface TrendSource {
  readonly segments: readonly Segment[]
  readonly tail: Tail
}

export interface TrendOptions {
  readonly files: FileSystem
  readonly log: Log
}

export class Trends {
  readonly #options: TrendOptions
  readonly #stop = new AbortController()
  readonly #indexes = new Map<string, TrendIndex>()
  readonly #queue: Segment[] = []
  readonly #removed = new WeakSet<Segment>()
  #working: Promise<void> | undefined
  #source: TrendSource | undefined

  constructor(options: TrendOptions) {
    this.#options = options
  }

  /** Finds the trend files that are there and begins to make the others. */
  async start(source: TrendSource): Promise<void> {
    this.#source = source
    for (const segment of source.segments) {
      segment.trendBytes = await this.#sizeOf(segment)
      if (segment.sealed && segment.trendBytes === 0) this.add(segment)
    }
  }

  /** A segment that gets no more frames. */
  add(segment: Segment): void {
    this.#queue.push(segment)
    this.#working ??= this.#work().finally(() => (this.#working = undefined))
  }

  /** The segment is about to go. */
  async remove(segment: Segment): Promise<void> {
    this.#removed.add(segment)
    const path = trendPath(segment)
    this.#indexes.delete(path)
    await this.#options.files.remove(path)
  }

  /** Resolves when every sealed segment so far has its trend file. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.idle()
  }

  async history(tag: TagId, from: number, to: number, points: number, signal: AbortSignal): Promise<HistorySeries> {
    const collector = new HistoryCollector(from, to, points)
    const { tail, segments } = this.#source!
    const reader = new FrameReader(this.#options.files, () => undefined)
    let covered = 0
    try {
      // While this waits for the disk the tail's beginning may move on; then the segments have more.
      for (let before = -1; covered > before && !reaches(tail, covered);) {
        before = covered
        for (const segment of segments.filter(({ lastSeq }) => lastSeq > before)) {
          if (reaches(tail, covered)) break
          signal.throwIfAborted()
          // An open segment may grow while this waits.
          const { lastSeq } = segment
          if (await this.#isDone(segment, tag, from, to, collector)) covered = lastSeq
          else covered = await scan(reader, segment, covered, tail, tag, collector, signal)
        }
      }
    } finally {
      await reader.close()
    }
    collectTail(tail, covered + 1, tag, collector)
    return collector.series()
  }

  /** True when a segment has nothing to add, or its trend file has added it. */
  async #isDone(segment: Segment, tag: TagId, from: number, to: number, into: HistoryCollector): Promise<boolean> {
    if (segment.minTime === null || segment.minTime > to || segment.maxTime! < from) return true
    return segment.sealed && segment.trendBytes > 0 && (await this.#fromTrend(segment, tag, from, to, into))
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
      const segment = this.#queue.shift()!
      if (segment.samples === 0 || this.#removed.has(segment)) continue
      await this.#make(segment)
    }
  }

  async #make(segment: Segment): Promise<void> {
    const { files, log } = this.#options
    const reader = new FrameReader(files, () => undefined)
    const path = trendPath(segment)
    try {
      const bytes = await transpose(segment, reader, this.#stop.signal)
      await files.remove(path)
      await writeFile(files, path, bytes)
      if (this.#removed.has(segment)) await files.remove(path)
      else segment.trendBytes = bytes.length
    } catch (error) {
      if (this.#stop.signal.aborted || this.#removed.has(segment)) return
      // Half a file takes room that the log may need.
      await files.remove(path).catch(() => undefined)
      log.warn({ path, error: messageOf(error) }, `no trend file for ${segment.path}: its history is read from the log`)
    } finally {
      await reader.close()
    }
  }

  async #fromTrend(segment: Segment, tag: TagId, from: number, to: number, into: HistoryCollector): Promise<boolean> {
    const path = trendPath(segment)
    let file: OpenFile | undefined
    try {
      file = await this.#options.files.open(path, 'read')
      const index = this.#indexes.get(path) ?? (await readTrendIndex(file))
      const found = index === undefined ? undefined : await readSeries(file, index, tag, from, to)
      if (found === undefined) throw new Error('it is damaged')
      this.#keep(path, index!)
      for (const { time, value, status } of found) {
        for (let row = 0; row < time.length; row++) into.add(time[row]!, value[row]!, status[row]!)
      }
      return true
    } catch (error) {
      this.#options.log.warn({ path, error: messageOf(error) }, `the trend file ${path} is made again`)
      segment.trendBytes = 0
      this.add(segment)
      return false
    } finally {
      await file?.close()
    }
  }

  #keep(path: string, index: TrendIndex): void {
    this.#indexes.delete(path)
    this.#indexes.set(path, index)
    const oldest = this.#indexes.keys().next().value
    if (this.#indexes.size > KEPT_INDEXES && oldest !== undefined) this.#indexes.delete(oldest)
  }

  async #sizeOf(segment: Segment): Promise<number> {
    try {
      const file = await this.#options.files.open(trendPath(segment), 'read')
      try {
        return (await readTrendIndex(file)) === undefined ? 0 : await file.size()
      } finally {
        await file.close()
      }
    } catch {
      return 0
    }
  }
}

const trendPath = (segment: Segment): string => segment.path.replace(/\.seg$/, '.trend')

async function writeFile(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, 'create')
  try {
    await file.write(bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The tail has everything after `covered`. */
const reaches = (tail: Tail, covered: number): boolean => (tail.firstSeq ?? Infinity) <= covered + 1

/** Reads what a segment has after `covered` and before the tail; returns how far that is. */
async function scan(
  reader: FrameReader,
  segment: Segment,
  covered: number,
  tail: Tail,
  tag: TagId,
  into: HistoryCollector,
  signal: AbortSignal,
): Promise<number> {
  const limit = Math.min(segment.lastSeq, (tail.firstSeq ?? Infinity) - 1)
  let frames = 0
  for (let seq = Math.max(covered + 1, segment.firstSeq); seq <= limit;) {
    signal.throwIfAborted()
    const frame = await reader.read(segment, seq).catch(() => undefined)
    if (frame === undefined) break
    const end = rowFrom(frame, Math.min(frame.endSeq, limit + 1))
    const { rows } = frame
    for (let row = rowFrom(frame, seq); row < end; row++) {
      if (rows.tag[row] !== tag || rows.flags[row]! & IS_OTHER) continue
      into.add(rows.time[row]!, numberAt(rows, row, rows.flags[row]!), rows.status[row]!)
    }
    seq = frame.endSeq
    if (++frames % FRAMES_A_STEP === 0) await breathe()
  }
  return Math.max(limit, covered)
}

function collectTail(tail: Tail, first: number, tag: TagId, into: HistoryCollector): void {
  for (const { rows, firstSeq, endSeq } of tail.blocks) {
    if (endSeq <= first) continue
    for (let row = Math.max(0, first - firstSeq); row < rows.length; row++) {
      if (rows.tag[row] !== tag || rows.flags[row]! & IS_OTHER) continue
      into.add(rows.time[row]!, numberAt(rows, row, rows.flags[row]!), rows.status[row]!)
    }
  }
}
