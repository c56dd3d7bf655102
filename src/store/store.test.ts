import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { Status } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { DataType, Value } from '../core/value.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

const signal = AbortSignal.timeout(20_000)
const tag = (name: string, type: DataType = 'float64'): TagSettings => ({
  name,
  address: 'hr:0',
  type,
  everyMs: 1000,
  clamp: false,
  writable: false,
})

function openInMemory(files: MemoryFiles, options: Partial<StoreOptions> = {}): Promise<Store> {
  return openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files, reserveBlock: 1000, ...options })
}

function batchOf(values: readonly (Value | undefined)[], receivedAt = 1_000): SampleBatch {
  const batch = new SampleBatch(values.length, receivedAt)
  for (const value of values) batch.push(1, value, Status.Good)
  return batch
}

test('every kind of value comes back from disk as it was, with its sequence number', async (t) => {
  const options = { dir: temporaryFolder(t), clock: systemClock, log: silentLog }
  const values = [
    1.5,
    -0,
    NaN,
    Infinity,
    -Infinity,
    true,
    false,
    2n ** 64n - 1n,
    -(2n ** 63n),
    'Grüße 🌡',
    '',
    undefined,
  ]
  const store = await openStore(options)
  await store.defineTags([{ device: 'Presse Ä/ß', settings: tag('Füllstand 水位') }])
  const batch = batchOf([...values, Uint8Array.of(0, 255, 7), 9_007_199_254_740_993n])
  assert.equal(store.append(batch), 0)
  assert.deepEqual([...batch.seq!], values.map((_, row) => row + 1).concat(13, 14))
  await store.close()

  const again = await openStore(options)
  const cursor = await again.openCursor('plant')
  const read = await cursor.next(100, signal)
  assert.ok(read instanceof SampleBatch)
  assert.deepEqual(
    [...read].map((sample) => sample.value),
    [...batch].map((sample) => sample.value),
  )
  assert.deepEqual([...read.seq!], [...batch.seq!])
  assert.equal(read.receivedAt, 1_000)
  assert.deepEqual(await again.defineTags([{ device: 'Presse Ä/ß', settings: tag('Füllstand 水位') }]), [1])
  await again.close()
})

test('a changed type is a new id, an id is never given to another tag', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  assert.deepEqual(
    await store.defineTags([
      { device: 'a', settings: tag('x') },
      { device: 'a', settings: tag('y') },
    ]),
    [1, 2],
  )
  assert.deepEqual(await store.defineTags([{ device: 'a', settings: tag('x', 'int16') }]), [3])
  assert.equal(store.tags.size, 1)
  await store.close()
  const lines = files.get('/data/tags').toString().split('\n')
  files.put('/data/tags', Buffer.from([lines[0], lines[1]!.replace('"y"', '"z"'), lines[2], ''].join('\n')))
  const again = await openInMemory(files)
  const [x, fresh] = await again.defineTags([
    { device: 'a', settings: tag('x') },
    { device: 'b', settings: tag('n') },
  ])
  assert.equal(x, 1)
  assert.ok(fresh! > 3)
  await again.close()
})

test('a tag that left the configuration keeps its name for the samples that still wait, and is found by id alone', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  await store.defineTags([
    { device: 'a', settings: tag('x') },
    { device: 'b', settings: tag('y', 'string') },
  ])
  await store.close()
  const again = await openInMemory(files)
  await again.defineTags([{ device: 'a', settings: { ...tag('x'), unit: 'm' } }])
  const former = again.tags.get(2)
  assert.deepEqual([former?.device, former?.settings.name, former?.settings.type], ['b', 'y', 'string'])
  assert.equal(again.tags.get(2), former, 'encoders keep what they made for a tag by this object')
  assert.equal(again.tags.get(1)?.settings.unit, 'm')
  assert.equal(again.tags.get(3), undefined)
  assert.equal(again.tags.find('b', 'y'), undefined)
  assert.deepEqual([again.tags.size, [...again.tags.values()].length], [1, 1])
  await again.close()
})

