/** A request on its way through an exchange, and the queue of those that wait to be sent. */
import type { TraceTap } from '../../core/driver.ts'

/** One request: what it asks, who waits for it, and what the exchange notes about it. */
export interface Pending {
  readonly unit: number
  readonly pdu: Uint8Array
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (pdu: Uint8Array) => void
  readonly reject: (error: unknown) => void
  /** How many leading bytes of the reply its caller does not want. */
  readonly skip: number
  /** Only while the trace is active. */
  trace: TraceTap | undefined
  /** When it was sent, for the trace: wall time and the steady one, in ms. */
  sentAt: number
  sentTick: number
  transaction: number
  deadline: number
  /** `stats.strays` when it was sent. */
  strays: number
}

/** First in, first out; taking one costs nothing that grows with the length. */
export class RequestQueue {
  #items: Pending[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(pending: Pending): void {
    this.#items.push(pending)
  }

  /** The oldest, still in the queue. */
  peek(): Pending | undefined {
    return this.#items[this.#head]
  }

  shift(): Pending | undefined {
    if (this.#head === this.#items.length) return undefined
    const pending = this.#items[this.#head++]
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return pending
  }

  /** Takes out those with this signal; all of them where there is none. */
  remove(signal?: AbortSignal): Pending[] {
    const waiting = this.#items.slice(this.#head)
    this.#head = 0
    this.#items = signal === undefined ? [] : waiting.filter((pending) => pending.signal !== signal)
    return signal === undefined ? waiting : waiting.filter((pending) => pending.signal === signal)
  }

  /** For each that waits, oldest first. */
  *[Symbol.iterator](): Iterator<Pending> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at]!
  }
}
