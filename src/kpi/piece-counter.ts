/**
 * Pieces from the readings of a counter: it may begin again at its rollover, be set back to 0, or jump. What cannot be, at three times the
 * ideal rate, is no pieces: a jump is told, and never invented as production.
 */

/** How much faster than ideal a counter may be, and how many counts come at once whatever the time. */
const FACTOR = 3
const SLACK = 10

export interface CounterRules {
  readonly rollover: number | undefined
  readonly factor: number
  /** Pieces a ms at the best. */
  readonly idealPerMs: number
}

/** What one reading said. */
export interface Reading {
  readonly pieces: number
  /** `jump`: it moved as no production moves it, and that was not counted. */
  readonly event: 'reset' | 'jump' | undefined
}

const NOTHING: Reading = { pieces: 0, event: undefined }

export class PieceCounter {
  rules: CounterRules
  #last: number | undefined
  /** Monotonic ms. */
  #readAt = 0
  #changedAt = 0

  constructor(rules: CounterRules) {
    this.rules = rules
  }

  /** The last reading; undefined: the next one is where counting begins. */
  get last(): number | undefined {
    return this.#last
  }

  /** How long ago it was read. */
  agoMs(now: number): number {
    return now - this.#readAt
  }

  /** Goes on from a reading of `agoMs` before `now`. */
  restore(last: number, now: number, agoMs: number): void {
    this.#last = last
    this.#readAt = this.#changedAt = now - agoMs
  }

  forget(): void {
    this.#last = undefined
  }

  take(value: number, now: number): Reading {
    const last = this.#last
    // A counter that counts a pallet at a time has had since the one before; one that began again only since it was last read.
    const sinceChange = this.#most(now - this.#changedAt)
    const sinceRead = this.#most(now - this.#readAt)
    this.#last = value
    this.#readAt = now
    if (value === last) return NOTHING
    this.#changedAt = now
    if (last === undefined) return NOTHING
    const { factor, rollover } = this.rules
    const counts = (count: number, event?: 'reset'): Reading => ({ pieces: count * factor, event })
    if (value > last) return value - last <= sinceChange ? counts(value - last) : JUMP
    if (rollover !== undefined && value + rollover - last <= sinceRead) return counts(value + rollover - last)
    return value <= sinceRead ? counts(value, 'reset') : JUMP
  }

  /** The most counts that this time can bring. */
  #most(elapsedMs: number): number {
    return (FACTOR * this.rules.idealPerMs * Math.max(0, elapsedMs)) / this.rules.factor + SLACK
  }
}

const JUMP: Reading = { pieces: 0, event: 'jump' }
