/**
 * The durable log of all samples: gives out sequence numbers, keeps the newest rows in memory, makes them durable in groups, hands
 * out cursors and lets the oldest segments go. See FORMAT.md.
 */
import { join } from 'node:path'
import type { SampleBatch } from '../../core/batch.ts'
import type { Clock } from '../../core/clock.ts'
import { createHistogram } from '../../core/histogram.ts'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import { messageOf } from '../../core/errors.ts'
import { fileNameOf, readWhole, type FileSystem } from '../files.ts'
import { openSlotFile, readSlots } from '../slot-file.ts'
import type { TagFile } from '../tag-file.ts'
import { Account, type CursorState } from './account.ts'
import { ClockSteps } from './clock-steps.ts'
import { GroupCommit } from './commit.ts'
import { LogCursor } from './cursor.ts'
import { createOrdinals, type Ordinals, type Position } from './ordinals.ts'
import { FrameReader } from './reader.ts'
import type { Recovered } from './recovery.ts'
import { countExpired, GrowthRate, totalBytes, type RetentionBounds } from './retention.ts'
import type { Segment } from './segment.ts'
import type { Sequence } from './sequence.ts'
import { Tail } from './tail.ts'
import type { LogView } from './view.ts'
import { Waiters } from './waiters.ts'
import { SegmentWriter } from './writer.ts'

export interface SampleLogOptions {
  readonly dir: string
  readonly files: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly tags: TagFile
  readonly sequence: Sequence
  readonly recovered: Recovered
  readonly syncEveryMs: number
  readonly segmentBytes: number
  readonly segmentAgeMs: number
  readonly maxPendingRows: number
  readonly tailRows: number
  readonly wakeEveryMs: number
  readonly retention: RetentionBounds
  onSealed(segment: Segment): void
  onRemoved(segment: Segment): Promise<void>
}

type OpenGap = { -readonly [K in keyof Gap]: Gap[K] } & { samples: number }

export class SampleLog implements LogView {
  readonly #options: SampleLogOptions
  readonly #sequence: Sequence
  readonly #segments: Segment[]
  readonly #commit: GroupCommit
  readonly #writer: SegmentWriter
  readonly #waiters: Waiters
  readonly #cursors = new Map<string, LogCursor>()
  readonly #damage = new Set<string>()
  readonly #growth = new GrowthRate()
  readonly #steps: ClockSteps
  readonly #sweep
  #removing: Promise<void> = Promise.resolve()
  /** Rows are being refused since: one gap with one number, however long it lasts. */
  #refusing: OpenGap | undefined
  refused = 0
  readonly ordinals: Ordinals
  readonly tail: Tail
  readonly fsyncSeconds = createHistogram()

