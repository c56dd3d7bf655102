/** Commands that were taken, and what became of them: one that comes again is answered with that and not carried out again. */
import type { Clock } from '../../core/clock.ts'

const KEPT_MS = 600_000
const MOST_KEPT = 10_000

/** A command that was taken. */
export interface Remembered<Outcome> {
  /** What it was to write. */
  readonly value: string
  readonly outcome: Promise<Outcome>
}

interface Kept<Outcome> extends Remembered<Outcome> {
  readonly until: number
}

export class CommandMemory<Outcome> {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept<Outcome>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  find(key: string): Remembered<Outcome> | undefined {
    const kept = this.#kept.get(key)
    return kept !== undefined && kept.until > this.#clock.monotonic() ? kept : undefined
  }

  keep(key: string, command: Remembered<Outcome>): void {
    const now = this.#clock.monotonic()
    // The order of a map is that of time: the oldest come first.
    for (const [old, { until }] of this.#kept) {
      if (until > now && this.#kept.size < MOST_KEPT) break
      this.#kept.delete(old)
    }
    this.#kept.delete(key)
    this.#kept.set(key, { ...command, until: now + KEPT_MS })
  }
}
