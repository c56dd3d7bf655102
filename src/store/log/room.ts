/**
 * Room for more: what goes when the log is at its bounds. What is too old goes in any case, then what every sink has; only then the
 * policy decides about samples that a sink still waits for.
 */
import type { Log } from '../../core/log.ts'
import type { TagId } from '../../core/value.ts'
import { GAP_TAGS } from '../../core/sink.ts'
import { messageOf } from '../../core/errors.ts'
import type { FileSystem } from '../files.ts'
import type { ClockSteps } from './clock-steps.ts'
import type { LogTrends } from './log-trends.ts'
import { isTooOld, totalBytes, type RetentionBounds } from './retention.ts'
import type { Segment } from './segment.ts'
import { thinSegment, type ThinContext } from './thin.ts'

export interface RoomContext {
  readonly files: FileSystem
  readonly log: Log
  readonly bounds: RetentionBounds
  readonly steps: ClockSteps
  readonly thin: ThinContext
  readonly trends: LogTrends
  /** Oldest first; changed here. */
  readonly segments: Segment[]
  /** Every sink has everything up to here; Infinity without sinks. */
  settledSeq(): number
  /** These have gone from the list; their files go next. */
  onExpired(expired: readonly Segment[]): void
}

/** A segment is thinned this often at most; after that it goes. */
const MAX_THINNED = 3
const MOST_OVER = 1.25

/** What is remembered of segments that went: whose samples they held. */
interface Gone {
  readonly toSeq: number
  readonly tags: readonly TagId[] | null
}

const KEPT_GONE = 1024

export class Room {
  readonly #context: RoomContext
  readonly #stop = new AbortController()
  readonly #gone: Gone[] = []
  #work: Promise<void> = Promise.resolve()
  #thinning: Segment | undefined
  #isClosing = false
  /** No more may come: only with the policies that keep what is there. */
  isFull = false

  constructor(context: RoomContext) {
    this.#context = context
  }

  /** Looks whether something has to go, and lets it go. */
  make(): void {
    const { bounds, segments, settledSeq } = this.#context
    const expired = this.#countExpired()
    if (expired > 0) this.#expire(expired)
    const isOver = totalBytes(segments) > bounds.maxBytes
    if (bounds.policy === 'thin-oldest' && isOver) this.#thinOldest()
    // The open segment may be larger than all that is allowed (one large commit, zeros written ahead); it goes when more has come.
    const isWaitedFor = (segments.at(-1)?.lastSeq ?? 0) > settledSeq()
    this.isFull = isOver && isWaitedFor && (bounds.policy === 'drop-newest' || bounds.policy === 'block')
  }

  /** The disk has no room although the bounds would allow more. True when something was let go. */
  makeOnFullDisk(): boolean {
    const { segments, bounds, settledSeq, trends } = this.#context
    const oldest = segments[0]
    const isSettled = oldest !== undefined && oldest.sealed && oldest.lastSeq <= settledSeq()
    if (!isSettled && trends.giveWay()) return true
    if (oldest === undefined || !oldest.sealed) return false
    const mayGo = isSettled || bounds.policy === 'drop-oldest' || bounds.policy === 'thin-oldest'
    if (mayGo) this.#expire(1)
    return mayGo
  }

  /** Whose samples were between these numbers, in segments that are gone; undefined: unknown, or too many to name. */
  tagsIn(fromSeq: number, toSeq: number): readonly TagId[] | undefined {
    const there = this.#context.segments.filter(({ firstSeq, lastSeq }) => firstSeq <= toSeq && lastSeq >= fromSeq)
    const gone = this.#gone.filter((one, at) => one.toSeq >= fromSeq && (this.#gone[at - 1]?.toSeq ?? -1) < toSeq)
    const found = new Set<TagId>()
    for (const { tags } of [...gone, ...there]) {
      if (tags === null) return undefined
      for (const tag of tags) found.add(tag)
    }
    return found.size === 0 || found.size > GAP_TAGS ? undefined : [...found]
  }

  /** Resolves when what was begun is done or given up. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  #countExpired(): number {
    const { bounds, segments, steps, settledSeq } = this.#context
    const settled = settledSeq()
    let bytes = totalBytes(segments)
    let expired = 0
    for (const segment of segments) {
      const isOver = bytes > bounds.maxBytes
      // Thinning that does not keep up must not let the log grow for ever.
      const isFarOver = bounds.policy === 'thin-oldest' && bytes > MOST_OVER * bounds.maxBytes
      const mayGo =
        bounds.policy === 'drop-oldest' || segment.lastSeq <= settled || isFarOver || this.#cannotThin(segment)
      if (!segment.sealed || !((isOver && mayGo) || isTooOld(segment, bounds, steps))) break
      if (segment === this.#thinning) break
      bytes -= segment.bytes
      expired++
    }
    return expired
  }

  /** Nothing is left to be thinned: all there is has been, as often as it may. */
  #cannotThin({ thinned }: Segment): boolean {
    const { bounds, segments } = this.#context
    if (bounds.policy !== 'thin-oldest' || thinned < MAX_THINNED) return false
    return !segments.some((segment) => segment.sealed && segment.thinned < MAX_THINNED)
  }

  #expire(count: number): void {
    const { segments, files, log, onExpired, trends } = this.#context
    const expired = segments.splice(0, count)
    for (const { lastSeq, tags } of expired) this.#gone.push({ toSeq: lastSeq, tags })
    this.#gone.splice(0, Math.max(0, this.#gone.length - KEPT_GONE))
    onExpired(expired)
    const settled = expired.map((segment) => trends.settle(segment))
    this.#work = this.#work.then(async () => {
      for (const [at, segment] of expired.entries()) {
        try {
          // One that stays for its trend keeps those behind it: the next start must find no hole.
          this.#isClosing ||= !(await settled[at])
          if (!this.#isClosing) await files.remove(segment.path)
        } catch (error) {
          log.error(
            { path: segment.path, error: messageOf(error) },
            `the log segment ${segment.path} cannot be removed`,
          )
        }
      }
    })
  }

  /** The oldest that still may be. One at a time, in the background. */
  #thinOldest(): void {
    if (this.#thinning !== undefined) return
    const { segments } = this.#context
    const oldest = segments.find(({ sealed, thinned, samples }) => sealed && thinned < MAX_THINNED && samples > 0)
    if (oldest === undefined) return
    this.#thinning = oldest
    this.#work = this.#work.then(() => this.#thin(oldest)).finally(() => (this.#thinning = undefined))
  }

  async #thin(segment: Segment): Promise<void> {
    const { segments, thin, log, trends } = this.#context
    if (!segments.includes(segment)) return
    try {
      if (!(await trends.settle(segment))) return
      const after = await thinSegment(segment, thin, this.#stop.signal)
      const at = segments.indexOf(segment)
      if (after === undefined) segment.thinned = MAX_THINNED
      if (after === undefined || at < 0) return
      segments[at] = after
      log.info(
        { path: segment.path, before: segment.bytes, after: after.bytes },
        'the log is at its bound: old samples were thinned',
      )
      trends.add(after)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      segment.thinned = MAX_THINNED
      log.error({ path: segment.path, error: messageOf(error) }, `the log segment ${segment.path} cannot be thinned`)
    }
  }
}
