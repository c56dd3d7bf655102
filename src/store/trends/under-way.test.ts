/** History that is read while the log goes on: segments are sealed, turned into trend files and let go under the reader's hands. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLog } from '../../core/log.ts'
import { randomFrom } from '../../testing/fault-table.ts'
import { eventually } from '../../testing/peers.ts'
import { createRecordingLog } from '../../testing/recording-log.ts'
import { appendInTurns, HeldFiles, NoTrends, TAGS, turnsOf } from '../../testing/trend-rig.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { openStore, type StoreOptions } from '../store.ts'

const signal = AbortSignal.timeout(60_000)
const MIB = 2 ** 20
const HOUR = 3_600_000
const ROWS = 50_000
const TAG = 8

async function makeRig(t: TestContext, options: Omit<Partial<StoreOptions>, 'files'> = {}, files = new HeldFiles()) {
  const clock = new VirtualClock()
  const store = await openStore({ dir: '/data', clock, log: silentLog, files, memoryBytes: 256 * MIB, tailRows: 20_000, reserveBlock: 1e7, ...options }) // prettier-ignore
  t.after(() => store.close())
  let end = 0
  const append = async (rows = ROWS): Promise<void> => {
    await appendInTurns(store, end, rows, clock.now())
    end += rows
  }
  const times = async (): Promise<number[]> => {
    const { points } = await store.history(TAG, 0, 1e7, 1e6, signal)
    return points.map(([time]) => time)
  }
  return { clock, files, store, append, times, end: () => end }
}

type Rig = Awaited<ReturnType<typeof makeRig>>

/** Asks, lets `meanwhile` happen while the reader waits at this step, and wants every sample once. */
async function whileReading(rig: Rig, step: 'open' | 'read' | 'close', meanwhile: () => Promise<void>): Promise<void> {
  const held = rig.files.stall(step)
  const asked = rig.times()
  await held.reached
  await meanwhile()
  held.release()
  assert.deepEqual(await asked, turnsOf(TAG, rig.end()))
}

/** The segment that is open gets its trend file. */
async function seal(rig: Rig): Promise<void> {
  const { files } = rig.store.info().trends
  await rig.clock.advance(HOUR + 100_000)
  await rig.append()
  await eventually('the trend of the segment', () => rig.store.info().trends.files > files)
}

test('the tail moves on while the file is opened, read or closed', async (t) => {
  for (const step of ['open', 'read', 'close'] as const) {
    const rig = await makeRig(t)
    await rig.append(2 * ROWS)
    const held = rig.files.stall(step)
    const asked = rig.times()
    await held.reached
    await rig.append()
    held.release()
    const times = await asked
    // What came after the question may be in the answer, or not.
    assert.deepEqual(times, turnsOf(TAG, times.length * TAGS), step)
    assert.ok(times.length >= (2 * ROWS) / TAGS, step)
  }
})

test('the tail moves on while a segment is read that has no trend file and is not the last', async (t) => {
  const rig = await makeRig(t, { tailRows: 60_000 }, new NoTrends())
  await rig.append(2 * ROWS)
  await rig.clock.advance(HOUR + 100_000)
  await rig.append(20_000)
  const { segments, trends } = rig.store.info()
  assert.deepEqual([segments, trends.files], [2, 0])
  await whileReading(rig, 'read', () => rig.append())
})

test('the open segment is sealed and gets its trend file between two looks at it', async (t) => {
  const rig = await makeRig(t)
  await rig.append(2 * ROWS)
  for (const step of ['open', 'read'] as const) await whileReading(rig, step, () => seal(rig))
})

/** So many rows more than a slab of the open segment has, which the maker of trends has taken afterwards. */
async function takeSlab(rig: Rig): Promise<void> {
  await rig.append(3 * ROWS)
  const before = rig.files.bytesRead
  await rig.clock.advance(2000)
  await eventually('a slab is taken', () => rig.files.bytesRead > before + 200_000)
  await rig.append(100)
  await rig.times()
}

test('a slab of the open segment is made between two looks at it', async (t) => {
  const rig = await makeRig(t, { segmentBytes: 4 * MIB })
  await rig.append()
  await whileReading(rig, 'open', () => takeSlab(rig))
})

for (const { step, slabs } of [
  { step: 'open', slabs: 0 },
  { step: 'open', slabs: 1 },
  { step: 'read', slabs: 0 },
] as const) {
  test(`a segment goes before its file is ${step}, ${slabs} slabs of it taken before`, async (t) => {
    const rig = await makeRig(t, { segmentBytes: 4 * MIB })
    await rig.append()
    if (slabs > 0) await takeSlab(rig)
    await whileReading(rig, step, async () => {
      await seal(rig)
      rig.store.limit({ retention: { maxBytes: 300_000 }, trends: { maxBytes: 1e9, maxAgeMs: 1e12 } })
      await rig.append(100)
      await eventually('the segment is gone', () => rig.files.paths(/\.seg$/).length === 1)
    })
  })
}

