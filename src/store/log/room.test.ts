/** The log at its bound: each policy does what it says, every sample is accounted for, and what is lost says whose it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Cursor } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import type { RetentionPolicy } from '../../core/retention.ts'
import type { Gap } from '../../core/sink.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

const MAX_BYTES = 60_000
const TAGS = 4

class Rig {
  readonly files = new MemoryFiles()
  readonly clock = new VirtualClock()
  readonly policy: RetentionPolicy
  store!: Store
  cursor!: Cursor
  appended = 0
  refused = 0
  readonly given = new Map<number, { tag: number; value: number; status: number }>()

  constructor(policy: RetentionPolicy) {
    this.policy = policy
  }

  async open(more: Partial<StoreOptions> = {}): Promise<this> {
    this.store = await openStore({
      dir: '/data',
      clock: this.clock,
      log: silentLog,
      files: this.files,
      reserveBlock: 100_000,
      tailRows: 256,
      segmentBytes: 4096,
      syncEveryMs: 200,
      retention: { maxBytes: MAX_BYTES, policy: this.policy },
      ...more,
    })
    await this.store.defineTags(
      Array.from({ length: TAGS }, (_, at) => ({
        device: 'press',
        settings: { name: `t${at}`, address: '', type: 'float64', everyMs: 0, clamp: false, writable: false },
      })),
    )
    this.cursor = await this.store.openCursor('s')
    return this
  }

  /** A second of samples: a noisy walk that does not compress away. */
  async second(rows = 100): Promise<void> {
    const batch = new SampleBatch(rows, this.clock.now())
    for (let row = 0; row < rows; row++) {
      const status = this.appended % 997 === 500 ? 0x8000_0000 : 0
      batch.push(1 + (this.appended % TAGS), Math.sin(this.appended++) * 1e6, status)
    }
    if (this.store.append(batch) > 0) this.refused += rows
    else
      for (let row = 0; row < rows; row++)
        this.given.set(batch.seq![row]!, { tag: batch.tag[row]!, value: batch.value[row]!, status: batch.status[row]! })
    await this.store.flush()
    await this.clock.advance(1000)
    await settle()
  }

  /** Takes and acks everything there is. */
  async drain(): Promise<{ rows: number[]; gaps: Gap[] }> {
    const rows: number[] = []
    const gaps: Gap[] = []
    while (this.cursor.ledger().pending > 0 || rows.length + gaps.length === 0) {
      const got = await this.cursor.next(500, AbortSignal.timeout(5000))
      if (got instanceof SampleBatch) {
        for (let row = 0; row < got.length; row++) {
          const seq: number = got.seq![row]!
          const found: object = { tag: got.tag[row], value: got.value[row], status: got.status[row] }
          assert.deepEqual(found, this.given.get(seq))
          rows.push(seq)
        }
        this.cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
      } else {
        gaps.push(got)
        this.cursor.ack(got.toSeq, { delivered: 0 })
      }
      this.balance()
    }
    // What a thinned frame lacks is told behind it.
    const patience = AbortSignal.timeout(50)
    const last = await this.cursor.next(500, patience).catch(() => undefined)
    if (last !== undefined && !(last instanceof SampleBatch)) gaps.push(last)
    return { rows, gaps }
  }

  balance(): void {
    const { routed, delivered, pending, dropped } = this.cursor.ledger()
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(routed, delivered + pending + lost, JSON.stringify(this.cursor.ledger()))
  }
}

test('drop-oldest: the oldest go, the gap says how many and whose', async () => {
  const rig = await new Rig('drop-oldest').open()
  for (let second = 0; second < 150; second++) await rig.second()
  assert.ok(rig.store.info().bytes <= MAX_BYTES * 1.1)
  const { rows, gaps } = await rig.drain()
  assert.deepEqual([gaps.length, gaps[0]!.reason, gaps[0]!.samples! + rows.length], [1, 'retention', 15_000])
  assert.deepEqual(
    [...gaps[0]!.tags!].sort((a, b) => a - b),
    [1, 2, 3, 4],
  )
  await rig.store.close()
})

