/** Lets things happen at most so often: evenly spaced, so that there is no burst after a pause. */
import { sleep, type Clock } from '../core/clock.ts'

export class RateLimit {
  readonly #clock: Clock
  readonly #spacingMs: number
  #nextAt = -Infinity

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#spacingMs = 1000 / perSecond
  }

  /** Resolves when the next one may happen; the places are given in the order of the calls. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + this.#spacingMs
    if (at > now) await sleep(this.#clock, at - now, signal)
  }
}
