/**
 * One listener a signal instead of one a request: thousands of requests share the signal of their device. Signals that no
 * request uses any more are let go when many have come together.
 */

const MIN_LIMIT = 64

/** Owned by one exchange; `stop` when the connection ends. */
export class AbortWatch {
  readonly #action: (signal: AbortSignal) => void
  readonly #used: () => ReadonlySet<AbortSignal | undefined>
  readonly #signals = new Map<AbortSignal, () => void>()
  #limit = MIN_LIMIT

  /** `action` runs once for a watched signal that aborts; `used` tells which signals matter still. */
  constructor(action: (signal: AbortSignal) => void, used: () => ReadonlySet<AbortSignal | undefined>) {
    this.#action = action
    this.#used = used
  }

  /** How many signals have a listener. */
  get size(): number {
    return this.#signals.size
  }

  watch(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return
    if (this.#signals.size >= this.#limit) this.#trim()
    const listener = () => {
      this.#signals.delete(signal)
      this.#action(signal)
    }
    this.#signals.set(signal, listener)
    signal.addEventListener('abort', listener, { once: true })
  }

  stop(): void {
    for (const [signal, listener] of this.#signals) this.#drop(signal, listener)
  }

  #trim(): void {
    const used = this.#used()
    for (const [signal, listener] of this.#signals) if (!used.has(signal)) this.#drop(signal, listener)
    this.#limit = Math.max(MIN_LIMIT, this.#signals.size * 2)
  }

  #drop(signal: AbortSignal, listener: () => void): void {
    signal.removeEventListener('abort', listener)
    this.#signals.delete(signal)
  }
}
