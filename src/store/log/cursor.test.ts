/** What a sink's reader hears: gaps until it has acked them, rows that are late but not lost, and a ledger that is right after a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Cursor } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from '../files.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

const signal = AbortSignal.timeout(20_000)

const open = (files: MemoryFiles, options: Partial<StoreOptions> = {}) =>
  openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files, reserveBlock: 1000, ...options })

function batchOf(rows: number): SampleBatch {
  const batch = new SampleBatch(rows, 1000)
  for (let row = 0; row < rows; row++) batch.push(1, Math.random(), 0)
  return batch
}

async function fill(store: Store, batches: number): Promise<void> {
  for (let i = 0; i < batches; i++) {
    store.append(batchOf(300))
    await store.flush()
  }
}

function balance(cursor: Cursor): void {
  const { routed, delivered, pending, dropped } = cursor.ledger()
  assert.equal(routed, delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0))
}

const SMALL = { segmentBytes: 4096, retention: { maxBytes: 40_000 }, tailRows: 300 }

test('a reader that lost its connection still hears of what retention took, and again until it has acked it', async () => {
  const store = await open(new MemoryFiles(), SMALL)
  const cursor = await store.openCursor('slow')
  await fill(store, 1)
  await cursor.next(10, signal)
  await fill(store, 60)
  for (let time = 0; time < 2; time++) {
    cursor.rewind()
    const gap = await cursor.next(10, signal)
    assert.ok(!(gap instanceof SampleBatch))
    assert.deepEqual([gap.reason, gap.fromSeq, gap.samples], ['retention', 1, gap.toSeq])
    assert.equal(cursor.ledger().dropped.retention, gap.samples)
    balance(cursor)
    if (time === 1) cursor.ack(gap.toSeq, { delivered: 0 })
  }
  cursor.rewind()
  assert.ok((await cursor.next(10, signal)) instanceof SampleBatch)
  balance(cursor)
  await store.close()
})

test('a gap of refused samples within what retention took is counted once', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { ...SMALL, maxPendingRows: 400 })
  const cursor = await store.openCursor('slow')
  await fill(store, 1)
  store.append(batchOf(300))
  assert.equal(store.append(batchOf(300)), 300)
  await fill(store, 60)
  cursor.rewind()
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(1000, signal)
    balance(cursor)
    if (got instanceof SampleBatch) cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
    balance(cursor)
  }
  await store.close()
})

test('a sink that was out of the configuration while retention went on: its ledger is right before it reads', async () => {
  const files = new MemoryFiles()
  let store = await open(files, SMALL)
  await store.openCursor('away')
  await fill(store, 2)
  await store.close()
  store = await open(files, SMALL)
  await fill(store, 60)
  await store.close()
  store = await open(files, SMALL)
  const cursor = await store.openCursor('away')
  const { oldestSeq } = store.info()
  assert.equal(cursor.ledger().dropped.retention, oldestSeq - 1)
  assert.equal(cursor.ledger().pending, 62 * 300 - (oldestSeq - 1))
  balance(cursor)
  await store.close()
})

/** A machine that has no file descriptor left for segments. */
class NoDescriptors extends MemoryFiles {
  isShort = false

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (this.isShort && path.endsWith('.seg')) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    return super.open(path, mode)
  }
}

test('too many open files are no reason to leave samples out: they come when there are fewer', async () => {
  const files = new NoDescriptors()
  const store = await open(files, { segmentBytes: 4096, tailRows: 300 })
  const cursor = await store.openCursor('s')
  await fill(store, 20)
  files.isShort = true
  await assert.rejects(cursor.next(100, signal), { code: 'EMFILE' })
  files.isShort = false
  const got = await cursor.next(100, signal)
  assert.ok(got instanceof SampleBatch)
  assert.equal(got.seq![0], 1)
  await store.close()
})

test('what was refused is known, under the number of its gap: no reader of older rows takes its value', async () => {
  const store = await open(new MemoryFiles(), { maxPendingRows: 10 })
  store.append(batchOf(10))
  const refused = new SampleBatch(1, 2000)
  refused.push(1, 42, 0)
  assert.equal(store.append(refused), 1)
  assert.equal(refused.seq![0], 0)
  const { value, seq } = store.latest.get(1)
  assert.deepEqual([value, seq], [42, 11])
  await store.close()
})
