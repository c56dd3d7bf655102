/**
 * The order in which polls that wait get their places: who used least time of the line goes first (start-time fair queueing),
 * so that on a line that is full every device gets the same time, and one slow unit takes its own share and not a place for
 * each of its neighbours' requests. Whoever comes back after a rest begins where the others are: it has no credit from
 * before. Debts end somewhere and waiting counts, so that nobody waits for ever.
 */
import type { Flow, UnitUse } from './line-use.ts'

/** Something that waits for a place. */
export interface Waiting {
  /** For whom its next request counts. */
  readonly use: UnitUse
  /** The queue's own: since when it waits. */
  waitingSince?: number
}

/** How far behind the others a device can fall, in ms of the line's time. */
const MOST_DEBT_MS = 2000
/** Ten milliseconds of waiting make up for one that was used: with the limit of debts nobody waits longer than 20 s in vain. */
const WAITING_WORTH = 0.1

/** Where polls wait; what `Line` needs of it. */
export interface TurnQueue<T extends Waiting> {
  readonly length: number
  add(entry: T, now: number): void
  /** Takes out who is next; undefined when nobody waits. */
  next(): T | undefined
  remove(entry: T): void
  /** A request of this device has begun, ahead of the queue or out of it. */
  begun(flow: Flow): void
  /** A request of this device has ended after so much time of the line. */
  ended(flow: Flow, usedMs: number): void
}

export class FairQueue<T extends Waiting> implements TurnQueue<T> {
  readonly #entries: T[] = []
  /** How much whoever began last had used before: where newcomers begin. */
  #floor = 0
  /** The most that anybody has used. */
  #most = 0
  #inFlight = 0

  get length(): number {
    return this.#entries.length
  }

  add(entry: T, now: number): void {
    const { flow } = entry.use
    // A line at rest owes nobody anything.
    if (this.#inFlight === 0 && this.#entries.length === 0) this.#floor = this.#most
    if (flow.waiting === 0 && flow.inFlight === 0) flow.used = Math.max(flow.used, this.#floor)
    flow.waiting++
    entry.waitingSince = now
    this.#entries.push(entry)
  }

  next(): T | undefined {
    const { length } = this.#entries
    if (length === 0) return undefined
    return this.#take(length === 1 ? 0 : this.#least())
  }

  remove(entry: T): void {
    const at = this.#entries.indexOf(entry)
    if (at >= 0) this.#take(at)
  }

  begun(flow: Flow): void {
    this.#floor = Math.max(this.#floor, claimOf(flow))
    this.#inFlight++
    flow.inFlight++
  }

  ended(flow: Flow, usedMs: number): void {
    this.#inFlight--
    flow.inFlight--
    flow.expected += (usedMs - flow.expected) / 4
    flow.used = Math.min(flow.used + usedMs, Math.max(flow.used, this.#floor + MOST_DEBT_MS))
    this.#most = Math.max(this.#most, flow.used)
  }

  #least(): number {
    let best = 0
    let least = Infinity
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!
      const claim = claimOf(entry.use.flow) + entry.waitingSince! * WAITING_WORTH
      if (claim >= least) continue
      least = claim
      best = i
    }
    return best
  }

  #take(at: number): T {
    const entry = this.#entries[at]!
    this.#entries.splice(at, 1)
    entry.use.flow.waiting--
    return entry
  }
}

/** What a device has used, and what is under way will have used. */
const claimOf = (flow: Flow): number => flow.used + flow.inFlight * flow.expected