test('latest keeps the value of a row that only changes the status, and skips historical rows', async () => {
  const store = await openInMemory(new MemoryFiles())
  const batch = new SampleBatch(3, 5000)
  batch.push(4, 12.5, Status.Good, 4990)
  batch.push(4, undefined, Status.BadTimeout, 4995)
  batch.push(4, 99, Status.Good, 1000, true)
  store.append(batch)
  store.confirm(4, 6000)
  assert.deepEqual(store.latest.get(4), {
    value: 12.5,
    status: Status.BadTimeout,
    time: 4990,
    receivedAt: 6000,
    seq: 2,
  })
  assert.equal(store.latest.get(5).status, Status.BadWaitingForInitialData)
  assert.equal(store.latest.get(500_000).status, Status.BadWaitingForInitialData)
  await store.close()
})

test('a status without a value says the same after a power cut as before: the value that it is about is logged with it', async () => {
  for (const value of [7.5, true, 'run', 9n] as const) {
    const files = new MemoryFiles()
    const store = await openInMemory(files)
    await store.defineTags([{ device: 'press', settings: tag('level') }])
    store.append(batchOf([value]))
    const lost = new SampleBatch(1, 2_000)
    lost.push(1, undefined, Status.BadTimeout)
    store.append(lost)
    await store.flush()
    const after = files.afterPowerCut()

    const again = await openInMemory(after)
    await again.defineTags([{ device: 'press', settings: tag('level') }])
    assert.equal(again.latest.get(1).value, undefined)
    const read = await (await again.openCursor('plant')).next(10, signal)
    assert.ok(read instanceof SampleBatch)
    assert.deepEqual([read.valueAt(1), read.lastValueAt(1), read.status[1]], [undefined, value, Status.BadTimeout])
    await again.close()
  }
})

test('a second gateway is kept out of the folder and told by whom; a lock left by a killed one is taken over', async (t) => {
  const options = { dir: temporaryFolder(t), clock: systemClock, log: silentLog }
  const store = await openStore(options)
  await assert.rejects(openStore(options), { code: 'STORE_LOCKED', message: new RegExp(`process ${process.pid}`) })
  await store.close()
  const { readdirSync } = await import('node:fs')
  writeFileSync(`${options.dir}/LOCK`, JSON.stringify({ pid: process.pid, started: '1', boot: 'other', token: 'x' }))
  const again = await openStore(options)
  await again.close()
  assert.ok(!readdirSync(options.dir).some((name) => name.startsWith('LOCK')))
})

test(
  'a lock of a process that has ended, though its parent has not asked after it, is taken over',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const options = { dir: temporaryFolder(t), clock: systemClock, log: silentLog }
    // `exec` makes sleep the parent of a process that it knows nothing of.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => parent.kill('SIGKILL'))
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    await eventually('it has ended', () => fields()[0] === 'Z')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    mkdirSync(options.dir, { recursive: true })
    writeFileSync(`${options.dir}/LOCK`, JSON.stringify({ pid, started: fields()[19], boot, token: 'x' }))
    await (await openStore(options)).close()
  },
)

test('a full disk: rows wait, then are refused and counted, and come with a gap once there is room', async () => {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const store = await openInMemory(files, { clock, maxPendingRows: 100 })
  const cursor = await store.openCursor('s')
  store.append(batchOf([1, 2, 3]))
  await store.flush()
  files.writeFault = 'ENOSPC'
  for (let i = 0; i < 12; i++) store.append(batchOf(Array.from({ length: 10 }, (_, row) => i * 10 + row)))
  await assert.rejects(store.flush(), { code: 'STORE_FAILED' })
  assert.match(store.info().failed!, /ENOSPC/)
  assert.equal(store.info().durableSeq, 3)
  assert.equal(store.info().refused, 20)
  files.writeFault = undefined
  await clock.advance(1000)
  assert.equal(store.info().failed, null)
  store.append(batchOf([7]))
  await store.flush()
  const { seqs, gaps } = await drain(store, 's', cursor)
  assert.equal(seqs.length, 104)
  assert.deepEqual(
    gaps.map(({ reason, samples }) => [reason, samples]),
    [['overflow', 20]],
  )
  assert.deepEqual(pick(cursor.ledger()), { routed: 124, delivered: 104, pending: 0, dropped: { overflow: 20 } })
  await store.close()
  const again = await openInMemory(files)
  assert.deepEqual(pick((await again.openCursor('s')).ledger()), {
    routed: 124,
    delivered: 104,
    pending: 0,
    dropped: { overflow: 20 },
  })
  await again.close()
})

