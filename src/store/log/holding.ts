/** How long the log lasts, in hours, at the rate of the last minutes: both of its bounds, size and age, let samples go. */
import type { Clock } from '../../core/clock.ts'
import type { Position } from './ordinals.ts'
import { totalBytes, type RetentionBounds } from './retention.ts'
import type { Segment } from './segment.ts'

/** What is asked of the log. */
export interface Held {
  readonly head: Position
  readonly segments: readonly Segment[]
  /** Why nothing can be written; null: it can. */
  readonly failed: string | null
  receivedAt(seq: number): number | undefined
  /** ms */
  age(seq: number, receivedAt: number): number
}

const MS_AN_HOUR = 3_600_000
const NOTE_EVERY_MS = 10_000
const NOTES = 31

export class Holding {
  readonly #clock: Clock
  readonly #bounds: RetentionBounds
  readonly #writer: { readonly frameBytes: number }
  /** Bytes written at some times, monotonic ms. */
  readonly #seen: { at: number; bytes: number }[] = []

  constructor(clock: Clock, bounds: RetentionBounds, writer: { readonly frameBytes: number }) {
    this.#clock = clock
    this.#bounds = bounds
    this.#writer = writer
    this.note()
  }

  /** Called after each commit. */
  note(): void {
    const at = this.#clock.monotonic()
    const last = this.#seen.at(-1)
    if (last !== undefined && at - last.at < NOTE_EVERY_MS) return
    this.#seen.push({ at, bytes: this.#writer.frameBytes })
    if (this.#seen.length > NOTES) this.#seen.shift()
  }

  /**
   * `held`: what a sink may be away at most. `left`: until samples are lost that a sink does not have, if from now on none takes any;
   * every sink has what lies up to `settled`. Null when unknown, and while nothing can be written.
   */
  hours(log: Held, settled: number): { readonly held: number | null; readonly left: number | null } {
    const waiting = log.segments.filter(({ lastSeq }) => lastSeq > settled)
    const receivedAt = settled < log.head.seq ? log.receivedAt(settled + 1) : undefined
    const age = receivedAt === undefined ? 0 : log.age(settled + 1, receivedAt)
    const { maxBytes } = this.#bounds
    const hours = (bytes: number, since: number) => (log.failed === null ? this.#hoursFor(bytes, since) : null)
    return { held: hours(maxBytes, 0), left: hours(maxBytes - totalBytes(waiting), age) }
  }

  /** Until so many bytes are full, or samples that are `age` ms old are too old; null until ten seconds have been seen. */
  #hoursFor(room: number, age: number): number | null {
    const first = this.#seen[0]!
    const [ms, bytes] = [this.#clock.monotonic() - first.at, this.#writer.frameBytes - first.bytes]
    if (ms < NOTE_EVERY_MS || bytes <= 0) return null
    const untilTooOld = (this.#bounds.maxAgeMs ?? Infinity) - age
    return Math.max(0, Math.min((room * ms) / bytes, untilTooOld)) / MS_AN_HOUR
  }
}
