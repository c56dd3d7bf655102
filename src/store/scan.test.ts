/** A scan finds every sample of its range once, wherever it is: in memory, in segments, in thinned ones, and in trends alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { silentLog } from '../core/log.ts'
import type { TagSettings } from '../core/tags.ts'
import type { DataType, Value } from '../core/value.ts'
import { eventually } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

const signal = AbortSignal.timeout(60_000)
const tag = (name: string, type: DataType): TagSettings => ({
  name,
  address: '',
  type,
  everyMs: 1,
  clamp: false,
  writable: false,
})
const TAGS = [
  { device: 'd', settings: tag('number', 'float64') },
  { device: 'd', settings: tag('flag', 'bool') },
  { device: 'd', settings: tag('big', 'int64') },
  { device: 'd', settings: tag('text', 'string') },
]
const SMALL = { segmentBytes: 4096, tailRows: 500, retention: { maxBytes: 60_000 } }
const WHOLE = { from: -Infinity, to: Infinity }

async function open(files: MemoryFiles, options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({
    dir: '/data',
    clock: new VirtualClock(),
    log: silentLog,
    files,
    ...SMALL,
    ...options,
  })
  await store.defineTags(TAGS)
  return store
}

/** At each time one row of each tag. */
async function fill(store: Store, from: number, to: number): Promise<void> {
  const clock = new VirtualClock()
  for (let time = from; time < to; time += 100) {
    const batch = new SampleBatch(400, clock.now())
    for (let at = time; at < time + 100; at++) valuesAt(at).forEach((value, row) => batch.push(row + 1, value, 0, at))
    store.append(batch)
    await store.flush()
  }
}

const valuesAt = (time: number): Value[] => [Math.sin(time), time % 3 === 0, BigInt(time) * 1000n, `text ${time}`]

interface Found {
  readonly seqs: number[]
  /** `tag:time` to value. */
  readonly values: Map<string, Value | undefined>
  rows: number
}

async function collect(store: Store, range: { from: number; to: number; tags?: ReadonlySet<number> }): Promise<Found> {
  const found: Found = { seqs: [], values: new Map(), rows: 0 }
  for await (const batch of store.scan(range, signal)) {
    for (const { tag: id, time, value, seq } of batch) {
      found.rows++
      found.values.set(`${id}:${time}`, value)
      if (seq !== undefined) found.seqs.push(seq)
    }
  }
  assert.equal(found.values.size, found.rows, 'no sample comes twice')
  return found
}

function assertValues({ values }: Found, from: number, to: number, tags: readonly number[]): void {
  let count = 0
  for (let time = from; time < to; time++) {
    for (const id of tags) {
      const key = `${id}:${time}`
      assert.ok(values.has(key), `${key} is missing`)
      assert.deepEqual(values.get(key), valuesAt(time)[id - 1], key)
      count++
    }
  }
  assert.equal(values.size, count)
}

test('memory and segments: every value as it is, in the order of the log, each with its number', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { retention: { maxBytes: 1e7 } })
  await fill(store, 0, 3000)
  const found = await collect(store, WHOLE)
  assertValues(found, 0, 3000, [1, 2, 3, 4])
  assert.deepEqual(
    found.seqs,
    Array.from({ length: 12_000 }, (_, at) => at + 1),
  )
  const part = await collect(store, { from: 777, to: 1234, tags: new Set([1, 4]) })
  assertValues(part, 777, 1234, [1, 4])
  assert.equal((await collect(store, { from: 5000, to: 6000 })).rows, 0)
  await store.close()
})

test('segments outside the range are not read', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { retention: { maxBytes: 1e7 } })
  await fill(store, 0, 3000)
  await eventually('trends are made', () => store.info().trends.files >= store.info().segments - 1)
  let opened = 0
  const before = files.open.bind(files)
  files.open = (path, mode) => {
    if (path.endsWith('.seg') && mode === 'read') opened++
    return before(path, mode)
  }
  assertValues(await collect(store, { from: 500, to: 600 }), 500, 600, [1, 2, 3, 4])
  assert.ok(opened >= 1 && opened <= 2, `${opened} of ${files.paths(/\.seg$/).length} segments were opened`)
  await store.close()
})

test('where only trends are left: numbers and flags of their type, without number; strings are gone', async () => {
  const files = new MemoryFiles()
  const store = await open(files)
  await fill(store, 0, 8000)
  await eventually('segments went', () => store.info().oldestSeq > 12_000 && files.paths(/0+1\.seg$/).length === 0)
  const found = await collect(store, { ...WHOLE, tags: new Set([1, 2, 3]) })
  assertValues(found, 0, 8000, [1, 2, 3])
  assert.ok(found.seqs.length > 0 && found.seqs.length < 24_000, `${found.seqs.length} have numbers`)
  assert.ok(found.seqs.every((seq, at) => at === 0 || seq > found.seqs[at - 1]!))
  const texts = await collect(store, { ...WHOLE, tags: new Set([4]) })
  assert.equal(texts.values.get('4:7999'), 'text 7999')
  assert.ok(texts.rows < 8000)
  await store.close()
  const again = await open(files)
  assertValues(await collect(again, { from: 100, to: 7000, tags: new Set([1]) }), 100, 7000, [1])
  await again.close()
})

test('thinned segments: numbers out of their trends, which have all of them', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { retention: { maxBytes: 150_000, policy: 'thin-oldest' } })
  await fill(store, 0, 8000)
  await eventually('the log is within its bound', () => store.info().bytes < 165_000)
  const found = await collect(store, WHOLE)
  for (const key of found.values.keys()) if (key.startsWith('4:')) found.values.delete(key)
  assertValues(found, 0, 8000, [1, 2, 3])
  await store.close()
})

test('what is appended, sealed and let go while a scan is under way: no sample twice, none missing', async () => {
  const files = new MemoryFiles()
  const store = await open(files)
  await fill(store, 0, 3000)
  const seen = new Set<string>()
  let next = 3000
  for await (const batch of store.scan({ ...WHOLE, tags: new Set([1, 2]) }, signal)) {
    for (const { tag: id, time } of batch) {
      assert.ok(!seen.has(`${id}:${time}`), `${id}:${time} came twice`)
      seen.add(`${id}:${time}`)
    }
    await fill(store, next, next + 200)
    next += 200
  }
  for (let time = 0; time < 3000; time++)
    assert.ok(seen.has(`1:${time}`) && seen.has(`2:${time}`), `${time} is missing`)
  assert.equal(seen.size, 6000, 'what came later is not in it')
  await store.close()
})

test('a scan ends with its signal, and closes what it opened', async () => {
  const files = new MemoryFiles()
  const store = await open(files, { retention: { maxBytes: 1e7 } })
  await fill(store, 0, 3000)
  const abort = new AbortController()
  await assert.rejects(async () => {
    for await (const _ of store.scan(WHOLE, abort.signal)) abort.abort()
  }, /abort/i)
  await store.close()
})

test('tags that the configuration no longer has are known by name', async () => {
  const files = new MemoryFiles()
  const store = await open(files)
  await store.defineTags([{ device: 'd', settings: tag('number', 'float64') }])
  assert.deepEqual(
    [...store.knownTags()].map(({ id, settings }) => `${id} ${settings.name} ${settings.type}`),
    ['1 number float64', '2 flag bool', '3 big int64', '4 text string'],
  )
  await store.close()
})
