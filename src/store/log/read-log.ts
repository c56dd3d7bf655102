/** Going through the end of the log, once, in its order. */
import type { SampleBatch } from '../../core/batch.ts'
import type { Gap } from '../../core/sink.ts'
import type { FileSystem } from '../files.ts'
import { FrameReader } from './reader.ts'
import type { LogView } from './view.ts'
import { Walk } from './walk.ts'

const BATCH_ROWS = 1000

/** Everything after `seq` that was in the log when it began: rows, and gaps where there are none any more. */
export async function* readLog(view: LogView, files: FileSystem, seq: number): AsyncGenerator<SampleBatch | Gap> {
  const reader = new FrameReader(files, () => undefined)
  const nothing = () => undefined
  const start = view.ordinals.position(Math.max(seq, view.oldestSeq - 1))
  const walk = new Walk({ view, reader, joins: false, lostSeq: 0, dropped: nothing, skipped: nothing }, start)
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
