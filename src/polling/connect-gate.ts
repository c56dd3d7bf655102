/**
 * Bounds how many connects run at once, so that ten thousand devices neither overrun the listen queue of a gateway in front
 * of them nor wait for each other: a connect that is still unanswered after a second gives its place away and goes on.
 */
import type { Clock, Timer } from '../core/clock.ts'

const PLACES = 200
const PATIENCE_MS = 1000

/** A connect that waits or runs. */
export interface Entrant {
  /** Has a place now; `gate.leave(entrant)` gives it back. */
  enter(): void
}

export class ConnectGate {
  readonly #clock: Clock
  readonly #places: number
  readonly #patienceMs: number
  readonly #waiting = new Set<Entrant>()
  /** Who has a place, and until when; in the order in which they entered. */
  readonly #inside = new Map<Entrant, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, places = PLACES, patienceMs = PATIENCE_MS) {
    this.#clock = clock
    this.#places = places
    this.#patienceMs = patienceMs
  }

  request(entrant: Entrant): void {
    this.#waiting.add(entrant)
    this.#admit()
  }

  /** The connect ended, or is no longer wanted. */
  leave(entrant: Entrant): void {
    this.#waiting.delete(entrant)
    if (this.#inside.delete(entrant)) this.#admit()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#waiting.clear()
    this.#inside.clear()
  }

  #admit(): void {
    for (const entrant of this.#waiting) {
      if (this.#inside.size >= this.#places) break
      this.#waiting.delete(entrant)
      this.#inside.set(entrant, this.#clock.monotonic() + this.#patienceMs)
      entrant.enter()
    }
    if (this.#waiting.size > 0) this.#watchOldest()
  }

  #watchOldest(): void {
    if (this.#timer !== undefined) return
    const [until] = this.#inside.values()
    const delay = Math.max(1, Math.ceil((until ?? 0) - this.#clock.monotonic()))
    this.#timer = this.#clock.after(delay, () => {
      this.#timer = undefined
      this.#expire()
      this.#admit()
    })
  }

  #expire(): void {
    const now = this.#clock.monotonic()
    for (const [entrant, until] of this.#inside) {
      if (until > now) return
      this.#inside.delete(entrant)
    }
  }
}