test('after a failed fsync the rows are written again into a new segment and nothing is lost by a power cut', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  store.append(batchOf([1, 2, 3]))
  await store.flush()
  store.append(batchOf([4, 5]))
  files.syncFault = 'EIO'
  files.truncateFault = 'EIO'
  await assert.rejects(store.flush(), { code: 'STORE_FAILED' })
  assert.equal(store.info().durableSeq, 3)
  files.syncFault = undefined
  await store.flush()
  assert.equal(store.info().durableSeq, 5)
  // After a kill the old segment still holds the rows of the failed fsync: they count once.
  for (const left of [files.afterPowerCut(), files.afterKill()]) {
    const after = await openInMemory(left)
    const { values, seqs } = await drain(after, 's')
    assert.deepEqual(values, [1, 2, 3, 4, 5])
    assert.deepEqual(seqs, [1, 2, 3, 4, 5])
    const { segments } = after.info()
    assert.ok(segments >= 2)
    await after.close()
  }
})

test('long strings weigh as much as they take: the memory bound holds for them too', async () => {
  const store = await openInMemory(new MemoryFiles(), { maxPendingRows: 1000 })
  let refused = 0
  for (let i = 0; i < 10; i++) refused += store.append(batchOf([`${i}${'x'.repeat(9_600)}`]))
  assert.equal(refused, 6)
  await store.flush()
  assert.equal(store.append(batchOf(['short'])), 0)
  await store.close()
})

test('closing on a disk that refuses says so, frees the folder, and the next start finds what was durable', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  store.append(batchOf([1, 2]))
  await store.flush()
  store.append(batchOf([3]))
  files.syncFault = 'EIO'
  await assert.rejects(store.close(), { code: 'STORE_FAILED' })
  files.syncFault = undefined
  const again = await openInMemory(files)
  assert.deepEqual((await drain(again, 's')).values, [1, 2])
  assert.ok(again.info().nextSeq > 1000, 'this stop was not clean')
  await again.close()
})

test('acks may run ahead of the fsync, what is persisted of a cursor does not', async () => {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const store = await openInMemory(files, { clock, syncEveryMs: 60_000 })
  const cursor = await store.openCursor('s')
  store.append(batchOf([1, 2]))
  await store.flush()
  await drain(store, 's', cursor)
  store.append(batchOf([3, 4, 5]))
  await drain(store, 's', cursor)
  assert.equal(cursor.ledger().delivered, 5)
  await clock.advance(6000)
  const after = await openInMemory(files.afterPowerCut())
  const { seqs } = await drain(after, 's')
  assert.deepEqual(seqs, [])
  assert.deepEqual(pick((await after.openCursor('s')).ledger()), { routed: 2, delivered: 2, pending: 0, dropped: {} })
  await after.close()
})

test('a cursor that closes before the group fsync waits for it: what was acked does not come again after a clean stop', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  await store.defineTags([{ device: 'press', settings: tag('level') }])
  const cursor = await store.openCursor('plant')
  store.append(batchOf([1, 2, 3]))
  const read = await cursor.next(10, signal)
  assert.ok(read instanceof SampleBatch)
  assert.equal(store.info().durableSeq, 0)
  cursor.ack(3, { delivered: 3 })
  await cursor.close()
  await store.close()

  const again = await openInMemory(files)
  const { routed, delivered, pending } = (await again.openCursor('plant')).ledger()
  assert.deepEqual({ routed, delivered, pending }, { routed: 3, delivered: 3, pending: 0 })
  await again.close()
})

