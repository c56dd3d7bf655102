/** What is known of one sink at a moment. */
import type { Histogram } from '../core/histogram.ts'
import type { Sink } from '../core/sink.ts'
import type { ReplayStatus } from './replay.ts'
import type { SinkState, SinkStateName } from './sink-state.ts'

/** What the API, the page and the metrics show of a sink; the counts of samples come from one snapshot of its ledger. */
export interface SinkStatus {
  readonly name: string
  readonly kind: string
  readonly state: SinkStateName
  /** Why, in a sentence; null when all is well. */
  readonly reason: string | null
  /** ms since 1970. */
  readonly stateSince: number
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
  readonly oldestPendingAgeMs: number | null
  /** About, of the log on the disk. */
  readonly pendingBytes: number
  /** Batches that the far side took, wholly or in part. */
  readonly writes: number
  /** Batches that had to be written again. */
  readonly retries: number
  readonly reconnects: number
  readonly writeSeconds: Histogram
  /** By samples: from their arrival here until the far side had confirmed them. */
  readonly ageSeconds: Histogram
  /** When a batch was settled last, ms since 1970; undefined: not since the start. */
  readonly lastSettledAt: number | undefined
  /** When it is tried again after a failure, ms since 1970; undefined: no pause. */
  readonly nextAttemptAt: number | undefined
  /** What went wrong last; it stays when all is well again. */
  readonly lastError: SinkState['lastError']
  /** Samples delivered again on command, since the start; no part of the account. */
  readonly replayed: number
  /** The replay that goes on, or the last one; null: none since the start. */
  readonly replay: ReplayStatus | null
  /** What the sink itself says of its session. */
  readonly facts: NonNullable<ReturnType<NonNullable<Sink['facts']>>>
}
