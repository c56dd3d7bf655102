/**
 * How often each tag is stored, counted only while somebody looks: one number a tag, over windows of a minute. Who looks asks again
 * within a minute; else the counting ends by itself and its memory goes.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import type { TagId } from '../../core/value.ts'

const WINDOW_MS = 60_000
/** Without a question for so long nobody looks any more. */
const PATIENCE_MS = 60_000
const LOOK_MS = 5000

export interface RateSource {
  readonly clock: Clock
  readonly capacity: () => number
  onBatch(observer: (batch: SampleBatch) => void): () => void
}

export class TagRates {
  readonly #source: RateSource
  #counts = new Uint32Array(0)
  #before: Uint32Array | undefined
  /** How long the window before took: a turn may come late. */
  #beforeMs = 0
  #began = 0
  #askedAt = 0
  #stop: (() => void) | undefined
  #timer: Timer | undefined

  constructor(source: RateSource) {
    this.#source = source
  }

  /** Begins to count, unless it does, and goes on for another minute. Returns since when (ms since 1970). */
  watch(): number {
    const { clock } = this.#source
    this.#askedAt = clock.monotonic()
    if (this.#stop === undefined) {
      this.#counts = new Uint32Array(this.#source.capacity())
      this.#before = undefined
      this.#beforeMs = 0
      this.#began = clock.monotonic()
      this.#stop = this.#source.onBatch((batch) => this.#count(batch))
      this.#timer = clock.every(LOOK_MS, () => this.#look())
    }
    return clock.now() - this.seconds * 1000
  }

  get isWatching(): boolean {
    return this.#stop !== undefined
  }

  /** How long the rates go back. */
  get seconds(): number {
    return this.isWatching ? (this.#source.clock.monotonic() - this.#began + this.#beforeMs) / 1000 : 0
  }

  /** Samples a minute; undefined while nobody has been looking for a second. */
  perMinute(tag: TagId): number | undefined {
    const { seconds } = this
    if (seconds < 1) return undefined
    return (((this.#counts[tag] ?? 0) + (this.#before?.[tag] ?? 0)) / seconds) * 60
  }

  close(): void {
    this.#stop?.()
    this.#timer?.cancel()
    this.#stop = undefined
    this.#counts = new Uint32Array(0)
    this.#before = undefined
  }

  #count({ tag, length }: SampleBatch): void {
    for (let row = 0; row < length; row++) {
      const id = tag[row]!
      if (id >= this.#counts.length) this.#grow(id)
      this.#counts[id]!++
    }
  }

  #grow(id: number): void {
    const grown = new Uint32Array(Math.max(id + 1, this.#source.capacity()))
    grown.set(this.#counts)
    this.#counts = grown
  }

  #look(): void {
    const now = this.#source.clock.monotonic()
    if (now - this.#askedAt > PATIENCE_MS) return this.close()
    if (now - this.#began < WINDOW_MS) return
    this.#before = this.#counts
    this.#beforeMs = now - this.#began
    this.#counts = new Uint32Array(this.#source.capacity())
    this.#began = now
  }
}