test('a disk that lies about fsync loses what was reported durable: the oracle of these tests can see it', async () => {
  const files = new MemoryFiles()
  const store = await openInMemory(files)
  files.isLying = true
  store.append(batchOf([1, 2, 3]))
  await store.flush()
  assert.equal(store.info().durableSeq, 3)
  const after = await openInMemory(files.afterPowerCut())
  assert.deepEqual((await drain(after, 's')).values, [])
  await after.close()
})

test('retention drops the oldest segments; a lagging cursor gets a gap with the exact count, also across restarts', async () => {
  const files = new MemoryFiles()
  const bounds = { segmentBytes: 4096, retention: { maxBytes: 40_000 }, tailRows: 300 }
  let store = await openInMemory(files, bounds)
  const slow = await store.openCursor('slow')
  await store.openCursor('absent')
  for (let i = 0; i < 60; i++) {
    store.append(batchOf(Array.from({ length: 300 }, () => Math.random())))
    await store.flush()
  }
  assert.ok(store.info().oldestSeq > 1)
  assert.ok(store.info().bytes < 60_000)
  const lost = store.info().oldestSeq - 1
  assert.ok((slow.ledger().dropped.retention ?? 0) > 0)
  const { seqs, gaps } = await drain(store, 'slow', slow)
  assert.deepEqual(
    gaps.map((gap) => [gap.reason, gap.fromSeq]),
    [['retention', 1]],
  )
  assert.equal(gaps[0]!.samples, 18_000 - seqs.length)
  assert.ok((gaps[0]!.samples ?? Infinity) <= lost)
  assert.deepEqual(pick(slow.ledger()), {
    routed: 18_000,
    delivered: seqs.length,
    pending: 0,
    dropped: { retention: gaps[0]!.samples },
  })
  await store.close()
  store = await openInMemory(files, bounds)
  const absent = await store.openCursor('absent')
  const { routed, delivered, pending, dropped } = absent.ledger()
  assert.equal(routed, delivered + pending + (dropped.retention ?? 0))
  await store.close()
})

test('a short age bound is kept to closely: segments are sealed so often that the oldest can go in time', async () => {
  const clock = new VirtualClock()
  const maxAgeMs = 80 * 60_000
  const store = await openInMemory(new MemoryFiles(), { clock, tailRows: 1, retention: { maxAgeMs } })
  for (let minute = 0; minute < 200; minute++) {
    store.append(batchOf([minute], clock.now()))
    await clock.advance(60_000)
  }
  const { oldestSeq } = store.info()
  assert.ok(oldestSeq >= 110 && oldestSeq <= 121, `the oldest of 200 is ${oldestSeq}`)
  await store.close()
})

test('history keeps every sample when they are few, extremes and gaps when they are many, from trend files and from the log', async () => {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const store = await openInMemory(files, { clock, segmentBytes: 4096, tailRows: 500 })
  const expected: number[] = []
  for (let i = 0; i < 4000; i += 50) {
    const batch = new SampleBatch(100, i * 1000)
    for (let row = i; row < i + 50; row++) {
      batch.push(1, row === 2345 ? 1e6 : Math.round(Math.sin(row / 50) * 1000) / 10, Status.Good, row * 1000)
      if (row >= 3000 && row < 3100) batch.push(2, undefined, Status.BadTimeout, row * 1000)
      else batch.push(2, row, Status.Good, row * 1000)
      expected.push(batch.value[(row - i) * 2]!)
    }
    store.append(batch)
    await store.flush()
  }
  const all = await store.history(1, 0, 4e6, 5000, signal)
  assert.equal(all.raw, true)
  assert.deepEqual(
    all.points.map((point) => point[1]),
    expected,
  )
  const few = await store.history(1, 0, 4e6, 100, signal)
  assert.equal(few.raw, false)
  assert.ok(few.points.length <= 200)
  assert.equal(Math.max(...few.points.map((point) => point[3]!)), 1e6)
  const gaps = await store.history(2, 0, 4e6, 100, signal)
  assert.ok(
    gaps.points.some(([time, value, , , status]) => value === null && status === Status.BadTimeout && time >= 3e6),
  )
  await store.close()
  assert.ok(files.paths(/\.seg$/).length > 3)
  const again = await openInMemory(files, { segmentBytes: 4096 })
  const part = await again.history(1, 1_000_000, 1_009_000, 100, signal)
  assert.deepEqual(
    part.points.map((point) => point[1]),
    expected.slice(1000, 1010),
  )
  await again.close()
})

