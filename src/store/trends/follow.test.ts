/** What is made of the segment that is written just now: slab by slab, read once where memory is small, and begun again where it has to be. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../core/log.ts'
import { eventually } from '../../testing/peers.ts'
import { createRecordingLog } from '../../testing/recording-log.ts'
import { appendInTurns, HeldFiles, turnsOf } from '../../testing/trend-rig.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

const signal = AbortSignal.timeout(60_000)
const MIB = 2 ** 20
const HOUR = 3_600_000
const ROWS = 50_000

async function openIn(
  t: TestContext,
  files: HeldFiles,
  clock: VirtualClock,
  options: Partial<StoreOptions> = {},
): Promise<Store> {
  const store = await openStore({ dir: '/data', clock, log: silentLog, files, memoryBytes: 256 * MIB, segmentBytes: 4 * MIB, tailRows: 1000, reserveBlock: 1e7, ...options }) // prettier-ignore
  t.after(() => store.close())
  return store
}

/** So many batches, a second apart. */
async function appendFor(store: Store, clock: VirtualClock, first: number, batches: number): Promise<number> {
  for (let i = 0; i < batches; i++) {
    await appendInTurns(store, first + i * ROWS, ROWS, clock.now())
    await clock.advance(1000)
  }
  return first + batches * ROWS
}

/** Every sample of some tags, each once; the first and the last of a slab belong to the first and the last tag. */
async function assertAll(store: Store, end: number): Promise<void> {
  for (const tag of [1, 8, 100]) {
    const { points } = await store.history(tag, 0, 1e7, 1e6, signal)
    assert.deepEqual(points.map(([time]) => time), turnsOf(tag, end)) // prettier-ignore
  }
}

const trendsOf = (store: Store, files: number) =>
  eventually(`${files} trend files`, () => store.info().trends.files === files)

const sizes: number[] = []
for (const { memoryMib, times } of [
  { memoryMib: 256, times: 1 },
  { memoryMib: 8192, times: 2 },
]) {
  test(`with ${memoryMib} MiB a segment is read ${times} × for its trend, and no sample is left out while it is open or after`, async (t) => {
    const clock = new VirtualClock()
    const files = new HeldFiles()
    const store = await openIn(t, files, clock, { memoryBytes: memoryMib * MIB })
    const end = await appendFor(store, clock, 0, 20)
    await trendsOf(store, 1)
    const { segments, bytes } = store.info()
    assert.equal(segments, 2)
    assert.equal(Math.round(files.bytesRead / bytes), times)
    await assertAll(store, end)
    sizes.push(store.info().trends.bytes)
  })
}

test('larger slabs make smaller trend files', () => {
  assert.equal(sizes.length, 2)
  assert.ok(sizes[0]! > sizes[1]!, sizes.join(' '))
})

test('each segment is followed in its turn', async (t) => {
  const clock = new VirtualClock()
  const files = new HeldFiles()
  const store = await openIn(t, files, clock)
  for (let end = 0, made = 0; made < 3; made++) {
    const before = files.bytesRead
    end = await appendFor(store, clock, end, 4)
    await eventually(`slabs of segment ${made + 1} are taken`, () => files.bytesRead > before)
    assert.equal(store.info().trends.files, made)
    await clock.advance(HOUR + 100_000)
    await appendInTurns(store, end, 100, clock.now())
    end += 100
    await trendsOf(store, made + 1)
    await assertAll(store, end)
  }
})

test('after a kill and an hour without a sample the next segment is followed all the same', async (t) => {
  const clock = new VirtualClock()
  const killed = new HeldFiles()
  await appendInTurns(await openIn(t, killed, clock), 0, ROWS, clock.now())
  const files = new HeldFiles()
  const left = killed.afterKill()
  for (const path of left.paths(/./)) files.put(path, left.get(path))
  const store = await openIn(t, files, clock)
  // The hole that the kill left is written down, in a segment that gets no sample before it is an hour old.
  await clock.advance(HOUR + 100_000)
  await trendsOf(store, 1)
  await clock.advance(HOUR + 100_000)
  files.bytesRead = 0
  const end = await appendFor(store, clock, ROWS, 8)
  await eventually('slabs are taken of a segment that is open', () => files.bytesRead > 0)
  assert.equal(store.info().trends.files, 1)
  await assertAll(store, end)
})

for (const { when, batches } of [
  { when: 'followed', batches: 4 },
  { when: 'sealed', batches: 2 },
]) {
  test(`a segment of which a part is read wrong when it is ${when}`, async (t) => {
    const clock = new VirtualClock()
    const files = new HeldFiles()
    const log = createRecordingLog()
    const store = await openIn(t, files, clock, { log })
    // Two batches are less than a slab: nobody reads them before the segment is sealed.
    const isFollowed = batches > 2
    files.wrongReads = Number(isFollowed)
    const end = await appendFor(store, clock, 0, batches)
    if (isFollowed) await eventually('a slab is taken', () => files.wrongReads === 0)
    // While it is open the log has it.
    await assertAll(store, end)
    if (!isFollowed) files.wrongReads = 1
    await clock.advance(HOUR + 100_000)
    await appendInTurns(store, end, 100, clock.now())
    await trendsOf(store, 1)
    assert.equal(files.wrongReads, 0)
    // Sealed it is read once: what was wrong then is out of its trend, and is said.
    if (isFollowed) await assertAll(store, end + 100)
    assert.equal(log.said.filter(({ sentence }) => /does not check/.test(sentence)).length, isFollowed ? 0 : 1)
  })
}

test('the memory that the process may take decides how large segments are, and so does the room for the log', async (t) => {
  const segments: number[] = []
  for (const { memory, retention } of [
    { memory: 'small' },
    { memory: '' },
    { memory: '', retention: { maxBytes: 8 * MIB } },
  ]) {
    process.env.BIFROST_MEMORY = memory
    t.after(() => delete process.env.BIFROST_MEMORY)
    const clock = new VirtualClock()
    const store = await openIn(t, new HeldFiles(), clock, {
      memoryBytes: undefined,
      segmentBytes: undefined,
      retention,
    })
    await appendFor(store, clock, 0, 20)
    segments.push(store.info().segments)
  }
  assert.deepEqual(segments, [2, 1, 4])
})
