/** Going through a stretch of source time, once, in the order of the log; what is not there any more is passed over. */
import { SampleBatch } from '../../core/batch.ts'
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
