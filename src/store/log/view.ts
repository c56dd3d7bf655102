/** What a cursor sees of the log. */
import type { TagId } from '../../core/value.ts'
import type { Ordinals, Position } from './ordinals.ts'
import type { Segment } from './segment.ts'
import type { Tail } from './tail.ts'

export interface LogView {
  readonly ordinals: Ordinals
  readonly tail: Tail
  /** After the newest sample taken, refused ones included. */
  readonly head: Position
  /** One past the newest number that can be read. */
  readonly readableSeq: number
  readonly oldestSeq: number
  /** The place up to which everything is on the disk. */
  readonly durable: Position
  readonly segments: readonly Segment[]
  /** The first segment that ends at or after `seq`. */
  segmentFor(seq: number): Segment | undefined
  /** About when `seq` was received, ms since 1970; exact within a group commit. */
  receivedAt(seq: number): number | undefined
  /** Whose samples are between these numbers, as far as segments say, those that went too; undefined: unknown, or too many to name. */
  tagsIn(fromSeq: number, toSeq: number): readonly TagId[] | undefined
  /** A segment cannot be read: it is left out from now on. */
  lose(segment: Segment, why: string): void
  /** Resolves at the next append, at most every few milliseconds; rejects when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>
}
