/** Trends have bounds of their own: they outlive their segments, are found again, and damage costs no more than what is damaged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { eventually } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from '../files.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

const signal = AbortSignal.timeout(60_000)
/** A log of some forty kilobytes. */
const SMALL = { segmentBytes: 4096, tailRows: 300, retention: { maxBytes: 40_000 } }
const ROWS = 300

const open = (files: MemoryFiles, options: Partial<StoreOptions> = {}) =>
  openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files, ...SMALL, ...options })

/** Rows of tag 1 at one a millisecond from `first` on, each of which has its own time as its value; with some noise beside them. */
async function fill(store: Store, first: number, batches: number, clock = new VirtualClock()): Promise<number> {
  for (let i = 0; i < batches; i++) {
    const batch = new SampleBatch(ROWS * 2, clock.now())
    for (let row = 0; row < ROWS; row++) {
      const time = first + i * ROWS + row
      batch.push(1, time, Status.Good, time)
      batch.push(2, Math.random(), Status.Good, time)
    }
    store.append(batch)
    await store.flush()
  }
  return first + batches * ROWS
}

async function timesOf(store: Store, to: number, tag = 1): Promise<number[]> {
  const { points } = await store.history(tag, 0, to, 1e6, signal)
  return points.map(([time]) => time)
}

/** Every time from `first` up to `end`, each once; says in few words what is not so. */
function assertAll(times: readonly number[], end: number, first = 0): void {
  const runs: string[] = []
  for (let at = 0; at < times.length; at++) {
    const begin = times[at]!
    while (times[at + 1] === times[at]! + 1) at++
    runs.push(`${begin}…${times[at]}`)
  }
  assert.equal(runs.slice(0, 20).join(' '), `${first}…${end - 1}`)
}

/** Waits until each segment that was sealed has its trend. */
const trended = (store: Store, files: MemoryFiles) =>
  eventually('every segment has its trend', () => {
    const made = new Set(files.paths(/\.trend$/).map((path) => /\d+/.exec(path)![0]))
    const segments = files.paths(/\.seg$/).map((path) => /\d+/.exec(path)![0])
    return store.info().trends.files > 0 && segments.slice(0, -1).every((number) => made.has(number))
  })

test('a trend outlives its segment, does not count as the log, and is found again at the next start', async () => {
  const files = new MemoryFiles()
  const store = await open(files)
  const end = await fill(store, 0, 60)
  await trended(store, files)
  await eventually('the oldest segments went', () => files.paths(/\.seg$/).length < 20)
  const { bytes, oldestSeq, trends } = store.info()
  assert.ok(oldestSeq > 20_000 && bytes <= 40_000, `${oldestSeq} ${bytes}`)
  assert.ok(trends.bytes > bytes && trends.oldestTime === 0, JSON.stringify(trends))
  assertAll(await timesOf(store, end), end)
  await store.close()

  const again = await open(files)
  assertAll(await timesOf(again, end), end)
  assert.equal(again.info().trends.damaged, 0)
  await again.close()
})

test('trends have bounds of their own, by size and by age', async () => {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const bounds = { clock, trends: { maxBytes: 60_000, maxAgeMs: 3_600_000 } }
  const store = await open(files, bounds)
  const end = await fill(store, 0, 60, clock)
  await trended(store, files).catch(() => undefined)
  const { trends, oldestSeq } = store.info()
  assert.ok(trends.bytes <= 60_000 && trends.bytes > 30_000, `${trends.bytes}`)
  const times = await timesOf(store, end)
  assert.ok(times[0]! > 0 && times[0]! < oldestSeq / 2, 'the newest trends stay')
  assertAll(times, end, times[0])
  await clock.advance(2 * 3_600_000)
  assert.equal(store.info().trends.files, 0)
  assert.deepEqual(files.paths(/\.trend$/), [])
  assert.equal((await timesOf(store, end)).at(-1), end - 1, 'the log has its own bounds')
  await store.close()
})

test('what the bounds would take at once is not made again at each start', async () => {
  const files = new MemoryFiles()
  const options = { retention: { maxBytes: 1e6 }, trends: { maxBytes: 15_000, maxAgeMs: 1e12 } }
  const store = await open(files, options)
  const end = await fill(store, 0, 20)
  await eventually('trends are made', () => store.info().trends.files > 1)
  await store.close()
  let made = 0
  class Counting extends MemoryFiles {
    override async rename(from: string, to: string): Promise<void> {
      if (to.endsWith('.trend')) made++
      return super.rename(from, to)
    }
  }
  const copy = new Counting()
  for (const path of files.paths(/./)) copy.put(path, files.get(path))
  const again = await open(copy, options)
  assertAll(await timesOf(again, end), end)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(made <= 5, `${made} trends were made`)
  await again.close()
})

test('a thinned segment does not take the place of the trend of all its samples', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { retention: { maxBytes: 40_000, policy: 'thin-oldest' }, thinOneIn: 10 })
  const end = await fill(store, 0, 40)
  await eventually('the log is within its bound', () => store.info().bytes <= 44_000)
  const times = await timesOf(store, end)
  assertAll(times, end)
  await store.close()
  const again = await open(files)
  assertAll(await timesOf(again, end), end)
  await again.close()
})

