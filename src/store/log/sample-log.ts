/**
 * The durable log of all samples: gives out sequence numbers, keeps the newest rows in memory, makes them durable in groups, hands
 * out cursors and lets the oldest segments go. See FORMAT.md.
 */
import { join } from 'node:path'
import type { SampleBatch } from '../../core/batch.ts'
import type { CursorOrder } from '../../core/cursor.ts'
import type { Clock } from '../../core/clock.ts'
import { createHistogram, DISK_BOUNDS } from '../../core/histogram.ts'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import type { TagId } from '../../core/value.ts'
import type { FileSystem } from '../files.ts'
import type { TagFile } from '../tag-file.ts'
import { ClockSteps } from './clock-steps.ts'
import { GroupCommit } from './commit.ts'
import { openCursorFile } from './cursor-file.ts'
import { LogCursor } from './cursor.ts'
import type { LogTrends } from './log-trends.ts'
import { createOrdinals, type Ordinals, type Position } from './ordinals.ts'
import { FrameReader } from './reader.ts'
import type { Recovered } from './recovery.ts'
import { Holding } from './holding.ts'
import { totalBytes, type RetentionBounds } from './retention.ts'
import { Refusal, type Loss, type RefusalReason } from './refusal.ts'
import { Room } from './room.ts'
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
  /** The furthest place that was said to be durable, by the sequence file or a cursor: where the log goes on when no segment is left. */
  readonly known: Position
  readonly syncEveryMs: number
  readonly segmentBytes: number
  readonly segmentAgeMs: number
  readonly preallocateBytes: number
  readonly maxPendingRows: number
  readonly tailRows: number
  readonly wakeEveryMs: number
  readonly retention: RetentionBounds
  /** Thinning keeps about one of so many samples of a tag, and the extremes. */
  readonly thinOneIn: number
  /** What is made of segments and outlives them. */
  readonly trends: LogTrends
}

/** A cursor is written this often, and every fifth commit where those are rare, up to five times as seldom: each time wears flash. */
const PERSIST_MS = 1000

const IN_ORDER: CursorOrder = { order: 'in-order' }

export class SampleLog implements LogView {
  readonly #options: SampleLogOptions
  readonly #sequence: Sequence
  readonly #segments: Segment[]
  readonly #commit: GroupCommit
  readonly #writer: SegmentWriter
  readonly #waiters: Waiters
  readonly #cursors = new Map<string, LogCursor>()
  readonly #damage = new Set<string>()
  readonly #holding: Holding
  readonly #steps: ClockSteps
  readonly #sweep
  readonly #room: Room
  /** Told when the log begins and ends to be full, with the policy `block`. */
  onBlocked: (isBlocked: boolean) => void = () => undefined
  #isBlocked = false
  /** Told after each commit. */
  readonly committed = new Set<(durableSeq: number) => void>()
  readonly refusal: Refusal
  readonly ordinals: Ordinals
  readonly tail: Tail
  readonly fsyncSeconds = createHistogram(DISK_BOUNDS)

