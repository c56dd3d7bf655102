/**
 * One sink's reader and its place. In order, it goes through the log from the oldest to the newest. Live-first, it goes on at the head
 * after an outage and makes up for what was missed beside that: new rows before old ones, old ones marked as historical. Place and
 * ledger are persisted together, every now and then, never ahead of the fsync.
 */
import { HISTORICAL, SampleBatch } from '../../core/batch.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import type { Cursor, CursorOrder, Ledger, Settled } from '../../core/cursor.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import type { SlotFile } from '../slot-file.ts'
import { MAX_AHEAD, type Account } from './account.ts'
import type { Position } from './ordinals.ts'
import { Pace } from './pace.ts'
import type { FrameReader } from './reader.ts'
import { bytesAfter } from './segment.ts'
import type { LogView } from './view.ts'
import { Walk } from './walk.ts'

/** What was received longer ago than this is made up for, not live. */
const LATE_MS = 5000

export interface CursorContext {
  readonly sink: string
  readonly view: LogView
  /** A reader of files of its own for each walk. */
  createReader(): FrameReader
  readonly slots: SlotFile
  readonly clock: Clock
  readonly log: Log
  /** How often place and ledger are written: what is delivered again after a kill. */
  readonly persistEveryMs: number
  /** Resolves when everything appended so far is durable; rejects when the disk refuses. */
  flush(): Promise<void>
  /** Something is settled, at most as often as that. */
  onSettled(): void
  onClosed(): void
}

/** The way along the head, while the other one makes up for what was missed. */
interface Live {
  readonly walk: Walk
  readonly reader: FrameReader
  /** Settled on this way up to here. */
  acked: Position
}

export class LogCursor implements Cursor {
  readonly #context: CursorContext
  readonly #account: Account
  #order: CursorOrder
  #pace: Pace
  readonly #reader: FrameReader
  readonly #main: Walk
  #live: Live | undefined
  /** What was handed out last came from the live way. */
  #isLiveOut = false
  /** Everything up to here is let go, although the far side may not have heard of it yet. */
  #purged: Position = { seq: 0, ordinal: 0 }
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false
  #isFailing = false

  /** `purged`: up to where a purge before the last stop went. */
  constructor(context: CursorContext, account: Account, order: CursorOrder, purged?: Position) {
    this.#context = context
    this.#account = account
    this.#order = order
    this.#pace = new Pace(context.clock, order.makeUpRowsPerSecond)
    this.#reader = context.createReader()
    this.#main = this.#walk(this.#reader, account.acked)
    if (purged !== undefined) this.#letGo(purged)
    this.#schedule()
  }

  /** How what was missed is made up for, from now on. */
  inOrder(order: CursorOrder): this {
    this.#order = order
    this.#pace = new Pace(this.#context.clock, order.makeUpRowsPerSecond)
    return this
  }

