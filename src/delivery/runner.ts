/**
 * One runner a sink: cursor → batch → write → ack. Buffering, retrying, batching and the health of a sink are here and
 * nowhere else; what a thrown error leads to is decided in `decide.ts`. A batch that was not settled is read again from the
 * cursor, so the far side gets every sample at least once, in order, with the same sequence number each time.
 */
import { SampleBatch } from '../core/batch.ts'
import { sleep, type Timer } from '../core/clock.ts'
import { GatewayError, messageOf, type PartialWriteError } from '../core/errors.ts'
import { createHistogram, observe } from '../core/histogram.ts'
import type { Gap, LeftOut, Sink } from '../core/sink.ts'
import { Backoff } from '../wire/backoff.ts'
import { BatchSize } from './batch-size.ts'
import type { DeadLetters } from './dead-letters.ts'
import { decide, everyRow, type Decision } from './decide.ts'
import { Replays, type ReplaySource } from './replay.ts'
import { SettledWatch, type SampleFate, type SettledBatch } from './settled-watch.ts'
import type { RunnerOptions } from './runner-options.ts'
import { SinkCalls } from './sink-calls.ts'
import { SinkState, type SinkStateName } from './sink-state.ts'
import type { SinkStatus } from './sink-status.ts'

export type { RunnerOptions } from './runner-options.ts'
export type { SinkStatus } from './sink-status.ts'

export interface Runner {
  readonly name: string
  /** The sink's type: mqtt, kafka … */
  readonly kind: string
  readonly deadLetters: DeadLetters
  start(): void
  /** Finishes the write in flight (at most `deadlineMs`), closes the sink, then the cursor, unless another runner takes that over. */
  stop(deadlineMs: number, keepsCursor?: boolean): Promise<void>
  status(): SinkStatus
  /** Delivers these samples again, beside what comes. Throws BUSY while another replay goes on. */
  replay(source: ReplaySource): void
  /** Ends the replay that goes on. */
  cancelReplay(): Promise<void>
  /** Lets go of all that waits; returns how many samples that were. They are told to the far side as a gap. */
  purge(): number
  /** `listener` hears of each batch that is settled from now on; returns how to stop that. */
  onSettled(listener: (settled: SettledBatch) => void): () => void
  /** What became of the sample of this number. */
  fateOf(seq: number): SampleFate
  /** What its sink makes of tags and samples, where it says so. */
  readonly shows: Pick<Sink, 'placeOf' | 'messagesOf'>
}

/** A sink stays yellow for this long after samples were refused, so that people see it. */
const DEGRADED_MS = 60_000
const LONGEST_WAIT_MS = 600_000

/** Makes the runner of one sink; `start` begins to connect. */
export function createRunner(options: RunnerOptions): Runner {
  return new SinkRunner(options)
}

class SinkRunner implements Runner {
  readonly name: string
  readonly kind: string
  readonly deadLetters: DeadLetters
  readonly #options: RunnerOptions
  readonly #calls: SinkCalls
  readonly #state: SinkState
  readonly #size: BatchSize
  readonly #pause: Backoff
  readonly #maxPauseMs: number
  /** Ends pauses and waits; writes go on. */
  readonly #stopping = new AbortController()
  /** Ends writes too: the deadline of `stop` has passed. */
  readonly #killed = new AbortController()
  /** Ends the wait for rows when the connection is lost; a new one with each connection. */
  #idle = new AbortController()
  #loop: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  #connected = false
  #connectedAt = 0
  #connects = 0
  #writes = 0
  #retries = 0
  #refusedRows = 0
  #recovery: Timer | undefined
  readonly #replays: Replays
  /** Ends the wait for rows because there is something else to do; a new one each time. */
  #nudge = new AbortController()
  readonly #writeSeconds = createHistogram()
  readonly #watch: SettledWatch

  readonly fateOf = (seq: number): SampleFate => this.#watch.fateOf(seq)

