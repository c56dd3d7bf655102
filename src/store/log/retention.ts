/** The bounds of the log, and what lies beyond them. */
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
