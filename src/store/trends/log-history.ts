/** One tag's samples out of what is not in a trend file yet: segments, and the newest in memory. */
import { IS_OTHER } from '../../core/batch.ts'
import type { TagId } from '../../core/value.ts'
import { breathe } from '../breathe.ts'
import { rowFrom } from '../log/frame-rows.ts'
import type { FrameReader } from '../log/reader.ts'
import type { Segment } from '../log/segment.ts'
import type { Tail } from '../log/tail.ts'
import type { HistoryCollector } from './history.ts'
import { numberAt } from './transpose.ts'

const FRAMES_A_STEP = 8

/** The tail has everything after `covered`. */
export const reaches = (tail: Tail, covered: number): boolean => (tail.firstSeq ?? Infinity) <= covered + 1

/** Takes what a segment has after `covered` and before the tail; resolves to how far that is. */
export async function collectSegment(
  reader: FrameReader,
  segment: Segment,
  covered: number,
  tail: Tail,
  tag: TagId,
  into: HistoryCollector,
  signal: AbortSignal,
): Promise<{ seq: number; isGone: boolean }> {
  const limit = Math.min(segment.lastSeq, (tail.firstSeq ?? Infinity) - 1)
  let frames = 0
  let isGone = false
  for (let seq = Math.max(covered + 1, segment.firstSeq); seq <= limit;) {
    signal.throwIfAborted()
    const frame = await reader.read(segment, seq).catch(() => undefined)
    if (frame === undefined) {
      isGone = frames === 0
      break
    }
    const end = rowFrom(frame, Math.min(frame.endSeq, limit + 1))
    const { rows } = frame
    for (let row = rowFrom(frame, seq); row < end; row++) {
      if (rows.tag[row] !== tag || rows.flags[row]! & IS_OTHER) continue
      into.add(rows.time[row]!, numberAt(rows, row, rows.flags[row]!), rows.status[row]!)
    }
    seq = frame.endSeq
    if (++frames % FRAMES_A_STEP === 0) await breathe()
  }
  return { seq: Math.max(limit, covered), isGone }
}

/** Takes what the memory has from `first` on. */
export function collectTail(tail: Tail, first: number, tag: TagId, into: HistoryCollector): void {
  for (const { rows, firstSeq, endSeq } of tail.blocks) {
    if (endSeq <= first) continue
    for (let row = Math.max(0, first - firstSeq); row < rows.length; row++) {
      if (rows.tag[row] !== tag || rows.flags[row]! & IS_OTHER) continue
      into.add(rows.time[row]!, numberAt(rows, row, rows.flags[row]!), rows.status[row]!)
    }
  }
}
