/**
 * One sink's reader. Near the head it copies from memory; further back it reads frames from disk; what is not there any more comes
 * as a gap. Its place and ledger are persisted together, at most once a second, never ahead of the fsync.
 */
import { SampleBatch } from '../../core/batch.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import type { Cursor, Ledger, Settled } from '../../core/cursor.ts'
import { isAbort, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import type { SlotFile } from '../slot-file.ts'
import type { Account } from './account.ts'
import { copyRows } from './block.ts'
import type { Position } from './ordinals.ts'
import type { DecodedFrame, FrameReader } from './reader.ts'
import type { Segment } from './segment.ts'
import type { LogView } from './view.ts'

const PERSIST_EVERY_MS = 1000

export interface CursorContext {
  readonly sink: string
  readonly view: LogView
  readonly reader: FrameReader
  readonly slots: SlotFile
  readonly clock: Clock
  readonly log: Log
  /** Resolves when everything appended so far is durable; rejects when the disk refuses. */
  flush(): Promise<void>
  onClosed(): void
}

export class LogCursor implements Cursor {
  readonly #context: CursorContext
  readonly #account: Account
  #read: Position
  #frame: DecodedFrame | undefined
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false
  #isFailing = false

  constructor(context: CursorContext, account: Account) {
    this.#context = context
    this.#account = account
    this.#read = account.acked
    this.#schedule()
  }

  /** The oldest place that this cursor may still ask about. */
  get floor(): number {
    return Math.min(this.#account.acked.seq, this.#read.seq)
  }

  async next(maxRows: number, signal: AbortSignal): Promise<SampleBatch | Gap> {
    for (;;) {
      signal.throwIfAborted()
      const found = this.#fromMemory(maxRows) ?? (await this.#fromDisk(maxRows))
      if (found !== undefined) return found
      if (this.#read.seq + 1 >= this.#context.view.readableSeq) await this.#context.view.wait(signal)
    }
  }

  ack(seq: number, settled: Settled): void {
    this.#account.settle(this.#context.view.ordinals.position(seq), settled)
    this.#schedule()
  }

  rewind(): void {
    this.#read = this.#account.acked
    this.#frame = undefined
  }

  ledger(): Ledger {
    const { view } = this.#context
    return this.#account.ledger(view.head, view.receivedAt(this.#account.acked.seq + 1))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    // What the far side has and the disk does not yet would come again after the restart. A disk that refuses is told elsewhere.
    if (this.#account.acked.seq > this.#context.view.durable.seq) await this.#context.flush().catch(() => undefined)
    await this.#persist()
    await this.#context.slots.close()
    await this.#context.reader.close()
    this.#context.onClosed()
  }

  route(samples: number): void {
    this.#account.route(samples)
  }

  /** Retention has removed everything before `oldest`: what was not read of it is lost now. Rows in flight still may arrive. */
  overtaken(oldest: Position): void {
    const from = this.#read.seq > this.#account.acked.seq ? this.#read : this.#account.acked
    this.#account.drop(from, oldest, 'retention')
  }

  /** Everything up to the last ack that is durable goes to the file. */
  #persist(): Promise<void> {
    const { view, slots, sink, log } = this.#context
    this.#writing = this.#writing.then(async () => {
      try {
        await slots.write(this.#account.state(sink, view.durable, view.head))
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
    this.#timer = this.#context.clock.after(PERSIST_EVERY_MS, () => {
      this.#timer = undefined
      void this.#persist()
    })
  }

  #fromMemory(maxRows: number): SampleBatch | Gap | undefined {
    const { view } = this.#context
    const want = this.#read.seq + 1
    if (want >= view.readableSeq) return undefined
    const recorded = view.ordinals.gapAt(want)
    if (recorded !== undefined) return this.#pass(want, recorded.toSeq, recorded.reason, recorded)
    const block = view.tail.find(want)
    return block === undefined ? undefined : this.#moved(block.slice(want, maxRows))
  }

  async #fromDisk(maxRows: number): Promise<SampleBatch | Gap | undefined> {
    const { view } = this.#context
    const want = this.#read.seq + 1
    if (want >= view.readableSeq) return undefined
    if (want < view.oldestSeq) return this.#pass(want, view.oldestSeq - 1, 'retention')
    if (this.#frame === undefined || want < this.#frame.firstSeq || want >= this.#frame.endSeq) {
      const segment = view.segmentFor(want)
      if (segment === undefined || segment.firstSeq > want) {
        return this.#missing(want, (segment?.firstSeq ?? view.tail.firstSeq ?? view.readableSeq) - 1, 'missing-segment')
      }
      const frame = await this.#readFrame(segment, want)
      if (frame === 'unreadable' || this.#read.seq + 1 !== want) return undefined
      if (frame === undefined) return this.#missing(want, segment.lastSeq, 'corrupt')
      this.#frame = frame
      if (frame.firstSeq > want) return this.#missing(want, frame.firstSeq - 1, 'corrupt')
    }
    return this.#moved(sliceFrame(this.#frame, want, maxRows))
  }

  async #readFrame(segment: Segment, want: number): Promise<DecodedFrame | undefined | 'unreadable'> {
    try {
      return await this.#context.reader.read(segment, want)
    } catch (error) {
      // Too many open files or too little memory pass: that is no reason to leave samples out.
      if (isAbort(error) || isPassing(error)) throw error
      await this.#context.reader.close()
      this.#context.view.lose(segment, messageOf(error))
      return 'unreadable'
    }
  }

  #moved(batch: SampleBatch): SampleBatch {
    this.#read = { seq: this.#read.seq + batch.length, ordinal: this.#read.ordinal + batch.length }
    return batch
  }

  /** A gap that nothing recorded, up to the next recorded one or to `limit`. */
  #missing(want: number, limit: number, reason: string): Gap | undefined {
    const end = this.#context.view.ordinals.runEnd(want, limit)
    return end < want ? undefined : this.#pass(want, end, reason)
  }

  #pass(fromSeq: number, toSeq: number, reason: string, recorded?: Gap): Gap {
    const { view } = this.#context
    const to = view.ordinals.position(toSeq)
    const samples = to.ordinal - this.#read.ordinal
    const fromTime = recorded?.fromTime ?? view.receivedAt(fromSeq) ?? 0
    const toTime = recorded?.toTime ?? view.receivedAt(toSeq + 1) ?? fromTime
    this.#account.drop(this.#read, to, reason)
    this.#read = to
    this.#schedule()
    return { fromSeq, toSeq, samples: recorded === undefined ? samples : recorded.samples, reason, fromTime, toTime }
  }
}

const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'])

const isPassing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && PASSING.has(String(error.code))

function sliceFrame({ rows, firstSeq, endSeq }: DecodedFrame, from: number, maxRows: number): SampleBatch {
  const start = from - firstSeq
  const count = Math.min(maxRows, endSeq - from)
  const batch = new SampleBatch(count, rows.receivedAt)
  copyRows(rows, start, count, batch)
  batch.seq = new Float64Array(count)
  for (let row = 0; row < count; row++) batch.seq[row] = from + row
  return batch
}
