/** Zeros that are written ahead on a disk that takes only some of them: no damage is left behind, and no room is taken for nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { silentLog } from '../../core/log.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from '../files.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore } from '../store.ts'

/** Segments may not grow beyond this; what does not fit is written in part, as a full disk does it. */
class SmallDisk extends MemoryFiles {
  maxBytes = Infinity

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await super.open(path, mode)
    if (!path.endsWith('.seg')) return file
    return {
      ...file,
      write: async (bytes, position) => {
        const room = Math.max(0, this.maxBytes - position)
        await file.write(bytes.subarray(0, room), position)
        if (bytes.length > room) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      },
    }
  }
}

test('a full disk takes half of the zeros: the segment is whole after a clean stop, and its size is what it has', async () => {
  const files = new SmallDisk()
  const options = { dir: '/data', clock: new VirtualClock(), log: silentLog, files, preallocateBytes: 65_536 }
  const store = await openStore(options)
  files.maxBytes = 50_000
  for (let count = 0; count < 40; count++) {
    const batch = new SampleBatch(100)
    for (let row = 0; row < 100; row++) batch.push(1, Math.sin(store.info().nextSeq + row) * 1e6, 0)
    store.append(batch)
    await store.flush()
  }
  assert.equal(store.info().failed, null)
  const [path] = files.paths(/\.seg$/)
  assert.equal(files.get(path!).length, store.info().bytes)
  await store.close()
  const again = await openStore(options)
  assert.deepEqual([again.info().corruptFrames, again.info().durableSeq], [0, 4000])
  await again.close()
})
