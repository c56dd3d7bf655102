/** Readers at the head of the log sleep here. They are woken together and at most every few milliseconds, however often rows arrive. */
import type { Clock, Timer } from '../../core/clock.ts'

export class Waiters {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #waiting = new Set<() => void>()
  #timer: Timer | undefined

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        this.#waiting.delete(wake)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(wake)
    })
  }

  /** There is something new. */
  notify(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return
    this.#timer = this.#clock.after(this.#everyMs, () => {
      this.#timer = undefined
      const woken = [...this.#waiting]
      this.#waiting.clear()
      for (const wake of woken) wake()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