  /** The oldest place that this cursor may still ask about. */
  get floor(): number {
    return Math.min(this.#account.acked.seq, this.#main.place.seq)
  }

  /** Nobody needs anything up to here: the far side has it, or it was let go. */
  get settledSeq(): number {
    return Math.max(this.#account.acked.seq, this.#purged.seq)
  }

  async next(maxRows: number, signal: AbortSignal): Promise<SampleBatch | Gap> {
    const { view } = this.#context
    for (;;) {
      signal.throwIfAborted()
      this.#choose()
      const found = (await this.#nextLive(maxRows)) ?? (await this.#nextInOrder(maxRows))
      if (found === 'too soon') {
        await this.#pace.wait(this.#live === undefined ? undefined : (stop) => view.wait(stop), signal)
      } else if (found !== undefined) return found
      else if ((this.#live?.walk ?? this.#main).place.seq + 1 >= view.readableSeq) await view.wait(signal)
    }
  }

  ack(seq: number, settled: Settled): void {
    const place = this.#context.view.ordinals.position(seq)
    if (this.#live !== undefined && this.#isLiveOut) {
      this.#account.settleAhead(this.#live.acked, place, settled)
      if (place.seq > this.#live.acked.seq) this.#live.acked = place
    } else this.#account.settle(place, settled)
    this.#schedule()
  }

  rewind(): void {
    this.#account.forgetSkipped()
    this.#main.moveTo(this.#account.acked)
    this.#live?.walk.moveTo(this.#live.acked)
  }

  ledger(): Ledger {
    const { view } = this.#context
    return this.#account.ledger(view.head, view.receivedAt(this.settledSeq + 1))
  }

  get pendingBytes(): number {
    return bytesAfter(this.#context.view.segments, this.settledSeq)
  }

  isSettled(seq: number): boolean {
    return seq <= this.settledSeq || this.#account.ahead.some(({ from, to }) => from.seq < seq && seq <= to.seq)
  }

  purge(): number {
    const before = this.ledger().pending
    const { view } = this.#context
    // Samples that are being refused just now are a gap that has not ended: how many they are is not known yet.
    this.#letGo(view.ordinals.position(view.readableSeq - 1))
    void this.#persist()
    this.#schedule()
    return before - this.ledger().pending
  }

  #letGo(to: Position): void {
    this.#lose(to, 'purged')
    if (to.seq > this.#purged.seq) this.#purged = to
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    // What the far side has and the disk does not yet would come again after the restart. A disk that refuses is told elsewhere.
    const newest = this.#account.ahead.at(-1)?.to.seq ?? this.#account.acked.seq
    if (newest > this.#context.view.durable.seq) await this.#context.flush().catch(() => undefined)
    await this.#persist()
    await this.#context.slots.close()
    await this.#reader.close()
    await this.#live?.reader.close()
    this.#context.onClosed()
  }

  route(samples: number): void {
    this.#account.route(samples)
  }

  /** Retention has removed everything before `oldest`: what was not read of it is lost now. Rows in flight still may arrive. */
  overtaken(oldest: Position): void {
    this.#lose(oldest, 'retention')
  }

  /** Everything up to `to` is dropped, but for what is settled, and for rows in flight on either way. */
  #lose(to: Position, reason: string): void {
    const account = this.#account
    const from = this.#main.place.seq > account.acked.seq ? this.#main.place : account.acked
    const live = this.#live
    if (live === undefined || to.seq <= live.acked.seq) return account.drop(from, to, reason)
    account.drop(from, live.acked, reason)
    account.drop(live.walk.place, to, reason)
  }

  /** Begins a way along the head when the place is late, or the way there has fallen late itself. */
  #choose(): void {
    if (this.#order.order !== 'live-first') return
    const { view } = this.#context
    const place = this.#live?.walk.place ?? this.#main.place
    const head = view.readableSeq - 1
    if (!this.#isLate(place) || head <= place.seq) return
    // The newest rows are live; all before them is made up for.
    const start = view.ordinals.position(
      Math.max(place.seq, view.tail.liveFrom(this.#context.clock.now() - LATE_MS) - 1),
    )
    if (start.seq <= place.seq || this.#account.ahead.length >= MAX_AHEAD) return
    this.#endLive()
    const reader = this.#context.createReader()
    this.#live = { walk: this.#walk(reader, start), reader, acked: start }
  }

  #endLive(): void {
    void this.#live?.reader.close()
    this.#live = undefined
    this.#isLiveOut = false
  }

  async #nextLive(maxRows: number): Promise<SampleBatch | Gap | undefined> {
    const walk = this.#live?.walk
    if (walk === undefined) return undefined
    const found = walk.place.seq < this.#purged.seq ? walk.pass(this.#purged.seq, 'purged') : await walk.next(maxRows)
    if (found !== undefined) this.#isLiveOut = true
    return found
  }

  /** From the oldest on, over what was settled ahead. */
  async #nextInOrder(maxRows: number): Promise<SampleBatch | Gap | 'too soon' | undefined> {
    this.#jump()
    const live = this.#live
    const { seq } = this.#main.place
    if (live !== undefined && seq >= live.walk.place.seq) {
      // It has caught up: one way again.
      this.#endLive()
      return undefined
    }
    const end = this.#account.ahead.find(({ from }) => from.seq >= seq)?.from.seq ?? live?.acked.seq ?? Infinity
    if (seq < Math.min(this.#purged.seq, end))
      return this.#out(this.#main.pass(Math.min(this.#purged.seq, end), 'purged'))
    const isLate = this.#isLate(this.#main.place)
    if (isLate && !this.#pace.isOpen) return 'too soon'
    const found = await this.#main.next(isLate ? Math.min(maxRows, this.#pace.most) : maxRows, end + 1)
    if (found instanceof SampleBatch && isLate) {
      this.#pace.took(found.length)
      if (this.#order.order === 'live-first')
        for (let row = 0; row < found.length; row++) found.flags[row]! |= HISTORICAL
    }
    return this.#out(found)
  }

  /** What is settled ahead is not read again. */
  #jump(): void {
    const { acked, ahead } = this.#account
    if (acked.seq > this.#main.place.seq) this.#main.moveTo(acked)
    const { seq } = this.#main.place
    const over = ahead.find(({ from, to }) => from.seq <= seq && seq < to.seq)
    if (over !== undefined) this.#main.moveTo(over.to)
  }

  #out(found: SampleBatch | Gap | undefined): SampleBatch | Gap | undefined {
    if (found !== undefined) this.#isLiveOut = false
    return found
  }

  /** What comes next was received a while ago. */
  #isLate({ seq }: Position): boolean {
    const { view, clock } = this.#context
    const receivedAt = seq + 1 < view.readableSeq ? view.receivedAt(seq + 1) : undefined
    return receivedAt !== undefined && clock.now() - receivedAt > LATE_MS
  }

  #walk(reader: FrameReader, place: Position): Walk {
    const { view } = this.#context
    const account = this.#account
    const lostSeq = (): number => Math.max(this.#purged.seq, view.oldestSeq - 1)
    const context = {
      view,
      reader,
      joins: true,
      get lostSeq() {
        return lostSeq()
      },
      dropped: (after: Position, to: Position, reason: string) => {
        account.drop(after, to, reason)
        this.#schedule()
      },
      skipped: (after: Position, to: Position, reason: string, samples: number) =>
        account.skip(after, to, reason, samples),
    }
    return new Walk(context, place)
  }

  /** Everything up to the last ack that is durable goes to the file. */
  #persist(): Promise<void> {
    const { view, slots, sink, log } = this.#context
    this.#writing = this.#writing.then(async () => {
      try {
        await slots.write(this.#account.state(sink, view.durable, view.head, this.#purged))
        this.#isFailing = false
      } catch (error) {
        if (!this.#isFailing) log.error({ sink, error: messageOf(error) }, `the cursor of ${sink} cannot be written`)
        this.#isFailing = true
      }
    })
    return this.#writing
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = this.#context.clock.after(this.#context.persistEveryMs, () => {
      this.#timer = undefined
      void this.#persist()
      this.#context.onSettled()
    })
  }
}
