/**
 * One step of a poll: starts its request, looks at the rows that come, and says what became of it. Made once and used for every
 * poll, so that a request costs no more than the driver's own work and a promise.
 */
import type { SampleBatch } from '../core/batch.ts'
import { isUnfinished, type Emit, type Poll, type StepResult } from '../core/driver.ts'
import { isBad, isGood, Status, type StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import type { Occupant } from './line.ts'
import type { UnitUse } from './line-use.ts'

/** The poll that a request belongs to. */
export interface RequestOwner {
  /** So many rows of it are good. */
  emit(batch: SampleBatch, good: number): void
  /** It was answered, or timed out. */
  settle(request: PollRequest): void
  /** It was answered, and its step needs another one. */
  again(request: PollRequest): void
  /** It threw. */
  fail(error: unknown): void
}

/** What came of a step or of one of its requests: `ok` as soon as one row is not bad. */
export type Outcome = 'ok' | 'timeout' | 'failed'

/** One step of the poll; after `abandon` nothing of it counts any more. */
export class PollRequest implements Occupant {
  rows = 0
  badRows = 0
  firstBad: { tag: TagId; status: StatusCode } | undefined
  /** False when the driver gave its rows without asking the device. */
  asked = true
  since = 0
  startedAt = 0
  readonly use: UnitUse
  readonly #owner: RequestOwner
  readonly #step: number
  readonly #emit: Emit = (batch) => this.#take(batch)
  readonly #onDone = (result: StepResult) => this.#done(result)
  readonly #onFail = (error: unknown) => this.#fail(error)
  /** The first bad status that came of the request that was made last; 0: none. */
  #badStatus: StatusCode = Status.Good
  #timeouts = 0
  /** Before the request that was made last: rows, bad ones, and those of a time-out. */
  #rowsBefore = 0
  #badBefore = 0
  #timeoutsBefore = 0
  #poll: Poll | undefined
  #active = false
  #unfinished = false
  #abandoned = false

  constructor(owner: RequestOwner, step: number, use: UnitUse) {
    this.use = use
    this.#owner = owner
    this.#step = step
  }

  get outcome(): Outcome {
    return outcomeOf(this.rows, this.badRows, this.#timeouts)
  }

  /** Of the request that was made last, where the step needed several. */
  get lastOutcome(): Outcome {
    const rows = this.rows - this.#rowsBefore
    const badRows = this.badRows - this.#badBefore
    return this.#poll?.outcome?.(this.#step) ?? outcomeOf(rows, badRows, this.#timeouts - this.#timeoutsBefore)
  }

  /** Why it failed: the driver's word where it has one, since the rows of a request may tell of another. */
  get refusal(): StatusCode {
    return this.#poll?.refusal?.(this.#step) ?? this.#badStatus
  }

  start(poll: Poll, signal: AbortSignal): void {
    if (!this.#unfinished) {
      this.rows = this.badRows = this.#timeouts = 0
      this.firstBad = undefined
    }
    this.#rowsBefore = this.rows
    this.#badBefore = this.badRows
    this.#timeoutsBefore = this.#timeouts
    this.#poll = poll
    this.#unfinished = false
    this.#badStatus = Status.Good
    this.#active = true
    try {
      poll.read(this.#step, this.#emit, signal).then(this.#onDone, this.#onFail)
    } catch (error) {
      // Not at once: the line is in the middle of handing out places.
      queueMicrotask(() => this.#fail(error))
    }
  }

  /** True when it was in flight. */
  abandon(): boolean {
    this.#abandoned = true
    return this.#active
  }

  #take(batch: SampleBatch): void {
    if (this.#abandoned) return
    let good = 0
    for (let row = 0; row < batch.length; row++) {
      const status = batch.status[row]!
      if (isGood(status)) good++
      if (!isBad(status)) continue
      if (this.#badStatus === Status.Good) this.#badStatus = status
      this.badRows++
      if (status === Status.BadTimeout) this.#timeouts++
      this.firstBad ??= { tag: batch.tag[row]!, status }
    }
    this.rows += batch.length
    this.#owner.emit(batch, good)
  }

  #done(result: StepResult): void {
    if (this.#abandoned) return
    this.asked = result !== 'unasked' && result !== 'later'
    this.#active = false
    this.#unfinished = isUnfinished(result)
    if (this.#unfinished) this.#owner.again(this)
    else this.#owner.settle(this)
  }

  #fail(error: unknown): void {
    if (this.#abandoned) return
    this.#owner.fail(error)
  }
}

function outcomeOf(rows: number, badRows: number, timeouts: number): Outcome {
  if (rows === 0 || badRows < rows) return 'ok'
  return timeouts === rows ? 'timeout' : 'failed'
}
