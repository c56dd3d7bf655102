/** What the log tells the trends, which are made of its segments and outlive them, and what it asks of them. */
import type { Segment } from './segment.ts'

export interface LogTrends {
  /** The lowest number in a trend; Infinity without one. */
  readonly oldestSeq: number
  /** A segment that gets no more frames, or was thinned. */
  add(segment: Segment): void
  /** A segment is about to go or to be thinned: its trend is made first. False: not now, its file stays until the next start. */
  settle(segment: Segment): Promise<boolean>
  /** The disk is full: a trend weighs less than samples for which a sink waits. False when there is none. */
  giveWay(): boolean
}