  /** `sequence` has begun; `lastFound` is the last number that recovery found. */
  constructor(options: SampleLogOptions, lastFound: number) {
    const { clock, log, sequence, recovered, files, dir } = options
    this.#options = options
    this.#sequence = sequence
    this.#segments = [...recovered.segments]
    this.tail = new Tail(options.tailRows)
    this.ordinals = createOrdinals(this.#segments, sequence.known)
    this.#waiters = new Waiters(clock, options.wakeEveryMs)
    this.#writer = new SegmentWriter(
      {
        files,
        folder: join(dir, 'log'),
        logId: sequence.logId,
        clock,
        segmentBytes: options.segmentBytes,
        segmentAgeMs: options.segmentAgeMs,
        fsyncSeconds: this.fsyncSeconds,
        tagName: (id) => options.tags.name(id),
        ordinalBefore: (seq) => this.ordinals.at(seq - 1),
        onOpened: (segment) => this.#segments.push(segment),
        onSealed: (segment) => options.onSealed(segment),
      },
      recovered.highestNumber,
    )
    this.#commit = new GroupCommit(
      {
        clock,
        log,
        syncEveryMs: options.syncEveryMs,
        writer: this.#writer,
        tail: this.tail,
        onDurable: () => this.#onDurable(),
      },
      lastFound,
    )
    if (!sequence.wasClean && sequence.next > lastFound + 1) this.#noteUncleanStop(lastFound)
    else this.#commit.durableSeq = sequence.next - 1
    sequence.durable = () => this.durable
    this.#sweep = clock.every(60_000, () => this.#onDurable())
    this.#growth.note(clock.monotonic(), 0)
    this.#steps = new ClockSteps(clock, sequence.clockSteps, sequence.next - 1)
  }

  get head(): Position {
    return this.ordinals.position(this.#sequence.next - 1)
  }

  get nextSeq(): number {
    return this.#sequence.next
  }

  get readableSeq(): number {
    return this.#refusing?.fromSeq ?? this.#sequence.next
  }

  get oldestSeq(): number {
    const oldest = this.#segments[0]?.firstSeq ?? Infinity
    return Math.min(oldest, this.tail.firstSeq ?? Infinity, this.#sequence.next)
  }

  get durable(): Position {
    return this.ordinals.position(this.#commit.durableSeq)
  }

  get failed(): string | null {
    return this.#commit.failed
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get corruptFrames(): number {
    return this.#options.recovered.corruptFrames + this.#damage.size
  }

  get bytes(): number {
    return totalBytes(this.#segments)
  }

  get writer(): { readonly bytesWritten: number; readonly fsyncs: number } {
    return this.#writer
  }

  /** Samples that wait for the disk. */
  get pendingRows(): number {
    return this.tail.rowsAfter(this.#commit.durableSeq)
  }

  /** Hours until retention by bytes begins to drop; null when unknown, and while nothing can be written. */
  get hoursLeft(): number | null {
    if (this.failed !== null) return null
    const rate = this.#growth.perMs(this.#options.clock.monotonic(), this.#writer.bytesWritten)
    if (rate === undefined || rate <= 0) return null
    return Math.max(0, this.#options.retention.maxBytes - this.bytes) / rate / 3_600_000
  }

  /** Takes a batch and returns the number of its first row; 0 when it was refused. */
  append(batch: SampleBatch): number {
    const count = batch.length
    for (const cursor of this.#cursors.values()) cursor.route(count)
    if (this.#mustRefuse(count)) {
      this.#refuse(count, batch.receivedAt)
      return 0
    }
    const seq = this.#sequence.next
    this.tail.append(batch, seq)
    this.#sequence.next = seq + count
    this.#commit.schedule()
    this.#waiters.notify()
    return seq
  }

  flush(): Promise<void> {
    return this.#commit.flush()
  }

  /** The cursor of a sink; the same one when it is open already. */
  async openCursor(sink: string): Promise<LogCursor> {
    const open = this.#cursors.get(sink)
    if (open !== undefined) return open
    const { files, clock, log, dir } = this.#options
    const folder = join(dir, 'cursors')
    const { slots, state, damaged } = await openSlotFile(files, join(folder, `${fileNameOf(sink)}.cursor`), folder)
    if (damaged) log.warn({ sink }, `the cursor of ${sink} is damaged: it begins again at the oldest sample`)
    const account = this.#accountOf(state as CursorState | undefined)
    const reader = new FrameReader(files, (segment, offset) => this.#noteDamage(segment, offset))
    const onClosed = () => void this.#cursors.delete(sink)
    const cursor = new LogCursor(
      { sink, view: this, reader, slots, clock, log, flush: () => this.flush(), onClosed },
      account,
    )
    if (account.acked.seq < this.oldestSeq - 1) cursor.overtaken(this.ordinals.position(this.oldestSeq - 1))
    this.#cursors.set(sink, cursor)
    return cursor
  }

  /** Flushes, seals and persists; throws when the disk refuses. */
  async close(): Promise<void> {
    this.#endRefusal()
    this.#stopTimers()
    try {
      await this.flush()
      await this.#writer.seal()
    } finally {
      await this.#removing
      for (const cursor of this.#cursors.values()) await cursor.close()
      this.#commit.stop()
    }
  }

  segmentFor(seq: number): Segment | undefined {
    return this.#segments.find((segment) => segment.lastSeq >= seq)
  }

  receivedAt(seq: number): number | undefined {
    const block = this.tail.find(seq)
    if (block !== undefined) return block.received[seq - block.firstSeq]
    const segment = this.segmentFor(seq)
    if (segment === undefined) return this.tail.blocks[0]?.received[0]
    if (seq <= segment.firstSeq) return segment.firstReceived
    const share = (seq - segment.firstSeq) / Math.max(1, segment.lastSeq - segment.firstSeq)
    return segment.firstReceived + share * (segment.lastReceived - segment.firstReceived)
  }

  lose(segment: Segment, why: string): void {
    const at = this.#segments.indexOf(segment)
    if (at < 0) return
    this.#options.log.error({ path: segment.path, why }, `the log segment ${segment.path} cannot be read: ${why}`)
    this.#segments.splice(at, 1)
  }

  wait(signal: AbortSignal): Promise<void> {
    return this.#waiters.wait(signal)
  }

  #noteDamage(segment: Segment, offset: number): void {
    const key = `${segment.number}:${offset}`
    if (this.#damage.has(key)) return
    this.#damage.add(key)
    this.#options.log.error({ path: segment.path, offset }, `a damaged frame in ${segment.path} was skipped`)
  }

  #noteUncleanStop(lastFound: number): void {
    const { segments } = this.#options.recovered
    const known = Math.max(lastFound, this.#sequence.known.seq)
    const now = this.#options.clock.now()
    const fromTime = segments.at(-1)?.lastReceived ?? now
    const toSeq = this.#sequence.next - 1
    // What was known to be durable and is not here was damaged: a gap of known size, which readers find by themselves.
    this.#commit.durableSeq = known
    if (toSeq <= known) return
    const gap: Gap = { fromSeq: known + 1, toSeq, samples: undefined, reason: 'unclean-stop', fromTime, toTime: now }
    this.ordinals.add(gap)
    this.#commit.addGap(gap)
  }

  #accountOf(state: CursorState | undefined): Account {
    const head = this.head
    if (state !== undefined) {
      const { seq, ordinal, delivered, dropped, routed, routedOrdinal } = state
      return new Account({ seq, ordinal }, routed + head.ordinal - routedOrdinal, delivered, dropped)
    }
    const start = this.ordinals.position(this.oldestSeq - 1)
    return new Account(start, head.ordinal - start.ordinal)
  }

  #mustRefuse(count: number): boolean {
    const { maxPendingRows } = this.#options
    const bound = this.#refusing === undefined ? maxPendingRows : maxPendingRows / 2
    const pending = this.pendingRows + this.tail.extraWeightAfter(this.#commit.durableSeq)
    if (pending + count <= bound && this.#sequence.available() > count + 1) {
      this.#endRefusal()
      return false
    }
    return true
  }

  #refuse(count: number, receivedAt: number): void {
    this.refused += count
    if (this.#refusing === undefined) {
      const seq = this.#sequence.next++
      const times = { fromTime: receivedAt, toTime: receivedAt }
      this.#refusing = { fromSeq: seq, toSeq: seq, samples: 0, reason: 'overflow', ...times }
      this.ordinals.add(this.#refusing)
      this.#options.log.error({ pending: this.pendingRows }, 'the disk has fallen too far behind: samples are refused')
    }
    this.#refusing.samples += count
    this.#refusing.toTime = receivedAt
  }

  #endRefusal(): void {
    const gap = this.#refusing
    if (gap === undefined) return
    this.#refusing = undefined
    this.#options.log.warn({ samples: gap.samples }, `${gap.samples} samples were refused while the disk was behind`)
    this.#commit.addGap(gap)
    this.#waiters.notify()
  }

  #onDurable(): void {
    const { clock, retention, maxPendingRows } = this.#options
    this.#growth.note(clock.monotonic(), this.#writer.bytesWritten)
    this.#lookAtClock()
    if (this.pendingRows <= maxPendingRows / 2) this.#endRefusal()
    const expired = countExpired(this.#segments, retention, this.#steps)
    if (expired > 0) this.#expire(this.#segments.splice(0, expired))
  }

  #lookAtClock(): void {
    if (!this.#steps.look(this.#sequence.next - 1, this.oldestSeq)) return
    this.#options.log.warn(
      { ms: this.#steps.all.at(-1)!.ms },
      'the clock was set; the age of older samples is counted on',
    )
    this.#sequence.clockSteps = this.#steps.all
    this.#sequence.save()
  }

  #expire(expired: readonly Segment[]): void {
    const oldest = this.oldestSeq - 1
    for (const cursor of this.#cursors.values()) cursor.overtaken(this.ordinals.position(oldest))
    const floor = Math.min(oldest, ...[...this.#cursors.values()].map((cursor) => cursor.floor))
    this.ordinals.prune(floor)
    const { files, log } = this.#options
    this.#removing = this.#removing.then(async () => {
      for (const segment of expired) {
        try {
          await this.#options.onRemoved(segment)
          await files.remove(segment.path)
        } catch (error) {
          log.error(
            { path: segment.path, error: messageOf(error) },
            `the log segment ${segment.path} cannot be removed`,
          )
        }
      }
    })
  }

  #stopTimers(): void {
    this.#sweep.cancel()
    this.#waiters.stop()
  }
}

/** The highest number that any cursor file says was durable. */
export async function knownByCursors(files: FileSystem, dir: string): Promise<number> {
  let known = 0
  for (const name of await files.list(join(dir, 'cursors'))) {
    const bytes = await readWhole(files, join(dir, 'cursors', name))
    const state = (bytes === undefined ? undefined : readSlots(bytes)) as CursorState | undefined
    known = Math.max(known, state?.seq ?? 0, state?.routedSeq ?? 0)
  }
  return known
}
