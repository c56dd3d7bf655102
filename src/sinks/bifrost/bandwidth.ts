/**
 * A cap on bytes a second. Bytes are paid after they are sent, so that a frame of any size gets through: who is in debt waits. What was not
 * used is kept for one second.
 */
import { sleep, type Clock } from '../../core/clock.ts'

export class Bandwidth {
  readonly #clock: Clock
  readonly #bytesPerSecond: number
  #left: number
  #at: number

  /** Undefined: no cap. */
  constructor(clock: Clock, bytesPerSecond: number | undefined) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond ?? Infinity
    this.#left = this.#bytesPerSecond
    this.#at = clock.monotonic()
  }

  /** How large a frame should be, so that none takes longer than about two seconds. */
  get frameBytes(): number {
    return Math.max(2048, this.#bytesPerSecond * 2)
  }

  /** Resolves when something may be sent; rejects with the signal's reason. */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.#refill() < 0)
      await sleep(this.#clock, Math.max(1, (-this.#left / this.#bytesPerSecond) * 1000), signal)
  }

  spend(bytes: number): void {
    if (this.#bytesPerSecond !== Infinity) this.#left -= bytes
  }

  #refill(): number {
    if (this.#bytesPerSecond === Infinity) return 0
    const now = this.#clock.monotonic()
    this.#left = Math.min(this.#bytesPerSecond, this.#left + ((now - this.#at) / 1000) * this.#bytesPerSecond)
    this.#at = now
    return this.#left
  }
}
