/** How fast what was missed may be made up for: rows a second, so that a far side that comes back is not run over. */
import type { Clock } from '../../core/clock.ts'

export class Pace {
  readonly #clock: Clock
  readonly #rowsPerMs: number
  #openAt = -Infinity

  /** Without a rate it is always open. */
  constructor(clock: Clock, rowsPerSecond: number | undefined) {
    this.#clock = clock
    this.#rowsPerMs = (rowsPerSecond ?? Infinity) / 1000
  }

  /** The most rows that are taken at once: those of a second. */
  get most(): number {
    return Math.max(1, Math.ceil(this.#rowsPerMs * 1000))
  }

  get isOpen(): boolean {
    return this.#clock.monotonic() >= this.#openAt
  }

  /** So many rows were taken: it is closed for as long as they are worth. */
  took(rows: number): void {
    this.#openAt = Math.max(this.#openAt, this.#clock.monotonic()) + rows / this.#rowsPerMs
  }

  /** Resolves when it is open, or when `other` does; rejects when `signal` aborts. */
  async wait(other: ((signal: AbortSignal) => Promise<void>) | undefined, signal: AbortSignal): Promise<void> {
    const done = new AbortController()
    const until = AbortSignal.any([signal, done.signal])
    const open = new Promise<void>((resolve) => {
      const timer = this.#clock.after(Math.max(0, this.#openAt - this.#clock.monotonic()), resolve)
      until.addEventListener('abort', () => {
        timer.cancel()
        resolve()
      })
    })
    try {
      await Promise.race([open, ...(other === undefined ? [] : [other(until).catch(() => undefined)])])
    } finally {
      done.abort()
    }
    signal.throwIfAborted()
  }
}
