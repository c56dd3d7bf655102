/**
 * History of one tag. Sealed segments are turned into trend files in the background; what is not yet in one is read from the segment,
 * and the newest from memory. Trend files stay when their segments go, within bounds of their own.
 */
import { join } from 'node:path'
import type { Clock, Timer } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { TagId } from '../../core/value.ts'
import { isMissing, type FileSystem } from '../files.ts'
import { FrameReader } from '../log/reader.ts'
import { newestOf, type Segment } from '../log/segment.ts'
import type { Tail } from '../log/tail.ts'
import { HistoryCollector, type HistorySeries, type SampleTaker } from './history.ts'
import { collectSegment, reaches, TailHistory } from './log-history.ts'
import { groupsOf, seriesIn, type TrendFilter } from './trend-file.ts'
import { TrendList, type TrendEntry, type TrendHeights } from './trend-list.ts'
import { TrendMaker, type TrendBounds } from './trend-maker.ts'
import { TrendDamage, TrendReader } from './trend-reader.ts'

const SWEEP_MS = 60_000
const FOLLOW_MS = 1000

/** What trends need of the log. */
export interface TrendSource {
  readonly segments: readonly Segment[]
  readonly tail: Tail
  /** How long ago number `seq` was received, at `receivedAt` by the clock of then. */
  age(seq: number, receivedAt: number): number
}

export interface TrendOptions {
  readonly files: FileSystem
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly bounds: TrendBounds
  /** Rows that are put in tag order at once, of a sealed segment. */
  readonly slabRows: number
}

/** What is said of the trends. */
export interface TrendInfo {
  readonly files: number
  readonly bytes: number
  /** Source time of the oldest sample in a trend file, ms since 1970; null when there is none. */
  readonly oldestTime: number | null
  /** Files, and parts of files, that did not check since the start. */
  readonly damaged: number
}

/** A place in the order of sequence numbers: a segment, or a trend file whose segment is gone. */
type Piece = { readonly segment: Segment; readonly entry?: undefined } | { readonly entry: TrendEntry }

/** Samples of a tag with source times from `from` to `to`, ms since 1970, both included. */
export interface TagRange {
  readonly tag: TagId
  readonly from: number
  readonly to: number
}

interface Taking {
  readonly range: TagRange
  readonly into: SampleTaker
  readonly signal: AbortSignal
}

/** How far samples have been taken, in sequence numbers. */
interface Done {
  covered: number
  /** The segment that was taken by sequence numbers last, as it was then: its trend has all of that once more. */
  begun: Segment | undefined
}

export class Trends {
  readonly #options: TrendOptions
  readonly #list: TrendList
  readonly #reader: TrendReader
  readonly #stop = new AbortController()
  readonly #said = new Set<string>()
  /** Off the log's list, or about to be: their files stay until their trends are made. */
  readonly #leaving = new Set<Segment>()
  #maker!: TrendMaker
  #source!: TrendSource
  #tail!: TailHistory
  #logId = ''
  /** Resolves when all trailers that were there at the start have been read. */
  loaded: Promise<void> = Promise.resolve()
  #timers: Timer[] = []

  constructor(options: TrendOptions) {
    this.#options = options
    const { files, log, dir } = options
    this.#list = new TrendList({ files, log, folder: join(dir, 'trends') })
    this.#reader = new TrendReader(files)
  }

  /** Lists what is there; to be called before numbers and ids are given out. */
  open(): Promise<TrendHeights> {
    return this.#list.open()
  }