  constructor(options: RunnerOptions) {
    this.name = options.name
    this.kind = options.type
    this.deadLetters = options.deadLetters
    this.#options = options
    this.#calls = new SinkCalls({
      ...options,
      onLost: (error) => {
        if (this.#connected) this.#idle.abort(error)
      },
    })
    this.#watch = new SettledWatch(options.cursor)
    this.#state = new SinkState(options.clock, options.log, options.isInsecure)
    this.#size = new BatchSize(options.batchRows ?? 1000)
    const { firstMs, maxMs } = options.pause ?? { firstMs: 250, maxMs: 30_000 }
    this.#maxPauseMs = maxMs
    this.#pause = new Backoff({ firstMs, maxMs, random: options.random ?? Math.random })
    this.#replays = new Replays({
      name: options.name,
      clock: options.clock,
      log: options.log,
      rowsPerSecond: options.replayRowsPerSecond,
      write: (batch) => this.#calls.write(batch, this.#killed.signal),
      isOver: () => this.#killed.signal.aborted,
      again: (decision) => this.#again(decision),
    })
  }

  start(): void {
    if (this.#loop !== undefined) return
    if (this.#options.enabled === false) {
      this.#state.set('Disabled', 'disabled in the configuration')
      return
    }
    this.#calls.attend()
    this.#state.set('Connecting', null)
    this.#loop = this.#run()
  }

  stop(deadlineMs: number, keepsCursor = false): Promise<void> {
    return (this.#stopped ??= this.#stop(deadlineMs, keepsCursor))
  }

  status(): SinkStatus {
    const { oldestPendingTime, ...counts } = this.#options.cursor.ledger()
    return {
      name: this.name,
      kind: this.kind,
      state: this.#state.name,
      reason: this.#state.reason,
      stateSince: this.#state.since,
      ...this.#state.retry,
      lastSettledAt: this.#watch.lastAt,
      ...counts,
      pendingBytes: this.#options.cursor.pendingBytes,
      oldestPendingAgeMs:
        oldestPendingTime === undefined ? null : Math.max(0, this.#options.clock.now() - oldestPendingTime),
      writes: this.#writes,
      retries: this.#retries,
      reconnects: Math.max(0, this.#connects - 1),
      writeSeconds: this.#writeSeconds,
      ageSeconds: this.#watch.age.seconds,
      replayed: this.#replays.replayed,
      replay: this.#replays.status,
      facts: this.#calls.sink.facts?.() ?? {},
    }
  }

  get shows(): Pick<Sink, 'placeOf' | 'messagesOf'> {
    return this.#calls.sink
  }

  onSettled(listener: (settled: SettledBatch) => void): () => void {
    return this.#watch.add(listener)
  }

  replay(source: ReplaySource): void {
    this.#replays.begin(source)
    this.#nudge.abort()
  }

  cancelReplay(): Promise<void> {
    return this.#replays.cancel()
  }

  purge(): number {
    const purged = this.#watch.purge()
    this.#nudge.abort()
    return purged
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        if (this.#connected) await this.#step()
        else await this.#connect()
      } catch (error) {
        if (!this.#stopping.signal.aborted) await this.#again(decide(error, 1))
      }
    }
  }

  async #connect(): Promise<void> {
    await this.#calls.connect(this.#stopping.signal)
    if (this.#stopping.signal.aborted) return
    this.#idle = new AbortController()
    this.#connected = true
    this.#connectedAt = this.#options.clock.monotonic()
    this.#connects++
    // After failures in a row a connection proves nothing while samples wait: the first write does.
    const isProven = !this.#pause.failing || this.#options.cursor.ledger().pending === 0
    if (!this.#size.stuck && isProven) this.#healthy()
  }

  async #step(): Promise<void> {
    const next = await this.#next(this.#replays.dueInMs)
    if (next instanceof SampleBatch) await this.#write(next)
    else if (next !== undefined) await this.#tellGap(next)
    if (this.#replays.dueInMs === 0 && this.#connected) await this.#replays.step()
  }

  /** What comes next; undefined when somebody asks for something else, or when nothing is there and other work is due. */
  async #next(otherInMs: number | undefined): Promise<SampleBatch | Gap | undefined> {
    this.#nudge = new AbortController()
    const signal = AbortSignal.any([this.#idle.signal, this.#nudge.signal])
    const nudge = (): void => this.#nudge.abort()
    const hurry = otherInMs === undefined ? undefined : this.#options.clock.after(otherInMs, nudge)
    try {
      return await this.#options.cursor.next(this.#size.rows, signal)
    } catch (error) {
      if (this.#nudge.signal.aborted && !this.#idle.signal.aborted) return undefined
      throw error
    } finally {
      hurry?.cancel()
    }
  }

  async #write(batch: SampleBatch): Promise<void> {
    const began = this.#options.clock.monotonic()
    let leftOut: LeftOut | void
    try {
      leftOut = await this.#calls.write(batch, this.#killed.signal)
    } catch (error) {
      if (!this.#killed.signal.aborted) await this.#failed(batch, error, began)
      return
    }
    this.#taken(began)
    this.#settle(batch, leftOut ?? {})
    this.#healthy()
  }

  async #failed(batch: SampleBatch, error: unknown, began: number): Promise<void> {
    const decision = this.#decide(error, batch.seq?.[0] ?? 0)
    if (decision.action === 'reject-rows') {
      this.#taken(began)
      return this.#reject(batch, decision.rejected, decision.reason, (error as PartialWriteError).leftOut)
    }
    if (decision.action === 'reject-batch')
      return this.#reject(batch, everyRow(batch, decision.reason), decision.reason)
    this.#retries++
    if (decision.action === 'reconnect') return this.#cut(batch, decision)
    if (decision.action !== 'bisect') return this.#again(decision)
    if (this.#size.halve(batch.length, lastSeq(batch))) return this.#options.cursor.rewind()
    await this.#reject(batch, everyRow(batch, decision.reason), decision.reason)
    this.#size.found()
  }

  /**
   * A sample that makes the far side cut the connection (too large for it, and it doesn't say so) looks like an outage. It is
   * never dropped for that, but smaller batches get its neighbours past and name it.
   */
  #cut(batch: SampleBatch, decision: Decision): Promise<void> {
    const habit = this.#size.cut(batch.seq?.[0] ?? 0)
    if (!habit || this.#size.halve(batch.length, lastSeq(batch))) return this.#again(decision)
    const reason =
      `the far side fails or goes away each time the sample with sequence number ${lastSeq(batch)} is sent (${decision.reason}). ` +
      `Nothing is dropped, and it is tried on. If the sample is too large there: raise that limit, or tell this sink of it`
    this.#connected = false
    return this.#again({ action: 'hold', reason })
  }

  /** Only unknown failures are counted: a connection lost in between does not make two of them different. */
  #decide(error: unknown, firstSeq: number): Decision {
    const decision = decide(error, 1)
    return decision.action === 'retry' ? decide(error, this.#size.failed(firstSeq, messageOf(error))) : decision
  }

  /** Puts the cursor back, shows why, and waits: the next turn connects or writes again. */
  async #again(decision: Decision): Promise<void> {
    this.#options.cursor.rewind()
    const up = this.#options.clock.monotonic() - this.#connectedAt
    if (this.#connected && up > this.#maxPauseMs) this.#pause.reset()
    if (decision.action === 'reconnect') this.#connected = false
    const ms = decision.action === 'wait' ? Math.min(decision.ms, LONGEST_WAIT_MS) : this.#pause.next()
    this.#state.pauses(this.#stateFor(decision), decision.reason, ms)
    await sleep(this.#options.clock, ms, this.#stopping.signal).catch(() => undefined)
    this.#state.nextAttemptAt = undefined
  }

  /** As with devices: without a connection a sink is Failed after a few attempts in a row, until one succeeds. */
  #stateFor(decision: Decision): SinkStateName {
    if (decision.action === 'hold') return 'Failed'
    if (this.#connected) return 'Degraded'
    return this.#pause.failing || this.#state.name === 'Failed' ? 'Failed' : 'Connecting'
  }

  /** Rows to the dead letters, on disk before the ack. If that fails nothing is acked, and the batch comes again. */
  async #reject(batch: SampleBatch, rejected: PartialWriteError['rejected'], reason: string, leftOut: LeftOut = {}) {
    try {
      await this.#options.deadLetters.add(batch, rejected)
    } catch (cause) {
      const error = new GatewayError('STORE_FAILED', `dead letters cannot be written: ${messageOf(cause)}`, { cause })
      return this.#again({ action: 'hold', reason: error.message })
    }
    this.#settle(batch, rejected.size === 0 ? leftOut : { ...leftOut, rejected: rejected.size }, rejected)
    if (rejected.size === 0) return this.#healthy()
    this.#refusedRows += rejected.size
    this.#recovery?.cancel()
    this.#recovery = this.#options.clock.after(DEGRADED_MS, () => {
      this.#recovery = undefined
      if (this.#connected) this.#healthy()
    })
    const were = this.#refusedRows === 1 ? '1 sample was' : `${this.#refusedRows} samples were`
    this.#state.set('Degraded', `${were} refused and put into the dead letters: ${reason}`)
  }

  async #tellGap(gap: Gap): Promise<void> {
    const { cursor } = this.#options
    try {
      await this.#calls.gap(gap, this.#killed.signal)
    } catch (error) {
      if (this.#killed.signal.aborted) return
      const decision = this.#decide(error, gap.fromSeq)
      // A gap is news, not a sample: the ledger has counted it. One that cannot be told is let go.
      const givenUp = decision.action === 'bisect' || decision.action.startsWith('reject')
      if (!givenUp) return this.#again(decision)
    }
    this.#watch.lost(gap.toSeq)
    cursor.ack(gap.toSeq, { delivered: 0 })
    this.#size.passed(gap.toSeq)
  }

  #settle(batch: SampleBatch, dropped: LeftOut, rejected?: PartialWriteError['rejected']): void {
    if (this.#killed.signal.aborted) return
    const delivered = Object.values(dropped).reduce((left, count) => left - count, batch.length)
    this.#options.cursor.ack(lastSeq(batch), { delivered, dropped })
    this.#size.passed(lastSeq(batch))
    this.#watch.tell(batch, delivered, rejected, this.#options.clock.now())
    if (delivered > 0) this.#pause.reset()
  }

  #taken(began: number): void {
    this.#writes++
    observe(this.#writeSeconds, (this.#options.clock.monotonic() - began) / 1000)
  }

  #healthy(): void {
    if (this.#recovery !== undefined && this.#state.name === 'Degraded') return
    if (this.#state.name !== 'Running') this.#state.set('Running', null)
    this.#refusedRows = 0
  }

  async #stop(deadlineMs: number, keepsCursor: boolean): Promise<void> {
    const { clock, cursor, deadLetters, log } = this.#options
    this.#stopping.abort()
    this.#idle.abort()
    await this.cancelReplay()
    const until = clock.monotonic() + deadlineMs
    await this.#within(deadlineMs, this.#loop ?? Promise.resolve())
    this.#killed.abort()
    this.#recovery?.cancel()
    this.#connected = false
    try {
      await this.#within(Math.max(100, until - clock.monotonic()), this.#calls.sink.close())
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the sink did not close cleanly')
    }
    await deadLetters.close()
    if (keepsCursor) cursor.rewind()
    else await cursor.close()
    this.#state.set('Disabled', 'stopped')
  }

  /** Waits for `work`, but no longer than this. */
  #within(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(ms, resolve)
      void work.then(resolve, reject).finally(() => timer.cancel())
    })
  }
}

const lastSeq = (batch: SampleBatch): number => batch.seq?.[batch.length - 1] ?? 0
