/** The group commit: as many fsyncs as `syncEveryMs` says, and nothing in memory goes before it is on the disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { silentLog } from '../../core/log.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from '../files.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type StoreOptions } from '../store.ts'

const signal = AbortSignal.timeout(20_000)

function batchOf(rows: number): SampleBatch {
  const batch = new SampleBatch(rows, 1000)
  for (let row = 0; row < rows; row++) batch.push(1, row, 0)
  return batch
}

/** A disk during whose fsyncs of segments something happens. */
class BusyFiles extends MemoryFiles {
  onSync: () => void = () => undefined

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await super.open(path, mode)
    if (!path.endsWith('.seg')) return file
    const sync = async () => {
      this.onSync()
      await file.sync()
    }
    return { ...file, sync }
  }
}

const open = (files: MemoryFiles, clock: VirtualClock, options: Partial<StoreOptions> = {}) =>
  openStore({ dir: '/data', clock, log: silentLog, files, reserveBlock: 1000, ...options })

test('rows that come during a commit wait for the next one: a second has five fsyncs, flush has its own at once', async () => {
  const files = new BusyFiles()
  const clock = new VirtualClock()
  const store = await open(files, clock, { syncEveryMs: 200 })
  let more = 500
  files.onSync = () => void (more-- > 0 && store.append(batchOf(1)))
  store.append(batchOf(1))
  await clock.advance(1010)
  assert.equal(store.info().fsyncs, 5)
  const { nextSeq } = store.info()
  await store.flush()
  assert.ok(store.info().durableSeq >= nextSeq - 1)
  await store.close()
})

test('rows that come while the disk is slow stay in memory until it has them, however few it keeps for readers', async () => {
  const files = new BusyFiles()
  const store = await open(files, new VirtualClock(), { tailRows: 50, maxPendingRows: 1000 })
  let left = 10
  files.onSync = () => {
    for (; left > 0; left--) store.append(batchOf(60))
  }
  store.append(batchOf(60))
  await store.flush()
  assert.equal(store.info().durableSeq, 60)
  assert.equal(store.info().pendingRows, 600)
  await store.close()
  const again = await open(files, new VirtualClock())
  const cursor = await again.openCursor('s')
  for (let seq = 0; seq < 660;) {
    const got = await cursor.next(1000, signal)
    assert.ok(got instanceof SampleBatch, JSON.stringify(got))
    for (const sample of got) assert.deepEqual([sample.seq, sample.value], [++seq, (seq - 1) % 60])
  }
  await again.close()
})

test('the numbers that an unclean stop skipped do not count as samples that wait', async () => {
  const files = new MemoryFiles()
  const store = await open(files, new VirtualClock(), { reserveBlock: 1_000_000 })
  store.append(batchOf(10))
  await store.flush()
  const again = await open(files.afterKill(), new VirtualClock(), { reserveBlock: 1_000_000, maxPendingRows: 100_000 })
  assert.equal(again.info().pendingRows, 0)
  assert.equal(again.append(batchOf(100)), 0, 'samples were refused on a healthy disk')
  assert.equal(again.info().pendingRows, 100)
  await again.close()
})