  /** Begins to read the other trailers, and then to make what is missing, the newest first. */
  start(source: TrendSource, logId: string): void {
    const { files, log, bounds, slabRows, clock } = this.#options
    this.#source = source
    this.#tail = new TailHistory(source.tail)
    this.#logId = logId
    this.loaded = this.#list.load(this.#stop.signal)
    const age = (seq: number, receivedAt: number): number => source.age(seq, receivedAt)
    this.#maker = new TrendMaker({ files, log, bounds, slabRows, logId, age, list: this.#list, ready: this.loaded })
    const before = source.segments.filter(({ sealed }) => sealed).toReversed()
    void this.loaded.then(() => {
      if (this.#stop.signal.aborted) return
      for (const segment of before) this.#maker.add(segment)
      this.#maker.enforce()
    })
    this.#timers = [clock.every(SWEEP_MS, () => this.#maker.enforce()), clock.every(FOLLOW_MS, () => this.#follow())]
  }

  /** Other bounds from now on. */
  limit(bounds: TrendBounds): void {
    Object.assign(this.#options.bounds, bounds)
  }

  get info(): TrendInfo {
    const { entries, bytes, damaged } = this.#list
    const oldest = entries.reduce((min, { minTime }) => Math.min(min, minTime), Infinity)
    return { files: entries.length, bytes, damaged, oldestTime: Number.isFinite(oldest) ? oldest : null }
  }

  /** The lowest number of this log that a trend file holds; Infinity without one. */
  get oldestSeq(): number {
    return this.#list.entries.find(({ logId }) => logId === this.#logId)?.firstSeq ?? Infinity
  }

  /** A segment that gets no more frames. */
  add(segment: Segment): void {
    this.#maker.add(segment)
  }

  /** A segment is about to go or to be thinned: its trend is made first. False: not now, the store is closing. */
  async settle(segment: Segment): Promise<boolean> {
    this.#leaving.add(segment)
    try {
      return await this.#maker.settle(segment)
    } finally {
      this.#leaving.delete(segment)
    }
  }

  /** The disk is full: the oldest trend goes. False when there is none. */
  giveWay(): boolean {
    const oldest = this.#list.entries[0]
    if (oldest === undefined) return false
    void this.#list.remove(oldest)
    return true
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    for (const timer of this.#timers) timer.cancel()
    await this.loaded
    await this.#maker.stop()
  }

  /** Resolves when every sealed segment so far has its trend file. */
  async idle(): Promise<void> {
    await this.loaded
    await this.#maker.idle()
  }

  async history(tag: TagId, from: number, to: number, points: number, signal: AbortSignal): Promise<HistorySeries> {
    const collector = await this.collect({ tag, from, to }, () => new HistoryCollector(from, to, points), signal)
    return collector.series()
  }

  /**
   * Hands over all samples of a tag in a range of source times but for those that are not wanted, each once. What is being taken in part
   * may go meanwhile: then it begins anew, with another taker.
   */
  async collect<T extends SampleTaker>(range: TagRange, begin: () => T, signal: AbortSignal): Promise<T> {
    await this.loaded
    for (;;) {
      const into = begin()
      if (await this.#takeAll({ range, into, signal })) return into
    }
  }

  /** Trend files of another log, from before this one began: nothing of them can be in this one. */
  foreign(): TrendEntry[] {
    return this.#list.entries.filter(({ logId }) => logId !== this.#logId)
  }

  /** The trend file of this log that holds `seq`, or the first one behind it, of those whose segments are gone. */
  orphanAt(seq: number): TrendEntry | undefined {
    return this.#orphans().find(({ lastSeq }) => lastSeq >= seq)
  }

  /** The trend of a segment that was thinned, made of more of its samples than are left. */
  fullerThan(segment: Segment): TrendEntry | undefined {
    const entry = this.#maker.entryOf(segment)
    return entry !== undefined && entry.thinned < segment.thinned ? entry : undefined
  }

  /** The groups of a trend file that may hold what is wanted. What is not there or damaged is left out, said, counted, and told. */
  async *groups(entry: TrendEntry, filter: TrendFilter, onMissing?: () => void): AsyncGenerator<Buffer> {
    const missing = (offset: number): void => {
      this.#noteDamage(entry, offset)
      onMissing?.()
    }
    try {
      yield* this.#reader.groups(entry, filter, missing)
    } catch (error) {
      // The bounds of the trends may have taken the file away meanwhile.
      if (this.#list.find(entry.number) !== entry) return onMissing?.()
      if (!(error instanceof TrendDamage) && !isMissing(error)) throw error
      missing(0)
      await this.#list.remove(entry)
    }
  }

  /** The segment that holds `seq` or comes next, those included that have left the log while their trends are being made. */
  segmentAt(seq: number): Segment | undefined {
    return this.#segments().find(({ lastSeq }) => lastSeq >= seq)
  }

  /** Those of the log, and those that are about to go, in order. */
  #segments(): readonly Segment[] {
    const { segments } = this.#source
    const leaving = [...this.#leaving].filter((segment) => !segments.includes(segment))
    return leaving.length === 0 ? segments : [...leaving, ...segments].sort((a, b) => a.firstSeq - b.firstSeq)
  }

  #orphans(): TrendEntry[] {
    const there = new Set(this.#segments().map(({ number }) => number))
    return this.#list.entries.filter(({ number, logId }) => logId === this.#logId && !there.has(number))
  }

  #pieces(after: number, from: number, to: number): Piece[] {
    const segments = this.#segments().filter(({ lastSeq }) => lastSeq > after)
    const orphans = this.#orphans().filter(
      ({ lastSeq, minTime, maxTime }) => lastSeq > after && minTime <= to && maxTime >= from,
    )
    const pieces: Piece[] = [...segments.map((segment) => ({ segment })), ...orphans.map((entry) => ({ entry }))]
    return pieces.sort((a, b) => (a.entry ?? a.segment).firstSeq - (b.entry ?? b.segment).firstSeq)
  }

  /** False when a segment went, or was thinned, of which a part had been taken. */
  async #takeAll(taking: Taking): Promise<boolean> {
    const { tail } = this.#source
    const { from, to, tag } = taking.range
    const reader = new FrameReader(this.#options.files, ({ path }, offset) =>
      this.#say(`${path}:${offset}`, { path, offset }, `a part of ${path} does not check and is left out of history`),
    )
    const done: Done = { covered: 0, begun: undefined }
    try {
      for (const entry of this.foreign()) await this.#fromTrend(entry, taking)
      // While this waits for the disk the tail's beginning may move on; then the segments have more.
      for (let before = -1; done.covered > before && !reaches(tail, done.covered);) {
        before = done.covered
        for (const piece of this.#pieces(before, from, to)) {
          if (reaches(tail, done.covered)) break
          taking.signal.throwIfAborted()
          if (!(await this.#take(piece, reader, done, taking))) return false
          // The rest of it is next: it was in the tail when this began.
          if (done.covered < (piece.entry ?? piece.segment).lastSeq) break
        }
      }
      // Nothing is waited for between the last look at the tail and this.
      this.#tail.collect(done.covered + 1, tag, taking.into)
    } finally {
      await reader.close()
    }
    return true
  }

  /** Takes what a piece has after `done.covered`. False: a part of it had been taken, and the rest is in its trend alone. */
  async #take(piece: Piece, reader: FrameReader, done: Done, taking: Taking): Promise<boolean> {
    const { range, into, signal } = taking
    // An open segment may grow while this waits.
    const { number, lastSeq } = piece.entry ?? piece.segment
    if (lastSeq <= done.covered) return true
    const isBegun = done.begun?.number === number
    if (piece.entry !== undefined) {
      if (isBegun) return false
      await this.#fromTrend(piece.entry, taking)
      done.covered = lastSeq
      return true
    }
    const { segment } = piece
    const { minTime, maxTime } = segment
    const isOutside = minTime === null || minTime > range.to || maxTime! < range.from
    const entry = isBegun ? undefined : this.#maker.entryOf(segment)
    if (isOutside || into.wants?.(minTime, maxTime!) === false || (entry && (await this.#fromTrend(entry, taking)))) {
      done.covered = lastSeq
      return true
    }
    if (!isBegun) done.begun = newestOf(segment)
    const part = isBegun ? undefined : this.#maker.partOf(segment)
    if (part !== undefined) {
      done.covered = Math.max(done.covered, part.covered)
      for (const group of groupsOf(part.encoder, part.groups, filterOf(range))) take(group, range.tag, into)
    }
    const got = await collectSegment(reader, segment, done.covered, this.#source.tail, range.tag, into, signal)
    const newest = newestOf(segment)
    // It was thinned meanwhile: its trend was made before, of all that it had.
    if (newest !== done.begun && this.fullerThan(newest) !== undefined) return false
    if (!got.isGone || this.#segments().includes(newest)) {
      if (got.error !== undefined) this.#noteUnread(segment, got.error)
      done.covered = got.seq
      return true
    }
    if (isBegun || part !== undefined || got.hasRows) return false
    // It went while this came to it: then its trend was made before, where one is wanted.
    const late = this.#maker.entryOf(segment)
    if (late !== undefined) await this.#fromTrend(late, taking)
    done.covered = segment.lastSeq
    return true
  }

  /** False when something of it is missing and its segment is there to make it again: then nothing of it was taken. */
  async #fromTrend(entry: TrendEntry, { range, into }: Taking): Promise<boolean> {
    if (into.wants?.(entry.minTime, entry.maxTime) === false) return true
    const filter = filterOf(range)
    const groups: Buffer[] = []
    let isWhole = true
    for await (const group of this.groups(entry, filter, () => (isWhole = false))) groups.push(group)
    const segment = isWhole ? undefined : this.#segments().find((one) => one.number === entry.number)
    if (segment !== undefined) {
      await this.#list.remove(entry)
      this.#maker.add(segment)
      return false
    }
    for (const group of groups) take(group, range.tag, into)
    return true
  }

  #follow(): void {
    const newest = this.#source.segments.at(-1)
    if (newest !== undefined && !newest.sealed) this.#maker.follow(newest)
  }

  #noteDamage({ path }: TrendEntry, offset: number): void {
    const sentence = `the trend file ${path} is damaged; what does not check is left out`
    if (this.#say(`${path}:${offset}`, { path, offset }, sentence)) this.#list.damaged++
  }

  #noteUnread({ path }: Segment, error: unknown): void {
    this.#say(path, { path, error: messageOf(error) }, `${path} cannot be read and is left out of history`)
  }

  /** Once; false when it was said before. */
  #say(key: string, fields: object, sentence: string): boolean {
    if (this.#said.has(key)) return false
    this.#said.add(key)
    this.#options.log.warn(fields, sentence)
    return true
  }
}

const filterOf = ({ tag, from, to }: TagRange): TrendFilter => ({
  has: (first, last) => first <= tag && tag <= last,
  from,
  to,
})

function take(group: Buffer, tag: TagId, into: SampleTaker): void {
  seriesIn(
    group,
    (id) => id === tag,
    (_tag, { time, value, status }) => {
      for (let row = 0; row < time.length; row++) into.add(time[row]!, value[row]!, status[row]!)
    },
  )
}
