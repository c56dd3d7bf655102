/**
 * Makes trend files of sealed segments in the background, one after another, and lets the oldest go at the bounds of their own. What
 * is about to lose its segment comes first.
 */
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { FileSystem } from '../files.ts'
import { FOLLOWED_ROWS } from '../memory-bounds.ts'
import { FrameReader } from '../log/reader.ts'
import type { Segment } from '../log/segment.ts'
import type { TrendEntry, TrendList } from './trend-list.ts'
import { transpose, Transposer } from './transpose.ts'

/** How much and how long trends are kept. */
export interface TrendBounds {
  readonly maxBytes: number
  readonly maxAgeMs: number
}

export interface MakerContext {
  readonly files: FileSystem
  readonly log: Log
  readonly list: TrendList
  readonly bounds: TrendBounds
  /** Of a sealed segment (`slabRowsWithin`). */
  readonly slabRows: number
  readonly logId: string
  /** How long ago number `seq` was received, at `receivedAt` by the clock of then. */
  age(seq: number, receivedAt: number): number
  /** Nothing is made before this. */
  readonly ready: Promise<void>
}

interface Job {
  readonly segment: Segment
  /** It still gets frames: only whole slabs of it are taken. */
  readonly isOpen: boolean
  readonly done: PromiseWithResolvers<void>
}

export class TrendMaker {
  readonly #context: MakerContext
  readonly #stop = new AbortController()
  readonly #queue: Job[] = []
  #current: Job | undefined
  /** Of the segment that is written just now. */
  #follower: Transposer | undefined
  #working: Promise<void> | undefined

  constructor(context: MakerContext) {
    this.#context = context
  }

  /** A segment that gets no more frames. One that has its trend keeps it: the segment may have been thinned since. */
  add(segment: Segment): void {
    if (this.entryOf(segment) !== undefined || segment.samples === 0) return
    this.#queue.push(newJob(segment))
    this.#begin()
  }

  /** Takes what the open segment has got since, when that is enough. */
  follow(segment: Segment): void {
    // One that was sealed without a sample gets no trend: nobody finishes with it.
    if (this.#follower?.segment.sealed === true && this.#follower.segment.samples === 0) this.#follower = undefined
    this.#follower ??= new Transposer(segment, FOLLOWED_ROWS)
    const isBusy = this.#current?.isOpen === true || this.#queue.some(({ isOpen }) => isOpen)
    // The one before is finished first.
    if (this.#follower.segment !== segment || !this.#follower.isDue || isBusy) return
    this.#queue.push(newJob(segment, true))
    this.#begin()
  }

  /** What has been taken so far of a segment that has no trend file yet; nothing where a part of it did not check: the next reading may find it whole. */
  partOf(segment: Segment): Transposer | undefined {
    const follower = this.#followerOf(segment)
    return follower?.isDamaged === true ? undefined : follower
  }

  #followerOf(segment: Segment): Transposer | undefined {
    return this.#follower?.segment === segment ? this.#follower : undefined
  }

  /** Resolves when the segment is no longer needed for its trend; to false when that was not found out because of `stop`. */
  async settle(segment: Segment): Promise<boolean> {
    const { ready } = this.#context
    await ready
    if (this.entryOf(segment) !== undefined || segment.samples === 0) return true
    const at = this.#queue.findIndex((job) => job.segment === segment && !job.isOpen)
    const isCurrent = this.#current?.segment === segment && !this.#current.isOpen
    const job = isCurrent ? this.#current! : (this.#queue.splice(at, at < 0 ? 0 : 1)[0] ?? newJob(segment))
    if (!isCurrent) this.#queue.unshift(job)
    this.#begin()
    await job.done.promise
    return !this.#stop.signal.aborted
  }

  /** The trend of this very stretch of numbers. */
  entryOf({ number, firstSeq, lastSeq }: Segment): TrendEntry | undefined {
    const entry = this.#context.list.find(number)
    return entry?.firstSeq === firstSeq && entry.lastSeq === lastSeq ? entry : undefined
  }

  /** Lets go of what lies beyond the bounds, the oldest first. */
  enforce(): void {
    const { list, bounds, logId, age } = this.#context
    for (let oldest = list.entries[0]; oldest !== undefined; oldest = list.entries[0]) {
      const ageMs = age(oldest.logId === logId ? oldest.lastSeq : Infinity, oldest.lastReceived)
      if (list.bytes <= bounds.maxBytes && ageMs <= bounds.maxAgeMs) return
      void list.remove(oldest)
    }
  }

  /** Resolves when every segment so far has its trend, or cannot have one. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#begin()
    await this.idle()
  }

  #begin(): void {
    this.#working ??= this.#work().finally(() => (this.#working = undefined))
  }

  async #work(): Promise<void> {
    await this.#context.ready
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      this.#current = job
      if (!this.#stop.signal.aborted) await this.#do(job)
      this.#current = undefined
      job.done.resolve()
    }
  }

  /** What the bounds would take away at once is not made: at a start that would be each time all that went before. */
  #isWanted(segment: Segment): boolean {
    if (this.entryOf(segment) !== undefined) return false
    const { list, bounds, age } = this.#context
    if (age(segment.lastSeq, segment.lastReceived) > bounds.maxAgeMs) return false
    const isOldest = segment.number < (list.entries[0]?.number ?? 0)
    return !isOldest || list.bytes + segment.bytes / 2 <= bounds.maxBytes
  }

  async #do({ segment, isOpen }: Job): Promise<void> {
    const { files, log } = this.#context
    const { path } = segment
    const follower = this.#followerOf(segment)
    const reader = new FrameReader(files, (_segment, offset) => {
      if (follower !== undefined) follower.isDamaged = true
      if (!isOpen) log.warn({ path, offset }, `a part of ${path} does not check: its trend is without it`)
    })
    try {
      if (isOpen) await follower?.advanceAll(reader, this.#stop.signal)
      else if (this.#isWanted(segment)) await this.#make(segment, reader)
    } catch (error) {
      if (isOpen) this.#follower = undefined
      if (this.#stop.signal.aborted) return
      log.warn({ path, error: messageOf(error) }, `no trend file for ${path}: its history is read from the log`)
    } finally {
      if (!isOpen && follower !== undefined) this.#follower = undefined
      await reader.close()
    }
  }

  async #make(segment: Segment, reader: FrameReader): Promise<void> {
    const { list, logId, slabRows } = this.#context
    // Where slabs are as small as those of the open segment, what was made of it is the beginning.
    const part = slabRows === FOLLOWED_ROWS ? this.partOf(segment) : undefined
    const transposer = part ?? new Transposer(segment, slabRows)
    const { bytes, summary } = await transpose(transposer, logId, reader, this.#stop.signal)
    await list.put(segment.number, bytes, summary)
    this.enforce()
  }
}

const newJob = (segment: Segment, isOpen = false): Job => ({ segment, isOpen, done: Promise.withResolvers() })
