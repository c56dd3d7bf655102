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

/**
 * In which order a sink gets what it missed. 'in-order': from the oldest to the newest. 'live-first': after an outage what is new
 * comes at once, and what was missed beside it, in order and marked as historical.
 */
export const REPLAY_ORDERS = ['in-order', 'live-first'] as const

/** In which order a sink gets what it missed, and how fast. */
export interface CursorOrder {
  readonly order: (typeof REPLAY_ORDERS)[number]
  /** The most rows a second of what was missed; undefined: as fast as the far side takes them. */
  readonly makeUpRowsPerSecond?: number | undefined
}

export interface Cursor {
  /**
   * Waits until there is something after the read position and moves past it: at most `maxRows` rows with `seq` set, or a
   * gap. A gap's samples are already in the ledger's `dropped`. Rows may be ahead of the fsync. Rejects when `signal` aborts.
   * With order 'live-first' the ack of what came must precede the next call, as the two ways are acked apart.
   */
  next(maxRows: number, signal: AbortSignal): Promise<SampleBatch | Gap>
  /** Everything up to and including `seq`, on the way it came, is settled. Acks may run ahead of the fsync; what is persisted never does. */
  ack(seq: number, settled: Settled): void
  /** Puts the read position back to the last ack. */
  rewind(): void
  ledger(): Ledger
  /** About how many bytes of the log on the disk hold what is pending. */
  readonly pendingBytes: number
  /** Whether the sample of this number is settled: the far side has it, or it was let go. */
  isSettled(seq: number): boolean
  /** Everything up to here is settled. */
  readonly settledSeq: number
  /** Lets go of everything that is pending; returns its count. What is being written just now may still arrive. */
  purge(): number
  /** Persists position and ledger together. */
  close(): Promise<void>
}
