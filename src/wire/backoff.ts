/**
 * How long to wait before the next attempt: doubles from `firstMs` up to `maxMs`, jittered down to half, so that many
 * clients of one dead peer don't come back in step.
 */
export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
  /** 0 ≤ x < 1; Math.random where absent. */
  readonly random?: () => number
}

const FAILING_ATTEMPTS = 3

export class Backoff {
  readonly #options: BackoffOptions
  #attempts = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Failures since the last success. */
  get attempts(): number {
    return this.#attempts
  }

  /** So many failures in a row that it is no short break any more: people shall see it as failed. */
  get failing(): boolean {
    return this.#attempts >= FAILING_ATTEMPTS
  }

  /** The pause before the next attempt, in ms; each call counts as one failure. */
  next(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempts++, 30))
    return full / 2 + (full / 2) * random()
  }

  /** After a success: begin again with `firstMs`. */
  reset(): void {
    this.#attempts = 0
  }
}
