/**
 * Units that left several requests of a proxy's clients in a row unanswered: they are asked again after growing pauses, so that a
 * client that goes on asking a dead unit does not take the line from the living.
 */
import type { Clock } from '../../../core/clock.ts'
import { Backoff } from '../../../wire/backoff.ts'

const SILENT_REQUESTS = 3
const PAUSE_MIN_MS = 1000
const PAUSE_MAX_MS = 30_000

interface Silence {
  requests: number
  askAt: number
  readonly pauses: Backoff
}

export class SilentUnits {
  readonly #clock: Clock
  readonly #units = new Map<number, Silence>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  mayAsk(unit: number): boolean {
    const silence = this.#units.get(unit)
    return silence === undefined || silence.requests < SILENT_REQUESTS || this.#clock.monotonic() >= silence.askAt
  }

  /** The unit answered, an exception included. */
  answered(unit: number): void {
    this.#units.delete(unit)
  }

  unanswered(unit: number): void {
    let silence = this.#units.get(unit)
    if (silence === undefined) {
      silence = { requests: 0, askAt: 0, pauses: new Backoff({ firstMs: PAUSE_MIN_MS, maxMs: PAUSE_MAX_MS }) }
      this.#units.set(unit, silence)
    }
    if (++silence.requests >= SILENT_REQUESTS) silence.askAt = this.#clock.monotonic() + silence.pauses.next()
  }
}
