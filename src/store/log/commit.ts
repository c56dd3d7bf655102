/**
 * The group commit: whatever has been appended becomes durable together, at most `syncEveryMs` after its arrival. When the disk
 * refuses, everything stays in memory and is tried again, with growing pauses.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import type { Tail } from './tail.ts'
import type { Entry, SegmentWriter } from './writer.ts'

/** So many rows at most in one write; more are several commits. */
const COMMIT_ROWS = 262_144
const MAX_PAUSE_MS = 5000

export interface CommitContext {
  readonly clock: Clock
  readonly log: Log
  readonly syncEveryMs: number
  readonly writer: SegmentWriter
  readonly tail: Tail
  /** Called after each commit. */
  onDurable(): void
  /** Called when the disk is full; true when something was let go, so that it may be tried again soon. */
  onFullDisk(): boolean
}

export class GroupCommit {
  readonly #context: CommitContext
  readonly #gaps: Gap[] = []
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #pauseMs = 0
  /** Everything up to here survives a power cut. */
  durableSeq: number
  /** Why the last attempt failed; null when it did not. */
  failed: string | null = null

  constructor(context: CommitContext, durableSeq: number) {
    this.#context = context
    this.durableSeq = durableSeq
  }

  /** A gap record to be written at its place. */
  addGap(gap: Gap): void {
    this.#gaps.push(gap)
    this.schedule()
  }

  /** Sees to it that what is pending is committed in time. */
  schedule(): void {
    if (this.#timer !== undefined || this.#running !== undefined) return
    this.#timer = this.#context.clock.after(Math.max(this.#context.syncEveryMs, this.#pauseMs), () => {
      this.#timer = undefined
      // The failure is in `failed` and in the log, and the next attempt is scheduled.
      this.#run().catch(() => undefined)
    })
  }

  /** Commits all that is there now, without waiting for the pace; rejects with STORE_FAILED when the disk refuses. */
  async flush(): Promise<void> {
    // One run may have begun before the newest rows came.
    await this.#running?.catch(() => undefined)
    await this.#run()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #run(): Promise<void> {
    this.stop()
    this.#running ??= this.#commitAll().finally(() => {
      this.#running = undefined
      if (this.failed !== null || this.#take().length > 0) this.schedule()
    })
    return this.#running
  }

  /** What comes while this runs waits for its own turn: each fsync wears flash. */
  async #commitAll(): Promise<void> {
    const until = Math.max(this.#context.tail.endSeq - 1, this.#gaps.at(-1)?.toSeq ?? 0)
    while (this.durableSeq < until) {
      const entries = this.#take()
      if (entries.length === 0) break
      await this.#commit(entries)
    }
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#context.writer.write(entries)
    } catch (error) {
      this.#fail(error)
      throw new GatewayError('STORE_FAILED', `the log cannot be written: ${messageOf(error)}`, { cause: error })
    }
    if (this.failed !== null) this.#context.log.info({}, 'the log can be written again')
    this.failed = null
    this.#pauseMs = 0
    const last = entries.at(-1)!
    this.durableSeq = 'gap' in last ? last.gap.toSeq : last.block.firstSeq + last.end - 1
    while (this.#gaps[0] !== undefined && this.#gaps[0].toSeq <= this.durableSeq) this.#gaps.shift()
    this.#context.tail.trim(this.durableSeq)
    this.#context.onDurable()
  }

  #fail(error: unknown): void {
    const message = messageOf(error)
    if (this.failed === null) {
      this.#context.log.error({ error: message }, `the log cannot be written: ${message}; samples wait in memory`)
    }
    this.failed = message
    const hasRoom = isFullDisk(error) && this.#context.onFullDisk()
    this.#pauseMs = hasRoom ? 0 : Math.min(MAX_PAUSE_MS, Math.max(500, this.#pauseMs * 2))
  }

  /** What is not durable yet, in order. */
  #take(): Entry[] {
    const entries: Entry[] = []
    const { blocks } = this.#context.tail
    let gapAt = 0
    let rows = 0
    const from = this.durableSeq + 1
    let at = blocks.length
    while (at > 0 && blocks[at - 1]!.endSeq > from) at--
    for (const block of blocks.slice(at)) {
      if (rows >= COMMIT_ROWS) return entries
      while (this.#gaps[gapAt] !== undefined && this.#gaps[gapAt]!.fromSeq < block.firstSeq) {
        entries.push({ gap: this.#gaps[gapAt++]! })
      }
      const start = Math.max(0, from - block.firstSeq)
      entries.push({ block, start, end: block.rows.length })
      rows += block.rows.length - start
    }
    for (const gap of this.#gaps.slice(gapAt)) entries.push({ gap })
    return entries
  }
}

/** No space left, or a quota is used up. */
const isFullDisk = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
