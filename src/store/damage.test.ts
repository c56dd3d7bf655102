/** Damage: every changed bit and every missing tail of a segment is noticed, costs only its frame, and the store opens all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { silentLog } from '../core/log.ts'
import type { Gap } from '../core/sink.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store } from './store.ts'

const SEGMENT = '/data/log/00000001.seg'
const ROWS = 4

const open = (files: MemoryFiles): Promise<Store> =>
  openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files, reserveBlock: 100 })

/** Three frames of four rows, value = number; closed cleanly or cut off by a power cut. */
async function written(isClean: boolean): Promise<MemoryFiles> {
  const files = new MemoryFiles()
  const store = await open(files)
  for (let frame = 0; frame < 3; frame++) {
    const batch = new SampleBatch(ROWS, 1000 + frame)
    for (let row = 0; row < ROWS; row++) batch.push(1, frame * ROWS + row + 1, 0)
    store.append(batch)
    await store.flush()
  }
  if (isClean) await store.close()
  return isClean ? files : files.afterPowerCut()
}

/** A copy of the folder, with another segment in it. */
function withSegment(files: MemoryFiles, segment: Uint8Array | undefined): MemoryFiles {
  const copy = new MemoryFiles()
  for (const path of files.paths(/./)) if (path !== SEGMENT && !path.endsWith('.trend')) copy.put(path, files.get(path))
  if (segment !== undefined) copy.put(SEGMENT, segment)
  return copy
}

async function readAll(store: Store) {
  const cursor = await store.openCursor('s')
  const seqs: number[] = []
  const gaps: Gap[] = []
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(100, AbortSignal.timeout(5000))
    if (!(got instanceof SampleBatch)) {
      gaps.push(got)
      continue
    }
    for (const { seq, value } of got) assert.equal(value, seq)
    seqs.push(...got.seq!)
    cursor.ack(seqs.at(-1)!, { delivered: got.length })
  }
  const { routed, delivered, dropped } = cursor.ledger()
  assert.equal(routed, delivered + Object.values(dropped).reduce((sum, count) => sum + count, 0))
  return { seqs, gaps }
}

for (const isClean of [true, false]) {
  test(`${isClean ? 'every third bit of a sealed segment' : 'each bit of a segment after a power cut'}: at most one frame is lost, and it is noticed`, async () => {
    const files = await written(isClean)
    const whole = files.get(SEGMENT)
    // The sealed one has a long footer: every third bit of it all.
    for (let bit = 0; bit < whole.length * 8; bit += isClean ? 3 : 1) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const store = await open(withSegment(files, bytes))
      const { seqs, gaps } = await readAll(store)
      const lost = 3 * ROWS - seqs.length
      assert.ok(lost === 0 || lost === ROWS, `bit ${bit} cost ${lost} rows`)
      assert.ok(store.info().corruptFrames > 0, `bit ${bit} was not noticed`)
      if (isClean && lost > 0)
        assert.ok(
          gaps.some((gap) => gap.samples === ROWS),
          `bit ${bit}: no gap`,
        )
      await store.close()
    }
  })
}

test('each shorter length of a segment after a power cut: whole frames stay, the rest is cut off', async () => {
  const files = await written(false)
  const whole = files.get(SEGMENT)
  for (let length = 0; length < whole.length; length++) {
    const store = await open(withSegment(files, whole.subarray(0, length)))
    const { seqs } = await readAll(store)
    assert.ok(seqs.length % ROWS === 0 && seqs.length < 3 * ROWS)
    assert.deepEqual(
      seqs,
      [...seqs.keys()].map((at) => at + 1),
    )
    const batch = new SampleBatch(1)
    batch.push(1, 1, 0)
    store.append(batch)
    assert.ok(batch.seq![0]! > 100, 'a number of before the power cut was given again')
    await store.close()
  }
})

