/** The bounds of the log, and what lies beyond them. */
import type { RetentionPolicy } from '../../core/retention.ts'
import type { ClockSteps } from './clock-steps.ts'
import type { Segment } from './segment.ts'

export interface RetentionBounds {
  readonly maxBytes: number
  readonly maxAgeMs: number | undefined
  readonly policy: RetentionPolicy
}

/** Bounds where only some are asked for. */
export interface RetentionLimits {
  /** Default 4 GiB. */
  readonly maxBytes?: number | undefined
  /** Default none. */
  readonly maxAgeMs?: number | undefined
  /** What happens at `maxBytes` with samples that a sink still waits for. Default drop-oldest. */
  readonly policy?: RetentionPolicy | undefined
}

export const boundsOf = ({
  maxBytes = 4 * 1024 ** 3,
  maxAgeMs,
  policy = 'drop-oldest',
}: RetentionLimits = {}): RetentionBounds => ({ maxBytes, maxAgeMs, policy })

export function isTooOld(segment: Segment, { maxAgeMs }: RetentionBounds, steps: ClockSteps): boolean {
  return steps.age(segment.lastSeq, segment.lastReceived) > (maxAgeMs ?? Infinity)
}

export const totalBytes = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.bytes, 0)
