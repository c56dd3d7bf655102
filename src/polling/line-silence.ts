/**
 * The devices of one line that answer nothing. Each is probed now and then (`silence.ts`); here it is seen to that all of them
 * together leave most of the line's time to those who answer, and that one that comes back lets the next be asked at once.
 */

/** A device that answers nothing. */
export interface Silent {
  /** May be probed before its time; false: it is not connected now. */
  hurry(): boolean
}

/** Probes may take the n-th part of the line's time. */
const SHARE = 3
/** However often the connection is made anew. */
const EARLY_EVERY_MS = 60_000

export class LineSilence {
  /** Who was probed longest ago comes first. */
  readonly #silent = new Set<Silent>()
  /** When a new connection may be tried by a probe before its time again: monotonic ms. */
  #earlyAt = 0

  /** It did not answer; finding that out took so long. Gives the pause, in ms, that the line needs before its next probe. */
  unanswered(device: Silent, tookMs: number): number {
    this.leave(device)
    this.#silent.add(device)
    // One alone pauses by itself.
    return this.#silent.size === 1 ? 0 : this.#silent.size * tookMs * SHARE
  }

  /** It answers again: whatever kept it away may have kept the others, too. */
  answered(device: Silent): void {
    this.leave(device)
    this.#earlyAt = 0
    for (const next of this.#silent) if (next.hurry()) return
  }

  /** A new connection may have brought silent devices back: true for one of them in a while, which stands for all. `now`: monotonic ms. */
  mayHurry(now: number): boolean {
    if (now < this.#earlyAt) return false
    this.#earlyAt = now + EARLY_EVERY_MS
    return true
  }

  /** It is silent no more, or not asked any more. */
  leave(device: Silent): void {
    this.#silent.delete(device)
  }
}
