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

test('a reader that is far behind gets as many rows as it asks for, out of many small frames', async () => {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const store = await open(files, { clock, tailRows: 50 })
  const cursor = await store.openCursor('late')
  const given: number[] = []
  for (let frame = 0; frame < 60; frame++) {
    const batch = new SampleBatch(10, clock.now())
    for (let row = 0; row < 10; row++) batch.push(1, row === 3 ? `text ${frame}` : frame * 10 + row, 0)
    store.append(batch)
    for (let row = 0; row < 10; row++) given.push(batch.seq![row]!)
    await store.flush()
    await clock.advance(100)
  }
  const sizes: number[] = []
  const got: (readonly [number, unknown])[] = []
  while (got.length < given.length) {
    const batch = (await cursor.next(75, signal)) as SampleBatch
    sizes.push(batch.length)
    for (const { seq, value } of batch) got.push([seq!, value])
    cursor.ack(batch.seq!.at(-1)!, { delivered: batch.length })
    balance(cursor)
  }
  assert.deepEqual(got, given.map((seq, at) => [seq, at % 10 === 3 ? `text ${Math.floor(at / 10)}` : at])) // prettier-ignore
  assert.deepEqual(sizes.slice(0, 7), Array(7).fill(75))
  assert.ok(sizes.length <= 10, `${sizes.join()}: what is in memory comes by itself`)
  await store.close()
})

test('frames are joined up to a gap, and not beyond what strings may take', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { maxPendingRows: 20_000, tailRows: 20 })
  const cursor = await store.openCursor('late')
  const append = (rows: number, value: string) => {
    const batch = new SampleBatch(rows, 1000)
    for (let row = 0; row < rows; row++) batch.push(1, value, 0)
    return store.append(batch)
  }
  for (let frame = 0; frame < 4; frame++) {
    append(10, 'x')
    await store.flush()
  }
  assert.equal(append(20_001, 'x'), 20_001)
  for (let frame = 0; frame < 30; frame++) {
    append(1, 'y'.repeat(300_000))
    await store.flush()
  }
  const found: string[] = []
  while (found.length < 5) {
    const next = await cursor.next(1000, signal)
    found.push(next instanceof SampleBatch ? String(next.length) : next.reason)
  }
  assert.deepEqual(found, ['40', 'overflow', '4', '4', '4'])
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

test('a cursor that is opened while samples come: those that came meanwhile are on its account', async () => {
  const store = await open(new MemoryFiles())
  store.append(batchOf(10))
  const state = { isOpen: false }
  const opening = store.openCursor('late').finally(() => (state.isOpen = true))
  while (!state.isOpen) {
    store.append(batchOf(1))
    await Promise.resolve()
  }
  const cursor = await opening
  assert.ok(store.info().nextSeq > 12)
  balance(cursor)
  store.append(batchOf(5))
  balance(cursor)
  await store.close()
})

/** A machine that has no file descriptor left for segments. */
class NoDescriptors extends MemoryFiles {
  isShort = false
  opensLeft = Infinity

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const isRefused = path.endsWith('.seg') && mode === 'read' && (this.isShort || this.opensLeft-- <= 0)
    if (isRefused) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
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
  files.opensLeft = 1
  const most = (await cursor.next(100_000, signal)) as SampleBatch
  assert.deepEqual(
    [most.seq![0], files.opensLeft < 0],
    [got.length + 1, true],
    'what was read before it went wrong is there',
  )
  await assert.rejects(cursor.next(100_000, signal), { code: 'EMFILE' })
  files.opensLeft = Infinity
  const rest = (await cursor.next(100_000, signal)) as SampleBatch
  assert.equal(rest.seq![0], most.seq!.at(-1)! + 1)
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
