/** The bounds of the log, what lies beyond them, and how fast it grows. */
import type { RetentionPolicy } from '../../core/retention.ts'
import type { ClockSteps } from './clock-steps.ts'
import type { Segment } from './segment.ts'

export interface RetentionBounds {
  readonly maxBytes: number
  readonly maxAgeMs: number | undefined
  readonly policy: RetentionPolicy
}

export function isTooOld(segment: Segment, { maxAgeMs }: RetentionBounds, steps: ClockSteps): boolean {
  return steps.age(segment.lastSeq, segment.lastReceived) > (maxAgeMs ?? Infinity)
}

export const totalBytes = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.bytes, 0)

/** At what rate the log grows: bytes written now and then (monotonic ms), over the last minutes. */
export class GrowthRate {
  readonly #seen: { at: number; bytes: number }[] = []

  note(at: number, bytes: number): void {
    const last = this.#seen.at(-1)
    if (last !== undefined && at - last.at < 10_000) return
    this.#seen.push({ at, bytes })
    while (this.#seen.length > 31) this.#seen.shift()
  }

  /** Bytes a millisecond; undefined until ten seconds have been seen. */
  perMs(at: number, bytes: number): number | undefined {
    const first = this.#seen[0]
    if (first === undefined || at - first.at < 10_000) return undefined
    return (bytes - first.bytes) / (at - first.at)
  }
}
