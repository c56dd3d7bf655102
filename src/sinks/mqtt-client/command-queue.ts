/** Writes that a far side asks for, one after the other: a bound on how many wait, and none begun after its time. */
import type { Clock } from '../../core/clock.ts'

/** Writes that wait for their turn; further ones are refused. */
export const MOST_WAITING = 100

export class CommandQueue {
  readonly #clock: Clock
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isFull(): boolean {
    return this.#waiting >= MOST_WAITING
  }

  /** Runs `work` when its turn comes, with what is left of its time: 0 when that has passed. Rejects as `work` does. */
  add<Outcome>(goodForMs: number, work: (leftMs: number) => Promise<Outcome>): Promise<Outcome> {
    const until = this.#clock.monotonic() + goodForMs
    this.#waiting++
    const outcome = this.#last.then(() => work(Math.max(0, until - this.#clock.monotonic())))
    this.#last = outcome.then(
      () => void this.#waiting--,
      () => void this.#waiting--,
    )
    return outcome
  }
}