for (const step of ['open', 'read'] as const) {
  test(`a segment is thinned before its file is ${step}`, async (t) => {
    const rig = await makeRig(t, { segmentBytes: 4 * MIB, tailRows: 1000, retention: { maxBytes: 1e9, policy: 'thin-oldest' } }) // prettier-ignore
    await rig.store.openCursor('sink')
    await rig.append(2 * ROWS)
    await whileReading(rig, step, async () => {
      await seal(rig)
      const { bytes } = rig.store.info()
      const maxBytes = Math.floor(bytes * 0.9)
      rig.store.limit({ retention: { maxBytes, policy: 'thin-oldest' }, trends: { maxBytes: 1e9, maxAgeMs: 1e12 } })
      await eventually('it is thinned', () => rig.store.info().bytes < maxBytes)
    })
  })
}

test('too many open files are an error; a segment that cannot be read is left out, and said once', async (t) => {
  const log = createRecordingLog()
  const rig = await makeRig(t, { tailRows: 1000, log })
  await rig.append()
  rig.files.openFault = 'EMFILE'
  await assert.rejects(rig.times(), /EMFILE/)
  for (let asked = 0; asked < 2; asked++) {
    rig.files.openFault = 'EIO'
    assert.ok((await rig.times()).length < turnsOf(TAG, ROWS).length)
  }
  assert.equal(log.said.filter(({ sentence }) => /cannot be read and is left out/.test(sentence)).length, 1)
  assert.deepEqual(await rig.times(), turnsOf(TAG, ROWS))
  rig.files.wrongReads = 1
  assert.ok((await rig.times()).length < turnsOf(TAG, ROWS).length)
  assert.equal(log.said.filter(({ sentence }) => /does not check and is left out/.test(sentence)).length, 1)
})

test('two readers of a damaged trend file: the one that was made again stays', async (t) => {
  const rig = await makeRig(t, { tailRows: 1000, retention: { maxBytes: 1e9 } })
  const { files } = rig
  await rig.append()
  await seal(rig)
  const [path] = files.paths(/\.trend$/)
  const bytes = files.get(path!)
  for (let at = 20; at < 30; at++) bytes[at]! ^= 1
  files.put(path!, bytes)
  const { reached, release } = files.stall('close', '.trend')
  const first = rig.times()
  await reached
  assert.deepEqual(await rig.times(), turnsOf(TAG, rig.end()))
  await eventually('it is made again', () => rig.store.info().trends.files === 1)
  release()
  assert.deepEqual(await first, turnsOf(TAG, rig.end()))
  rig.store.limit({ retention: { maxBytes: 1000 }, trends: { maxBytes: 1e9, maxAgeMs: 1e12 } })
  await rig.append(100)
  await eventually('the segment is gone', () => files.paths(/\.seg$/).length === 1)
  assert.deepEqual(await rig.times(), turnsOf(TAG, rig.end()))
})

test('a segment whose file somebody took away is left out, also when a slab of it is known', async (t) => {
  const rig = await makeRig(t, { segmentBytes: 4 * MIB })
  await rig.append()
  await takeSlab(rig)
  for (const path of rig.files.paths(/\.seg$/)) await rig.files.remove(path)
  const times = await rig.times()
  assert.deepEqual(times.slice(0, 1000), turnsOf(TAG, 1000 * TAGS))
  assert.ok(times.length < turnsOf(TAG, rig.end()).length)
})

for (const policy of ['drop-oldest', 'thin-oldest'] as const) {
  test(`whatever the order of things, with ${policy}: what was there before the question is there once`, async (t) => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = randomFrom(seed)
      const files = new HeldFiles()
      files.turnsBefore = () => Math.floor(random() * 6)
      const rig = await makeRig(t, { segmentBytes: 4096, tailRows: 100 + Math.floor(random() * 900), retention: { maxBytes: 40_000, policy }, trends: { maxBytes: 1e9, maxAgeMs: 1e12 } }, files) // prettier-ignore
      if (policy === 'thin-oldest') await rig.store.openCursor('sink')
      const appending = (async () => {
        while (rig.end() < 20_000) {
          await rig.append(100 + 100 * Math.floor(random() * 5))
          if (random() < 0.3) await rig.clock.advance(1000)
        }
      })()
      while (rig.end() < 20_000) {
        await turn()
        const atLeast = rig.end() / TAGS
        const times = await rig.times()
        assert.deepEqual(times, turnsOf(TAG, times.length * TAGS), `seed ${seed}`)
        assert.ok(times.length >= atLeast, `seed ${seed}: ${times.length} of ${atLeast}`)
      }
      await appending
    }
  })
}
