/** How often something may happen by share: a bucket each that fills steadily, so that bursts are served and floods are not. */
import type { Clock } from '../core/clock.ts'

interface Bucket {
  left: number
  at: number
}

export interface PaceOptions {
  readonly perMinute: number
  /** The most that may come together. */
  readonly burst: number
  /** Shares that are remembered; the one that was longest quiet is forgotten first. */
  readonly shares: number
}

export class Pace {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #burst: number
  readonly #shares: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock, { perMinute, burst, shares }: PaceOptions) {
    this.#clock = clock
    this.#perMs = perMinute / 60_000
    this.#burst = Math.min(burst, perMinute)
    this.#shares = shares
  }

  /** Takes one; 0 when it was there, otherwise in how many milliseconds the next one is. */
  take(share: string): number {
    const now = this.#clock.monotonic()
    const bucket = this.#buckets.get(share) ?? { left: this.#burst, at: now }
    bucket.left = Math.min(this.#burst, bucket.left + (now - bucket.at) * this.#perMs)
    bucket.at = now
    // Behind all others again: the first of the map is the one that was longest quiet.
    this.#buckets.delete(share)
    this.#buckets.set(share, bucket)
    if (this.#buckets.size > this.#shares) this.#buckets.delete(this.#buckets.keys().next().value!)
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) / this.#perMs)
    bucket.left--
    return 0
  }
}
