/** Going through a part of the log, once, in its order. */
import { SampleBatch } from '../../core/batch.ts'
import type { Gap } from '../../core/sink.ts'
import { breathe } from '../breathe.ts'
import type { FileSystem } from '../files.ts'
import { FrameReader } from './reader.ts'
import type { Segment } from './segment.ts'
import type { LogView } from './view.ts'
import { Walk } from './walk.ts'

/** Source times in ms since 1970, both included. */
export interface ScanRange {
  readonly from: number
  readonly to: number
}

const BATCH_ROWS = 1000

/** The samples of a range that were in the log when it began, with their numbers, in batches of at most 1,000. */
export async function* scanLog(
  view: LogView & { readonly segments: readonly Segment[] },
  files: FileSystem,
  { from, to }: ScanRange,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  const reader = new FrameReader(files, () => undefined)
  const nothing = () => undefined
  const walk = new Walk(
    { view, reader, lostSeq: 0, dropped: nothing, skipped: nothing },
    view.ordinals.position(view.oldestSeq - 1),
  )
  const end = view.readableSeq
  const isOutside = ({ minTime, maxTime }: Segment) => minTime === null || minTime > to || maxTime! < from
  let rows = new SampleBatch(BATCH_ROWS)
  try {
    while (walk.place.seq + 1 < end) {
      signal.throwIfAborted()
      const seq = walk.place.seq + 1
      const segment = view.segments.find(({ firstSeq, lastSeq, sealed }) => sealed && firstSeq <= seq && seq <= lastSeq)
      if (segment !== undefined && isOutside(segment)) {
        walk.moveTo(view.ordinals.position(segment.lastSeq))
        continue
      }
      const found = await walk.next(BATCH_ROWS, end)
      if (!(found instanceof SampleBatch)) continue
      for (let row = 0; row < found.length; row++) {
        if (!(found.time[row]! >= from && found.time[row]! <= to)) continue
        rows.receivedAt = found.receivedAt
        rows.pushRow(found, row)
        if (rows.length < BATCH_ROWS) continue
        yield rows
        rows = new SampleBatch(BATCH_ROWS)
      }
      await breathe()
    }
    if (rows.length > 0) yield rows
  } finally {
    await reader.close()
  }
}

/** Everything after `seq` that was in the log when it began: rows, and gaps where there are none any more. */
export async function* readLog(view: LogView, files: FileSystem, seq: number): AsyncGenerator<SampleBatch | Gap> {
  const reader = new FrameReader(files, () => undefined)
  const nothing = () => undefined
  const start = view.ordinals.position(Math.max(seq, view.oldestSeq - 1))
  const walk = new Walk({ view, reader, lostSeq: 0, dropped: nothing, skipped: nothing }, start)
  const end = view.readableSeq
  try {
    while (walk.place.seq + 1 < end) {
      const found = await walk.next(BATCH_ROWS, end)
      if (found !== undefined) yield found
    }
  } finally {
    await reader.close()
  }
}
