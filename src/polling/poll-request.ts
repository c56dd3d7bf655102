/**
 * One step of a poll: starts its request, looks at the rows that come, and says what became of it. Made once and used for every
 * poll, so that a request costs no more than the driver's own work and a promise.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Emit, Poll } from '../core/driver.ts'
import { isBad, Status, type StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import type { Occupant } from './line.ts'
import type { UnitUse } from './line-use.ts'

/** The poll that a request belongs to. */
export interface RequestOwner {
  emit(batch: SampleBatch): void
  /** It was answered, or timed out. */
  settle(request: PollRequest): void
  /** It was answered, and its step needs another one. */
  again(request: PollRequest): void
  /** It threw. */
  fail(error: unknown): void
}

/** What came of a request: `ok` as soon as one row is not bad. */
export type Outcome = 'ok' | 'timeout' | 'failed'

/** One step of the poll; after `abandon` nothing of it counts any more. */
export class PollRequest implements Occupant {
  rows = 0
  badRows = 0
  firstBad: { tag: TagId; status: StatusCode } | undefined
  /** False when the driver gave its rows without asking the device. */
  asked = true
  since = 0
  readonly use: UnitUse
  readonly #owner: RequestOwner
  readonly #step: number
  readonly #emit: Emit = (batch) => this.#take(batch)
  readonly #onDone = (result: void | 'unasked' | 'again') => this.#done(result)
  readonly #onFail = (error: unknown) => this.#fail(error)
  #timeouts = 0
  #active = false
  #unfinished = false
  #abandoned = false

  constructor(owner: RequestOwner, step: number, use: UnitUse) {
    this.use = use
    this.#owner = owner
    this.#step = step
  }

  get outcome(): Outcome {
    if (this.rows === 0 || this.badRows < this.rows) return 'ok'
    return this.#timeouts === this.rows ? 'timeout' : 'failed'
  }

  start(poll: Poll, signal: AbortSignal): void {
    if (!this.#unfinished) {
      this.rows = this.badRows = this.#timeouts = 0
      this.firstBad = undefined
    }
    this.#unfinished = false
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
    for (let row = 0; row < batch.length; row++) {
      const status = batch.status[row]!
      if (!isBad(status)) continue
      this.badRows++
      if (status === Status.BadTimeout) this.#timeouts++
      this.firstBad ??= { tag: batch.tag[row]!, status }
    }
    this.rows += batch.length
    this.#owner.emit(batch)
  }

  #done(result: void | 'unasked' | 'again'): void {
    if (this.#abandoned) return
    this.asked = result !== 'unasked'
    this.#active = false
    this.#unfinished = result === 'again'
    if (this.#unfinished) this.#owner.again(this)
    else this.#owner.settle(this)
  }

  #fail(error: unknown): void {
    if (this.#abandoned) return
    this.#owner.fail(error)
  }
}