test('a segment that is gone, and a lost sequence file: the store opens, says what is missing, and gives no number twice', async () => {
  const files = await written(true)
  const store = await open(withSegment(files, undefined))
  assert.equal(store.info().nextSeq, 3 * ROWS + 1)
  await store.close()

  const lost = withSegment(files, files.get(SEGMENT))
  lost.put('/data/sequence', Buffer.alloc(100, 7))
  const other = await open(lost)
  assert.ok(other.info().nextSeq > 1e9)
  assert.equal(other.logId, store.logId)
  assert.equal((await readAll(other)).seqs.length, 3 * ROWS)
  await other.close()
})

test('a frame that rots while the store runs is skipped with a gap of its size and counted', async () => {
  const files = await written(true)
  const store = await open(files)
  const bytes = files.get(SEGMENT)
  const second = bytes.indexOf('BFR1', bytes.indexOf('BFR1', bytes.indexOf('BFR1', 64) + 1) + 1)
  bytes[second + 60]! ^= 1
  files.put(SEGMENT, bytes)
  const { seqs, gaps } = await readAll(store)
  assert.deepEqual(seqs, [1, 2, 3, 4, 9, 10, 11, 12])
  assert.deepEqual(
    gaps.map(({ fromSeq, toSeq, samples, reason }) => ({ fromSeq, toSeq, samples, reason })),
    [{ fromSeq: 5, toSeq: 8, samples: 4, reason: 'corrupt' }],
  )
  assert.equal(store.info().corruptFrames, 1)
  await store.close()
})

test('a segment under another name or twice costs nothing: what counts is what is in it', async () => {
  for (const isCopy of [true, false]) {
    const files = await written(true)
    for (let more = 0; more < 2; more++) {
      const store = await open(files)
      const batch = new SampleBatch(ROWS, 2000)
      for (let row = 0; row < ROWS; row++) batch.push(1, store.info().nextSeq + row, 0)
      store.append(batch)
      await store.close()
    }
    const changed = isCopy ? withSegment(files, files.get(SEGMENT)) : withSegment(files, undefined)
    changed.put('/data/log/00000077.seg', files.get(SEGMENT))
    const store = await open(changed)
    assert.deepEqual(
      (await readAll(store)).seqs,
      Array.from({ length: 5 * ROWS }, (_, at) => at + 1),
    )
    await store.close()
  }
})

test('a missing segment that held the gap of an unclean stop is counted by its samples, not by its numbers', async () => {
  const files = await written(false)
  for (let more = 0; more < 2; more++) {
    const store = await open(files)
    if (more === 0) await store.openCursor('s')
    const batch = new SampleBatch(ROWS, 2000)
    for (let row = 0; row < ROWS; row++) batch.push(1, store.info().nextSeq + row, 0)
    store.append(batch)
    await store.close()
  }
  await files.remove('/data/log/00000002.seg')
  const store = await open(files)
  const { seqs, gaps } = await readAll(store)
  assert.equal(seqs.length, 4 * ROWS)
  assert.deepEqual(
    gaps.map(({ samples, reason }) => [samples, reason]),
    [[ROWS, 'missing-segment']],
  )
  assert.equal((await store.openCursor('s')).ledger().routed, 5 * ROWS)
  await store.close()
})

test('the newer slot of the sequence file rots: numbers that it had reserved are not given again', async () => {
  for (const slot of [0, 1]) {
    const files = new MemoryFiles()
    const store = await open(files)
    const given = new Set<number>()
    for (let times = 0; times < 6; times++) {
      const batch = new SampleBatch(30)
      for (let row = 0; row < 30; row++) batch.push(1, row, 0)
      store.append(batch)
      for (const seq of batch.seq!) given.add(seq)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(given.size === 180)
    const left = files.afterKill()
    const bytes = left.get('/data/sequence')
    bytes[slot * 4096 + 20]! ^= 1
    left.put('/data/sequence', bytes)
    const again = await open(left)
    const batch = new SampleBatch(1)
    batch.push(1, 1, 0)
    again.append(batch)
    assert.ok(batch.seq![0]! > Math.max(...given), `${batch.seq![0]} was given before`)
    await again.close()
  }
})
