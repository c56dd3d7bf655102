/**
 * The last exchanges of one device, as they were on the wire: a ring that is off until somebody starts it, and stops by itself
 * after a time or a number of exchanges. What it holds stays to be looked at until it is started again. Bounded in exchanges
 * and in bytes, whichever comes first.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import type { TracedExchange, TraceTap } from '../../core/driver.ts'

/** When a trace stops by itself. */
export interface TraceEnd {
  /** ms from its start. */
  readonly durationMs: number
  /** Exchanges. */
  readonly count: number
}

/** How much one trace may hold. */
export interface TraceBounds {
  readonly exchanges: number
  /** Of the frames. */
  readonly bytes: number
}

/** An exchange and its number in this trace, from 1. */
export interface TraceEntry {
  readonly number: number
  readonly exchange: TracedExchange
}

/** How a trace is doing. Times are ms since 1970. */
export interface TraceStatus {
  readonly active: boolean
  /** undefined: never started. */
  readonly startedAt: number | undefined
  /** When it will stop by itself, or stopped. */
  readonly endsAt: number | undefined
  /** After how many exchanges it stops by itself. */
  readonly count: number
  /** Exchanges since its start, and those of them that it still holds. */
  readonly captured: number
  readonly held: number
  readonly heldBytes: number
  /** What it holds at most: older ones make room. */
  readonly bounds: TraceBounds
}

/** One device's trace. */
export class DeviceTrace implements TraceTap {
  #isOn = false
  /** Those who look at what comes right now, beside the ring. */
  readonly #watchers = new Set<(exchange: TracedExchange) => void>()
  readonly #clock: Clock
  readonly #bounds: TraceBounds
  /** Oldest first from `#head` on; what was let go of before it is undefined. */
  #entries: (TracedExchange | undefined)[] = []
  #head = 0
  #bytes = 0
  #captured = 0
  #count = 0
  #startedAt: number | undefined
  #endsAt: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, bounds: TraceBounds) {
    this.#clock = clock
    this.#bounds = bounds
  }

  /** Somebody wants the exchanges: the ring, or whoever watches. */
  get active(): boolean {
    return this.#isOn || this.#watchers.size > 0
  }

  /** `watcher` sees each exchange from now on, whether or not the ring takes it; returns how to stop that. */
  watch(watcher: (exchange: TracedExchange) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** Begins anew: what it held is forgotten. */
  start({ durationMs, count }: TraceEnd): void {
    this.clear()
    this.#isOn = true
    this.#count = count
    this.#startedAt = this.#clock.now()
    this.#endsAt = this.#startedAt + durationMs
    this.#timer = this.#clock.after(durationMs, () => this.stop())
  }

  /** Stops; what it holds stays. */
  stop(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#endsAt = this.#clock.now()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Stops, and forgets all. */
  clear(): void {
    this.stop()
    this.#entries = []
    this.#head = 0
    this.#bytes = 0
    this.#captured = 0
    this.#startedAt = undefined
    this.#endsAt = undefined
  }

  exchange(exchange: TracedExchange): void {
    for (const watcher of this.#watchers) watcher(exchange)
    if (!this.#isOn) return
    this.#entries.push(exchange)
    this.#bytes += sizeOf(exchange)
    this.#captured++
    while (this.#held > this.#bounds.exchanges || (this.#bytes > this.#bounds.bytes && this.#held > 1))
      this.#dropOldest()
    if (this.#captured >= this.#count) this.stop()
  }

  /** The exchanges after number `after` that are still held, oldest first, at most `max`. */
  since(after = 0, max = Infinity): TraceEntry[] {
    const oldest = this.#captured - this.#held + 1
    const first = Math.max(after + 1, oldest)
    const entries: TraceEntry[] = []
    for (let number = first; number <= this.#captured && entries.length < max; number++) {
      entries.push({ number, exchange: this.#entries[this.#head + number - oldest]! })
    }
    return entries
  }

  status(): TraceStatus {
    return {
      active: this.#isOn,
      startedAt: this.#startedAt,
      endsAt: this.#endsAt,
      count: this.#count,
      captured: this.#captured,
      held: this.#held,
      heldBytes: this.#bytes,
      bounds: this.#bounds,
    }
  }

  get #held(): number {
    return this.#entries.length - this.#head
  }

  #dropOldest(): void {
    this.#bytes -= sizeOf(this.#entries[this.#head]!)
    this.#entries[this.#head++] = undefined
    if (this.#head < this.#bounds.exchanges) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}

const sizeOf = ({ request, response }: TracedExchange): number => (request?.length ?? 0) + (response?.length ?? 0)