/** A store with trends whose segments are gone. */
async function written(): Promise<{ files: MemoryFiles; end: number; orphan: string }> {
  const files = new MemoryFiles()
  const store = await open(files)
  const end = await fill(store, 0, 60)
  await trended(store, files)
  await eventually('the oldest segments went', () => files.paths(/0+1\.seg$/).length === 0)
  await store.close()
  return { files, end, orphan: '/data/trends/00000003.trend' }
}

test('damage in a trend whose segment is gone costs what is damaged, is counted and said, and keeps nothing from starting', async () => {
  const { files, end, orphan } = await written()
  const whole = files.get(orphan)
  for (const [where, at] of [
    ['trailer', whole.length - 20],
    ['index', whole.length - 90],
    ['group', 40],
    ['all of it', -1],
  ] as const) {
    const damaged = new MemoryFiles()
    for (const path of files.paths(/./)) damaged.put(path, files.get(path))
    const bytes = Buffer.from(whole)
    if (at >= 0) bytes[at]! ^= 16
    damaged.put(orphan, at < 0 ? Buffer.alloc(0) : bytes)
    const said: string[] = []
    const log: Log = { ...silentLog, warn: (_, text) => void said.push(text), child: () => log }
    const store = await open(damaged, { log })
    const times = await timesOf(store, end)
    const missing = end - times.length
    assert.ok(missing > 0 && missing <= ROWS * 2, `${where}: ${missing} are missing`)
    assert.equal(store.info().trends.damaged, 1, where)
    assert.ok(
      said.some((text) => text.includes(orphan)),
      where,
    )
    assert.deepEqual(await timesOf(store, end), times, `${where}: the second time`)
    assert.equal(store.info().trends.damaged, 1, `${where}: it is counted once`)
    await store.close()
  }
})

test('a damaged trend whose segment is there is made again and nothing is missing', async () => {
  const { files, end } = await written()
  const newest = files.paths(/\.trend$/).at(-1)!
  for (const at of [40, files.get(newest).length - 90, files.get(newest).length - 20]) {
    const bytes = files.get(newest)
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 16
    files.put(newest, damaged)
    const store = await open(files)
    assertAll(await timesOf(store, end), end)
    await eventually('it is made again', () => {
      const [there] = files.paths(new RegExp(newest))
      return there !== undefined && files.get(there).equals(bytes)
    })
    await store.close()
  }
})

test('numbers of segments and ids of tags that only trends know are not given out again', async () => {
  const { files } = await written()
  const numbers = files.paths(/\.trend$/)
  for (const path of files.paths(/\.seg$|\/tags$/)) await files.remove(path)
  const store = await open(files)
  const settings = { name: 'x', address: '', type: 'float64', everyMs: 1, clamp: false, writable: false } as const
  assert.deepEqual(await store.defineTags([{ device: 'd', settings }]), [3])
  await fill(store, 1e6, 1)
  const segment = files.paths(/\.seg$/).at(-1)!
  assert.ok(/\d+/.exec(segment)![0] > /\d+/.exec(numbers.at(-1)!)![0], segment)
  await store.close()
})

test('a full disk takes the oldest trend before samples that a sink waits for', async () => {
  class Full extends MemoryFiles {
    isFull = false
    override async open(path: string, mode: OpenMode): Promise<OpenFile> {
      const file = await super.open(path, mode)
      const write = file.write
      file.write = (bytes, position) => {
        const full = this.isFull && this.paths(/\.trend$/).length > 3
        return full ? Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })) : write(bytes, position)
      }
      return file
    }
  }
  const files = new Full()
  const store = await open(files, { retention: { maxBytes: 1e6, policy: 'drop-newest' } })
  const cursor = await store.openCursor('slow')
  await fill(store, 0, 10)
  await trended(store, files)
  files.isFull = true
  const batch = new SampleBatch(1, 1)
  batch.push(1, 5, Status.Good, 5)
  store.append(batch)
  await eventually('it can be written', async () => {
    await store.flush().catch(() => undefined)
    return store.info().failed === null
  })
  assert.equal(cursor.ledger().pending, 6001)
  assert.equal(store.info().oldestSeq, 1)
  assert.ok(files.paths(/\.trend$/).length <= 3)
  await store.close()
})

test('a start lists thousands of trends and reads of them one trailer; the others follow', async () => {
  const { files, end } = await written()
  const some = files.paths(/\.trend$/).map((path) => files.get(path))
  let read = 0
  class Counting extends MemoryFiles {
    override async open(path: string, mode: OpenMode): Promise<OpenFile> {
      const file = await super.open(path, mode)
      if (!path.endsWith('.trend') || mode !== 'read') return file
      const before = file.read
      file.read = async (into, position) => {
        read += into.length
        // As slow as a card: were they waited for, the start would take seconds.
        await new Promise((resolve) => setTimeout(resolve, 1))
        return before(into, position)
      }
      return file
    }
  }
  const many = new Counting()
  for (const path of files.paths(/./)) many.put(path, files.get(path))
  for (let number = 1000; number < 5000; number++)
    many.put(`/data/trends/0000${number}.trend`, some[number % some.length]!)
  const store = await open(many)
  assert.ok(read <= 16 * 80, `${read} bytes were read`)
  assert.ok((await timesOf(store, end)).length >= end)
  assert.ok(read < 5000 * 80 + 60 * 20_000, `${read} bytes`)
  await store.close()
})