test('drop-newest: what a sink waits for stays, new samples are refused as one gap, and taken again when the sink is back', async () => {
  const rig = await new Rig('drop-newest').open()
  for (let second = 0; second < 150; second++) await rig.second()
  const { isFull, bytes, refused } = rig.store.info()
  assert.deepEqual([isFull, refused], [true, rig.refused])
  assert.ok(bytes <= MAX_BYTES * 1.2 && rig.refused > 0, `${bytes} bytes, ${rig.refused} refused`)
  const oldest = await rig.cursor.next(1, AbortSignal.timeout(1000))
  assert.equal((oldest as SampleBatch).seq![0], 1)
  rig.cursor.rewind()
  for (let batch = 0; batch < 40; batch++) {
    const got = (await rig.cursor.next(60, AbortSignal.timeout(1000))) as SampleBatch
    rig.cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
  }
  await rig.clock.advance(3000)
  await settle()
  assert.equal(rig.store.info().isFull, false)
  for (let second = 0; second < 5; second++) await rig.second()
  const { gaps } = await rig.drain()
  assert.deepEqual([gaps.length, gaps[0]!.reason, gaps[0]!.samples], [1, 'full', rig.refused])
  assert.deepEqual(rig.cursor.ledger().dropped, { full: rig.refused })
  assert.equal(rig.cursor.ledger().delivered, rig.given.size)
  assert.equal(gaps[0]!.tags!.length, TAGS)
  await rig.store.close()
})

test('block: it says so when nothing more may be read, and when it may again', async () => {
  const rig = await new Rig('block').open()
  const told: boolean[] = []
  rig.store.onBlocked((isBlocked) => told.push(isBlocked))
  for (let second = 0; second < 200 && told.length === 0; second++) await rig.second()
  assert.deepEqual([told, rig.refused], [[true], 0])
  await rig.drain()
  await rig.clock.advance(3000)
  await settle()
  assert.deepEqual(told, [true, false])
  assert.deepEqual(rig.cursor.ledger().dropped, {})
  await rig.store.close()
})

test('what every sink has goes first, whatever the policy; without sinks the oldest', async () => {
  for (const policy of ['drop-newest', 'block', 'thin-oldest'] as const) {
    const rig = await new Rig(policy).open()
    for (let second = 0; second < 200; second++) {
      await rig.second()
      if (second % 10 === 0) await rig.drain()
    }
    assert.equal(rig.refused, 0)
    await rig.drain()
    assert.deepEqual(rig.cursor.ledger().dropped, {})
    assert.ok(rig.store.info().bytes <= MAX_BYTES * 1.1)
    await rig.store.close()
  }
})

test('thin-oldest: old samples become fewer, the extremes and changes of status stay, numbers stay what they were', async () => {
  const rig = await new Rig('thin-oldest').open()
  for (let second = 0; second < 160; second++) {
    await rig.second()
    // Thinning goes on beside.
    for (let turn = 0; turn < 40; turn++) await settle()
  }
  const { bytes } = rig.store.info()
  assert.ok(bytes <= MAX_BYTES * 1.3, `${bytes} bytes`)
  rig.balance()
  await rig.store.close()
  await rig.open()
  rig.balance()
  const { rows, gaps } = await rig.drain()
  assert.equal(rig.cursor.ledger().pending, 0)
  const thinned = gaps.filter(({ reason }) => reason === 'thinned')
  assert.ok(thinned.length > 0)
  const told = thinned.reduce((sum, { samples }) => sum + samples!, 0)
  const { dropped, delivered } = rig.cursor.ledger()
  assert.deepEqual(
    [delivered, dropped.thinned, dropped.retention ?? 0],
    [rows.length, told, 16_000 - rows.length - told],
  )
  assert.deepEqual(
    rows,
    rows.toSorted((a, b) => a - b),
  )
  assert.ok(rows[0]! < 2000, `the oldest kept is ${rows[0]}`)
  assert.ok(rows.filter((seq) => seq > 15_000).length > 900, 'the newest are whole')
  // Within what was thinned: every change of status is there, and each tag's extremes of each hundred.
  const kept = new Set(rows)
  const isThinned = (seq: number) => thinned.some(({ fromSeq, toSeq }) => seq >= fromSeq && seq <= toSeq)
  const bad = [...rig.given].filter(([seq, { status }]) => status !== 0 && isThinned(seq)).map(([seq]) => seq)
  assert.ok(bad.length >= 4)
  assert.deepEqual(
    bad.filter((seq) => !kept.has(seq)),
    [],
    'each change of status',
  )
  const { fromSeq, toSeq } = thinned[0]!
  for (let tag = 1; tag <= TAGS; tag++) {
    const own = [...rig.given].filter(([seq, row]) => row.tag === tag && seq >= fromSeq && seq <= toSeq)
    const largest = own.reduce((best, one) => (one[1].value > best[1].value ? one : best))
    const smallest = own.reduce((best, one) => (one[1].value < best[1].value ? one : best))
    assert.ok(kept.has(largest[0]) && kept.has(smallest[0]), `the extremes of tag ${tag}`)
  }
  await rig.store.close()
})

