/** A segment is read in the moment in which thinning puts another file in its place: the reader gets one of the two, not a mixture. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { silentLog } from '../../core/log.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore } from '../store.ts'
import { FrameReader } from './reader.ts'
import { recoverSegments } from './recovery.ts'
import { thinSegment } from './thin.ts'

const ROWS = 40_000

/** Between the rename and what follows it, somebody reads. */
class SlowRename extends MemoryFiles {
  onRenamed: () => Promise<void> = async () => {}
  folderFault: Error | undefined

  override async rename(from: string, to: string): Promise<void> {
    await super.rename(from, to)
    await this.onRenamed()
  }

  override async syncFolder(folder: string): Promise<void> {
    if (this.folderFault !== undefined) throw this.folderFault
    return super.syncFolder(folder)
  }
}

async function sealedSegment(files: MemoryFiles) {
  const store = await openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files })
  for (let count = 0; count < ROWS / 1000; count++) {
    const batch = new SampleBatch(1000, count)
    for (let row = 0; row < 1000; row++) batch.push(1 + (row % 4), Math.sin(count * 1000 + row) * 1e6, 0)
    store.append(batch)
    await store.flush()
  }
  await store.close()
  const { segments } = await recoverSegments(files, '/data/log', silentLog)
  assert.ok(segments[0]!.index.length > 2, 'the reader has something to seek')
  return segments[0]!
}

for (const folderFault of [undefined, new Error('EIO')]) {
  const also = folderFault === undefined ? '' : ', also when the folder cannot be synced then'
  test(`a segment read while it is replaced is not taken for damaged${also}`, async () => {
    const files = new SlowRename()
    const segment = await sealedSegment(files)
    const damage: number[] = []
    const reader = new FrameReader(files, (_, offset) => damage.push(offset))
    let reading: Promise<unknown> = Promise.resolve()
    files.onRenamed = async () => {
      files.folderFault = folderFault
      reading = reader.read(segment, ROWS - 500)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const context = { files, folder: '/data/log', logId: 'a', oneIn: 10, tagName: () => undefined }
    const thinned = await thinSegment(segment, context, AbortSignal.timeout(5000))
    const frame = (await reading) as Awaited<ReturnType<FrameReader['read']>>
    assert.deepEqual(damage, [])
    assert.ok(frame !== undefined && frame.firstSeq <= ROWS - 500 && frame.endSeq > ROWS - 500)
    const later = await reader.read(segment, ROWS)
    assert.ok(later?.offsets !== undefined, 'what is there since is the thinned one')
    assert.equal(thinned!.samples, ROWS)
    await reader.close()
  })
}