  /** `sequence` has begun; `lastFound` is the last number that recovery found. */
  constructor(options: SampleLogOptions, lastFound: number) {
    const { clock, log, sequence, recovered, files, dir } = options
    this.#options = options
    this.#sequence = sequence
    this.#segments = [...recovered.segments]
    this.tail = new Tail(options.tailRows)
    this.ordinals = createOrdinals(this.#segments, options.known)
    this.#waiters = new Waiters(clock, options.wakeEveryMs)
    this.#writer = new SegmentWriter(
      {
        files,
        folder: join(dir, 'log'),
        logId: sequence.logId,
        clock,
        segmentBytes: options.segmentBytes,
        segmentAgeMs: options.segmentAgeMs,
        preallocateBytes: options.preallocateBytes,
        fsyncSeconds: this.fsyncSeconds,
        tagName: (id) => options.tags.name(id),
        ordinalBefore: (seq) => this.ordinals.at(seq - 1),
        onOpened: (segment) => this.#segments.push(segment),
        onSealed: (segment) => options.trends.add(segment),
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
        onFullDisk: () => this.#room.makeOnFullDisk(),
      },
      lastFound,
    )
    if (!sequence.wasClean && sequence.next > lastFound + 1) this.#noteUncleanStop(lastFound)
    else this.#commit.durableSeq = sequence.next - 1
    this.#steps = new ClockSteps(clock, sequence.clockSteps, sequence.next - 1)
    this.refusal = new Refusal({
      sequence,
      ordinals: this.ordinals,
      log,
      onEnd: (gap) => {
        this.#commit.addGap(gap)
        this.#waiters.notify()
      },
    })
    this.#room = new Room({
      files,
      log,
      bounds: options.retention,
      steps: this.#steps,
      thin: {
        files,
        folder: join(dir, 'log'),
        logId: sequence.logId,
        oneIn: options.thinOneIn,
        tagName: (id) => options.tags.name(id),
      },
      segments: this.#segments,
      settledSeq: () => this.#settledSeq(),
      onExpired: () => this.#onExpired(),
      trends: options.trends,
    })
    sequence.durable = () => this.durable
    this.#sweep = clock.every(60_000, () => this.#onDurable())
    this.#holding = new Holding(clock, options.retention, this.#writer)
  }

  get head(): Position {
    return this.ordinals.position(this.#sequence.next - 1)
  }

  get nextSeq(): number {
    return this.#sequence.next
  }

  get readableSeq(): number {
    return this.refusal.seq ?? this.#sequence.next
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

  /** The log is at its bound and keeps what it has. */
  get isFull(): boolean {
    return this.#room.isFull
  }

  /** Samples that wait for the disk. */
  get pendingRows(): number {
    return this.tail.rowsAfter(this.#commit.durableSeq)
  }

  /** How long it lasts. */
  get hours(): { readonly held: number | null; readonly left: number | null } {
    return this.#holding.hours(this, this.#settledSeq())
  }

  /** How long ago number `seq` was received, at `receivedAt` by the clock of then. */
  age(seq: number, receivedAt: number): number {
    return this.#steps.age(seq, receivedAt)
  }

  /** Every sink has everything up to here; Infinity without sinks. */
  #settledSeq(): number {
    return Math.min(Infinity, ...[...this.#cursors.values()].map((cursor) => cursor.settledSeq))
  }

  /** Takes a batch and returns the number of its first row; 0 when it was refused. */
  append(batch: SampleBatch): number {
    const count = batch.length
    for (const cursor of this.#cursors.values()) cursor.route(count)
    const refusal = this.#refusalOf(count)
    if (refusal !== undefined) {
      this.refusal.add(batch, refusal)
      return 0
    }
    const seq = this.#sequence.next
    this.tail.append(batch, seq)
    this.#sequence.next = seq + count
    this.#commit.schedule()
    this.#waiters.notify()
    return seq
  }

  /** Samples that were lost elsewhere, as a gap of one number; false: there is none left just now. */
  noteLoss(loss: Loss): boolean {
    const isNoted = this.refusal.note(loss)
    if (isNoted) for (const cursor of this.#cursors.values()) cursor.route(loss.samples ?? 0)
    return isNoted
  }

  flush(): Promise<void> {
    return this.#commit.flush()
  }

  /** The cursor of a sink; the same one when it is open already. */
  async openCursor(sink: string, order: CursorOrder = IN_ORDER): Promise<LogCursor> {
    const open = this.#cursors.get(sink)
    if (open !== undefined) return open.inOrder(order)
    const { files, clock, log, dir } = this.#options
    const { slots, purged, ...file } = await openCursorFile(files, dir, sink, log)
    // No await from here on: what is appended meanwhile would be on no account.
    const account = file.account({ start: this.ordinals.position(this.oldestSeq - 1), head: this.head })
    const places = [account.acked, ...account.ahead.flatMap(({ from, to }) => [from, to]), ...(purged ? [purged] : [])]
    for (const place of places) this.ordinals.remember(place)
    const createReader = () => new FrameReader(files, (segment, offset) => this.#noteDamage(segment, offset))
    const onClosed = () => void this.#cursors.delete(sink)
    const context = {
      sink,
      view: this,
      createReader,
      slots,
      clock,
      log,
      persistEveryMs: Math.min(5 * PERSIST_MS, Math.max(PERSIST_MS, 5 * this.#options.syncEveryMs)),
      flush: () => this.flush(),
      onClosed,
      onSettled: () => this.#makeRoom(),
    }
    const cursor = new LogCursor(context, account, order, purged)
    if (account.acked.seq < this.oldestSeq - 1) cursor.overtaken(this.ordinals.position(this.oldestSeq - 1))
    this.#cursors.set(sink, cursor)
    return cursor
  }

  limit(bounds: RetentionBounds): void {
    Object.assign(this.#options.retention, bounds)
    this.#makeRoom()
  }

  /** Flushes, seals and persists; throws when the disk refuses. */
  async close(): Promise<void> {
    this.refusal.end()
    this.#sweep.cancel()
    this.#waiters.stop()
    try {
      await this.flush()
      await this.#writer.seal()
    } finally {
      await this.#room.close()
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

  tagsIn(fromSeq: number, toSeq: number): readonly TagId[] | undefined {
    return this.#room.tagsIn(fromSeq, toSeq)
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
    const { recovered: { segments }, sequence: { stopReason: reason } } = this.#options // prettier-ignore
    const known = Math.max(lastFound, this.#options.known.seq)
    const now = this.#options.clock.now()
    const fromTime = segments.at(-1)?.lastReceived ?? now
    const toSeq = this.#sequence.next - 1
    // What was known to be durable and is not here was damaged: a gap of known size, which readers find by themselves.
    this.#commit.durableSeq = known
    if (toSeq <= known) return
    const gap: Gap = { fromSeq: known + 1, toSeq, samples: undefined, reason, fromTime, toTime: now }
    this.ordinals.add(gap)
    this.#commit.addGap(gap)
  }

  #refusalOf(count: number): RefusalReason | undefined {
    const { maxPendingRows, retention } = this.#options
    const bound = this.refusal.seq === undefined ? maxPendingRows : maxPendingRows / 2
    const pending = this.pendingRows + this.tail.extraWeightAfter(this.#commit.durableSeq)
    if (pending + count > bound || this.#sequence.available() <= count + 1) return 'overflow'
    if (this.#room.isFull) return retention.policy === 'block' ? 'blocked' : 'full'
    this.refusal.end()
    return undefined
  }

  #onDurable(): void {
    this.#holding.note()
    this.#lookAtClock()
    this.#makeRoom()
    for (const listener of this.committed) listener(this.#commit.durableSeq)
  }

  #makeRoom(): void {
    this.#room.make()
    this.#tellBlocked()
    if (this.pendingRows <= this.#options.maxPendingRows / 2 && !this.#room.isFull) this.refusal.end()
  }

  #tellBlocked(): void {
    const isBlocked = this.#room.isFull && this.#options.retention.policy === 'block'
    if (isBlocked === this.#isBlocked) return
    this.#isBlocked = isBlocked
    this.onBlocked(isBlocked)
  }

  #lookAtClock(): void {
    const oldest = Math.min(this.oldestSeq, this.#options.trends.oldestSeq)
    if (!this.#steps.look(this.#sequence.next - 1, oldest)) return
    this.#options.log.warn(
      { ms: this.#steps.all.at(-1)!.ms },
      'the clock was set; the age of older samples is counted on',
    )
    this.#sequence.clockSteps = this.#steps.all
    this.#sequence.save()
  }

  #onExpired(): void {
    const oldest = this.oldestSeq - 1
    for (const cursor of this.#cursors.values()) cursor.overtaken(this.ordinals.position(oldest))
    const floors = [...this.#cursors.values()].map((cursor) => cursor.floor)
    // Gaps that are not on the disk yet are asked for when they are written: the segment says how many samples came before it.
    this.ordinals.prune(Math.min(oldest, this.#commit.durableSeq, ...floors))
  }
}
