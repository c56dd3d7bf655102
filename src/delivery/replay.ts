/**
 * Samples that are delivered again on command, beside what the cursor brings: a stretch of time, or the dead letters. They are counted
 * apart and touch no account; each keeps its sequence number, so that the far side knows what it has already.
 */
import { HISTORICAL, SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf, type PartialWriteError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { LeftOut } from '../core/sink.ts'
import { BatchSize } from './batch-size.ts'
import { decide, everyRow, type Decision } from './decide.ts'

/** What is shown of a replay. Times in ms since 1970. */
export interface ReplayStatus {
  readonly kind: 'range' | 'dead-letters'
  /** Bounds of the source times of a range; null for dead letters. */
  readonly from: number | null
  readonly to: number | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'
  readonly delivered: number
  /** Refused by the far side; dead letters among them stay dead letters. */
  readonly rejected: number
  /** Of which only a trend is left, without numbers: left out. */
  readonly withoutNumber: number
  /** Why it failed; null otherwise. */
  readonly reason: string | null
}

/** Where the samples come from, in order. */
export interface ReplaySource {
  readonly kind: ReplayStatus['kind']
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Samples left out so far because they have no number. */
  withoutNumber?(): number
  /** Numbers are set; batches fit one write. */
  read(signal: AbortSignal): AsyncIterable<SampleBatch>
  /** What became of a batch: the rows that were refused, each with the reason. */
  settled?(batch: SampleBatch, rejected: ReadonlyMap<number, string>): Promise<void>
  /** It is over: everything was read, or not. */
  ended?(isComplete: boolean): Promise<void>
}

class Replay {
  readonly #source: ReplaySource
  readonly #startedAt: number
  readonly #stop = new AbortController()
  readonly #batches: AsyncIterator<SampleBatch>
  #current: SampleBatch | undefined
  /** What is left of a batch that was cut up. */
  #rest: SampleBatch | undefined
  #state: ReplayStatus['state'] = 'waiting'
  #reason: string | null = null
  #endedAt: number | null = null
  #delivered = 0
  /** Of the batch that is written. */
  #leftOut = 0
  #rejected = 0

  constructor(source: ReplaySource, startedAt: number) {
    this.#source = source
    this.#startedAt = startedAt
    this.#batches = source.read(this.#stop.signal)[Symbol.asyncIterator]()
  }

  get status(): ReplayStatus {
    const { kind, from = null, to = null } = this.#source
    return {
      kind,
      from,
      to,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      state: this.#state,
      delivered: this.#delivered,
      rejected: this.#rejected,
      withoutNumber: this.#source.withoutNumber?.() ?? 0,
      reason: this.#reason,
    }
  }

  get isOver(): boolean {
    return this.#endedAt !== null
  }

  /** The batch to write now: the same until it is settled; undefined when all is written. */
  async next(): Promise<SampleBatch | undefined> {
    if (this.#current !== undefined || this.isOver) return this.#current
    this.#state = 'running'
    if (this.#rest !== undefined) {
      this.#current = this.#rest
      this.#rest = undefined
      return this.#current
    }
    const { done, value } = await this.#batches.next()
    if (done === true) return undefined
    for (let row = 0; row < value.length; row++) value.flags[row]! |= HISTORICAL
    this.#current = value
    return value
  }

  /** Only so many rows of the batch are written next. */
  cut(rows: number): void {
    const batch = this.#current!
    const rest = [slice(batch, rows, batch.length), ...(this.#rest === undefined ? [] : [this.#rest])]
    this.#current = slice(batch, 0, rows)
    this.#rest = joined(rest)
  }

  /** What the sink leaves out of the batch on purpose. */
  leave(leftOut: LeftOut): void {
    this.#leftOut = Object.values(leftOut).reduce((sum, count) => sum + count, 0)
  }

  /** The far side has it, but for these rows and what was left out; how many samples that is. */
  async settle(rejected: ReadonlyMap<number, string>): Promise<number> {
    const batch = this.#current!
    await this.#source.settled?.(batch, rejected)
    this.#current = undefined
    const delivered = batch.length - rejected.size - this.#leftOut
    this.#leftOut = 0
    this.#delivered += delivered
    this.#rejected += rejected.size
    return delivered
  }

  /** Ends it. */
  async end(state: 'done' | 'cancelled' | 'failed', now: number, reason: string | null = null): Promise<void> {
    if (this.isOver) return
    this.#state = state
    this.#reason = reason
    this.#endedAt = now
    this.#stop.abort()
    await this.#batches.return?.(undefined).catch(() => undefined)
    await this.#source.ended?.(state === 'done')
  }
}

/** What replays need of their runner. */
export interface ReplayContext {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** No faster than this, so that a far side is not run over; undefined: as fast as it goes. */
  readonly rowsPerSecond?: number | undefined
  write(batch: SampleBatch): Promise<LeftOut | void>
  /** The runner stops: nothing follows from an error any more. */
  isOver(): boolean
  /** Waits as the decision says; the next turn writes again. */
  again(decision: Decision): Promise<void>
}

/** The replays of one sink, one at a time. */
export class Replays {
  readonly #context: ReplayContext
  #current: Replay | undefined
  /** Of its own: what else is written meanwhile must not hide that the same batch fails again and again. */
  #size = new BatchSize(Infinity)
  /** When the next batch may go, by the monotonic clock. */
  #openAt = -Infinity
  /** Samples, since the start. */
  replayed = 0

  constructor(context: ReplayContext) {
    this.#context = context
  }

  get isBusy(): boolean {
    return this.#current?.isOver === false
  }

  /** In how many ms the next batch is to be written: 0 is now; undefined: there is none. */
  get dueInMs(): number | undefined {
    return this.isBusy ? Math.max(0, this.#openAt - this.#context.clock.monotonic()) : undefined
  }

  /** The one that goes on, or the last one. */
  get status(): ReplayStatus | null {
    return this.#current?.status ?? null
  }

  /** Throws BUSY while another one goes on. */
  begin(source: ReplaySource): void {
    const { name, clock } = this.#context
    if (this.isBusy) throw new GatewayError('BUSY', `a replay to ${name} goes on; wait for its end, or cancel it`)
    this.#current = new Replay(source, clock.now())
    this.#size = new BatchSize(Infinity)
  }

  async cancel(): Promise<void> {
    await this.#current?.end('cancelled', this.#context.clock.now())
  }

  /** One batch. What the far side refuses of it is counted; whatever else goes wrong is as with other batches. */
  async step(): Promise<void> {
    const { clock, log } = this.#context
    const replay = this.#current!
    try {
      const batch = await replay.next()
      if (batch === undefined) return await replay.end('done', clock.now())
      const rejected = await this.#write(replay, batch)
      if (rejected === undefined) return
      this.#openAt = this.#context.clock.monotonic() + (batch.length / (this.#context.rowsPerSecond ?? Infinity)) * 1000
      this.replayed += await replay.settle(rejected)
    } catch (error) {
      await replay.end('failed', clock.now(), messageOf(error))
      log.error({ reason: messageOf(error) }, 'the replay ended early')
    }
  }

  /** The rows that were refused; undefined: it has to be written again. Throws when one sample ends the connection each time. */
  async #write(replay: Replay, batch: SampleBatch): Promise<ReadonlyMap<number, string> | undefined> {
    const last = batch.seq?.[batch.length - 1] ?? 0
    try {
      const leftOut = await this.#context.write(batch)
      this.#size.passed(last)
      if (leftOut !== undefined) replay.leave(leftOut)
      return new Map()
    } catch (error) {
      if (this.#context.isOver()) return undefined
      const decision = this.#decide(error, batch)
      if (decision.action === 'reject-rows') {
        replay.leave((error as PartialWriteError).leftOut)
        return decision.rejected
      }
      if (decision.action === 'reject-batch') return everyRow(batch, decision.reason)
      if (decision.action === 'bisect') {
        if (this.#size.halve(batch.length, last)) replay.cut(this.#size.rows)
        else {
          this.#size.found()
          return everyRow(batch, decision.reason)
        }
        return undefined
      }
      if (decision.action === 'reconnect' && this.#size.cut(batch.seq?.[0] ?? 0)) {
        if (this.#size.halve(batch.length, last)) replay.cut(this.#size.rows)
        else {
          const words = `the connection ends each time the sample with number ${last} is sent (${decision.reason})`
          throw new Error(words, { cause: error })
        }
      }
      await this.#context.again(decision)
      return undefined
    }
  }

  #decide(error: unknown, batch: SampleBatch): Decision {
    const decision = decide(error, 1)
    if (decision.action !== 'retry') return decision
    return decide(error, this.#size.failed(batch.seq?.[0] ?? 0, messageOf(error)))
  }
}

function slice(batch: SampleBatch, from: number, to: number): SampleBatch {
  const part = new SampleBatch(to - from, batch.receivedAt)
  for (let row = from; row < to; row++) part.pushRow(batch, row)
  return part
}

function joined(parts: readonly SampleBatch[]): SampleBatch {
  const all = new SampleBatch(
    parts.reduce((rows, { length }) => rows + length, 0),
    parts[0]!.receivedAt,
  )
  for (const part of parts) for (let row = 0; row < part.length; row++) all.pushRow(part, row)
  return all
}
