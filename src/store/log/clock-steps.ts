/**
 * The wall clock may be set while samples come in (a machine without a battery starts years back, an operator mistypes the day). How old
 * a sample is does not change by that: the steps are kept, in the sequence file too, and what was stamped before them is judged by them.
 */
import type { Clock } from '../../core/clock.ts'

/** Numbers up to `toSeq` that were received up to `at` (by the clock of then) carry times that are `ms` too low. */
export interface ClockStep {
  readonly toSeq: number
  readonly at: number
  readonly ms: number
}

/** Less is the clock being disciplined. */
const LEAST_MS = 60_000
const KEPT = 16

export class ClockSteps {
  readonly #clock: Clock
  #steps: ClockStep[]
  #wall: number
  #monotonic: number
  #seq: number

  constructor(clock: Clock, known: readonly ClockStep[], seq: number) {
    this.#clock = clock
    this.#steps = [...known]
    this.#wall = clock.now()
    this.#monotonic = clock.monotonic()
    this.#seq = seq
  }

  get all(): readonly ClockStep[] {
    return this.#steps
  }

  /** To be called often; `seq` is the newest number, `oldestSeq` the oldest held. True when the clock was set since the last time. */
  look(seq: number, oldestSeq: number): boolean {
    const wall = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    const at = this.#wall + monotonic - this.#monotonic
    const ms = wall - at
    // After a step back, what came since the last look cannot be told from what came before by its time.
    const toSeq = ms > 0 ? seq : this.#seq
    this.#wall = wall
    this.#monotonic = monotonic
    this.#seq = seq
    if (Math.abs(ms) < LEAST_MS) return false
    this.#steps = [...this.#steps.filter((step) => step.toSeq >= oldestSeq), { toSeq, at, ms }].slice(-KEPT)
    return true
  }

  /** How long ago it is that number `seq` was received, at `receivedAt` by the clock of then. */
  age(seq: number, receivedAt: number): number {
    let age = this.#clock.now() - receivedAt
    for (const { toSeq, at, ms } of this.#steps) if (seq <= toSeq && receivedAt <= at) age -= ms
    return age
  }
}
