/**
 * The breaker of one device: after a few polls in a row in which not one request was answered, the device is silent. It is
 * then asked by single probes with growing pauses, so that a dead unit costs its line one timeout now and then.
 */
import { Backoff } from '../wire/backoff.ts'

/** Polls without any answer, in a row, after which a device counts as silent. */
const SILENT_POLLS = 3
const PROBE_MIN_MS = 1000
const PROBE_MAX_MS = 60_000

export class Silence {
  readonly #pauses: Backoff
  #polls = 0
  #probes = 0

  constructor(random: () => number) {
    this.#pauses = new Backoff({ firstMs: PROBE_MIN_MS, maxMs: PROBE_MAX_MS, random })
  }

  /** The device is silent: only probes may ask it. */
  get silent(): boolean {
    return this.#polls >= SILENT_POLLS
  }

  /** The last poll got no answer at all. */
  get suspect(): boolean {
    return this.#polls > 0
  }

  /** How many polls and probes in a row went unanswered. */
  get polls(): number {
    return this.#polls
  }

  /** How many probes went unanswered. */
  get probes(): number {
    return this.#probes
  }

  answered(): void {
    this.#polls = 0
    this.#probes = 0
    this.#pauses.reset()
  }

  /** A poll, or a probe, got no answer. */
  unanswered(): void {
    if (this.silent) this.#probes++
    this.#polls++
  }

  /** The pause before the next probe, in ms. */
  pause(): number {
    return this.#pauses.next()
  }
}