test('zeros are written ahead in whole pieces: after a power cut they are no damage, after a clean stop they are gone', async () => {
  const piece = 8192
  let files = new MemoryFiles()
  const said: string[] = []
  const note = (_fields: object, sentence: string): void => void said.push(sentence)
  const options = { preallocateBytes: piece, reserveBlock: 10_000, log: { ...silentLog, warn: note, error: note } }
  const lengths = () => files.paths(/\.seg$/).map((path) => files.get(path).length)
  const before = await openInMemory(files, options)
  for (let turn = 0; turn < 3; turn++) {
    before.append(batchOf([turn, turn + 0.5]))
    await before.flush()
  }
  assert.deepEqual(lengths(), [piece])
  const many = new SampleBatch(2000, 0)
  for (let row = 0; row < 2000; row++) many.push(1, Math.sin(row), 0)
  before.append(many)
  await before.flush()
  assert.equal(lengths()[0]! % piece, 0)
  assert.ok(lengths()[0]! > piece, String(lengths()))
  assert.equal(before.info().bytes, lengths()[0])
  const { durableSeq } = before.info()
  files = files.afterPowerCut()
  const after = await openInMemory(files, options)
  assert.deepEqual([after.info().corruptFrames, said], [0, []])
  assert.equal((await drain(after, 's')).seqs.length, durableSeq)
  after.append(batchOf([1]))
  await after.close()
  for (const path of files.paths(/\.seg$/)) {
    const bytes = files.get(path)
    assert.equal(bytes.toString('latin1', bytes.length - 4), 'BFEN', path)
  }
  assert.ok(lengths().every((length) => length % piece !== 0))
})

test('a disk that has no room for zeros gets the samples without them', async () => {
  const files = new MemoryFiles()
  const open = files.open.bind(files)
  files.open = async (path, mode) => {
    const file = await open(path, mode)
    const isZeros = (bytes: Uint8Array) => bytes.length > 1000 && bytes.every((byte) => byte === 0)
    const write = (bytes: Uint8Array, position: number) =>
      isZeros(bytes) ? Promise.reject(new Error('no space left')) : file.write(bytes, position)
    return { ...file, write }
  }
  const store = await openInMemory(files, { preallocateBytes: 8192 })
  store.append(batchOf([1, 2, 3]))
  await store.flush()
  assert.deepEqual([store.info().failed, store.info().durableSeq], [null, 3])
  assert.ok(files.get(files.paths(/\.seg$/)[0]!).length < 1000)
  await store.close()
})

/** Reads and acks everything there is. */
async function drain(store: Store, sink: string, given?: Awaited<ReturnType<Store['openCursor']>>) {
  const cursor = given ?? (await store.openCursor(sink))
  const seqs: number[] = []
  const values: unknown[] = []
  const gaps = []
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(64, signal)
    if (!(got instanceof SampleBatch)) {
      gaps.push(got)
      continue
    }
    seqs.push(...got.seq!)
    values.push(...[...got].map((sample) => sample.value))
    cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
  }
  return { seqs, values, gaps }
}

function pick({ routed, delivered, pending, dropped }: ReturnType<Awaited<ReturnType<Store['openCursor']>>['ledger']>) {
  return { routed, delivered, pending, dropped: { ...dropped } }
}