test('a disk that is full below the bound: trends give way, then the oldest makes room, new samples are kept', async () => {
  const rig = await new Rig('drop-oldest').open()
  for (let second = 0; second < 40; second++) await rig.second()
  const before = rig.store.info().oldestSeq
  rig.files.writeFault = 'ENOSPC'
  const failing = rig.second().catch(() => undefined)
  for (let attempt = 0; attempt < 100 && rig.store.info().oldestSeq === before; attempt++) {
    await rig.store.flush().catch(() => undefined)
    await settle()
  }
  assert.equal(rig.store.info().trends.bytes, 0)
  rig.files.writeFault = undefined
  await failing
  for (let second = 0; second < 5; second++) await rig.second()
  assert.ok(rig.store.info().oldestSeq > before)
  assert.deepEqual([rig.store.info().failed, rig.refused], [null, 0])
  await rig.drain()
  await rig.store.close()
})

test('what a sink may be away is said in hours: for the log when it is empty, and for what waits now', async () => {
  const rig = await new Rig('drop-oldest').open({ retention: { maxBytes: 400_000, policy: 'drop-oldest' } })
  for (let second = 0; second < 60; second++) await rig.second()
  const { hoursHeld, hoursLeft } = rig.store.info()
  assert.ok(hoursHeld! > 0.02 && hoursHeld! < 0.5, `${hoursHeld} h`)
  assert.ok(hoursLeft! < hoursHeld!)
  await rig.drain()
  await rig.clock.advance(2000)
  assert.ok(rig.store.info().hoursLeft! > hoursLeft!)
  await rig.store.close()
})

test('a log that is large enough for a year holds no longer than its samples may be old', async () => {
  const retention = { maxBytes: 2 ** 40, maxAgeMs: 2 * 3_600_000, policy: 'drop-oldest' as const }
  const rig = await new Rig('drop-oldest').open({ retention })
  for (let second = 0; second < 60; second++) await rig.second()
  const { hoursHeld, hoursLeft } = rig.store.info()
  assert.equal(hoursHeld, 2)
  assert.ok(Math.abs(hoursLeft! - (2 - 60 / 3600)) < 0.003, `${hoursLeft} h`)
  await rig.drain()
  await rig.clock.advance(2000)
  assert.ok(rig.store.info().hoursLeft! > 1.999, `${rig.store.info().hoursLeft} h`)
  await rig.store.close()
})

for (const policy of ['drop-newest', 'block'] as const) {
  test(`${policy}: an open segment larger than the bound does not keep the log full when the sink has everything`, async () => {
    const rig = await new Rig(policy).open({ preallocateBytes: 2 * MAX_BYTES })
    await rig.second()
    assert.equal(rig.store.info().isFull, true)
    await rig.second()
    const got = (await rig.cursor.next(500, AbortSignal.timeout(1000))) as SampleBatch
    rig.cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
    await rig.clock.advance(3000)
    await settle()
    // The gap of what was refused waits too.
    await rig.drain()
    await rig.clock.advance(3000)
    await settle()
    assert.equal(rig.store.info().isFull, false)
    const { refused } = rig
    await rig.second()
    assert.equal(rig.refused, refused, 'samples are taken again')
    await rig.drain()
    await rig.store.close()
  })
}
