/**
 * A sink's place in the log, and its account of samples. The store implements it; the delivery runner is its one reader.
 * Conservation holds in every ledger: routed = delivered + pending + the sum of dropped.
 */
import type { SampleBatch } from './batch.ts'
import type { Gap } from './sink.ts'

/** One snapshot of a sink's samples since its cursor was made; restarts do not reset it. */
export interface Ledger {
  /** Counted where samples enter the log. */
  readonly routed: number
  /** Counted where acks arrive. */
  readonly delivered: number
  /** Counted from the cursor's position in the log. */
  readonly pending: number
  /** Reason to count. */
  readonly dropped: Readonly<Record<string, number>>
  /** When the oldest pending sample was received, ms since 1970; undefined when nothing is pending. */
  readonly oldestPendingTime: number | undefined
}

/** What became of the samples that an ack settles. */
export interface Settled {
  readonly delivered: number
  /** Reason to count; `rejected` are the rows that went to the dead letters. */
  readonly dropped?: Readonly<Record<string, number>> | undefined
}

export interface Cursor {
  /**
   * Waits until there is something after the read position and moves past it: at most `maxRows` rows with `seq` set, or a
   * gap. A gap's samples are already in the ledger's `dropped`. Rows may be ahead of the fsync. Rejects when `signal` aborts.
   */
  next(maxRows: number, signal: AbortSignal): Promise<SampleBatch | Gap>
  /** Everything up to and including `seq` is settled. Acks may run ahead of the fsync; what is persisted never does. */
  ack(seq: number, settled: Settled): void
  /** Puts the read position back to the last ack. */
  rewind(): void
  ledger(): Ledger
  /** Persists position and ledger together. */
  close(): Promise<void>
}
