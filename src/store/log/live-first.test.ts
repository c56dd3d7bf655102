/** A sink that was away: what is new comes at once, what was missed beside it, nothing twice, nothing lost, and the ledger adds up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HISTORICAL, SampleBatch } from '../../core/batch.ts'
import type { Cursor, CursorOrder } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

const LIVE_FIRST: CursorOrder = { order: 'live-first' }

/** A store with one cursor; every row's value is its place in the order of appending. */
class Rig {
  files = new MemoryFiles()
  clock = new VirtualClock()
  store!: Store
  cursor!: Cursor
  readonly #order: CursorOrder
  readonly #options: Partial<StoreOptions>
  appended = 0
  /** Value to whether it came as historical, of what was acked. */
  readonly delivered = new Map<number, boolean>()
  readonly valueOf = new Map<number, number>()
  duplicates = 0

  constructor(order: CursorOrder = LIVE_FIRST, options: Partial<StoreOptions> = {}) {
    this.#order = order
    this.#options = options
  }

  async open(): Promise<this> {
    this.store = await openStore({
      dir: '/data',
      clock: this.clock,
      log: silentLog,
      files: this.files,
      reserveBlock: 1000,
      tailRows: 64,
      segmentBytes: 600,
      syncEveryMs: 200,
      ...this.#options,
    })
    this.cursor = await this.store.openCursor('s', this.#order)
    return this
  }

  append(rows: number): void {
    const batch = new SampleBatch(rows, this.clock.now())
    for (let row = 0; row < rows; row++) batch.push(1 + (row % 5), this.appended++, 0)
    assert.equal(this.store.append(batch), 0)
    for (let row = 0; row < rows; row++) this.valueOf.set(batch.seq![row]!, batch.value[row]!)
  }

  /** Takes one batch or gap; undefined when there is nothing just now. */
  async next(rows: number): Promise<SampleBatch | Gap | undefined> {
    const patience = new AbortController()
    const reading = this.cursor.next(rows, patience.signal).catch(() => undefined)
    await Promise.race([reading, settle().then(settle).then(settle)])
    patience.abort()
    return reading
  }

  /** Takes and acks one; false when there was nothing. */
  async take(rows: number): Promise<boolean> {
    const got = await this.next(rows)
    if (got === undefined) return false
    if (got instanceof SampleBatch) {
      for (let row = 0; row < got.length; row++) {
        const value: number = got.value[row]!
        assert.equal(value, this.valueOf.get(got.seq![row]!), 'the value of that number')
        if (this.delivered.has(value)) this.duplicates++
        this.delivered.set(value, (got.flags[row]! & HISTORICAL) !== 0)
      }
      this.cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
    } else this.cursor.ack(got.toSeq, { delivered: 0 })
    this.balance()
    return true
  }

  async drain(rows = 20): Promise<void> {
    for (let calls = 0; await this.take(rows); calls++) assert.ok(calls < 10_000, 'it does not end')
  }

  balance(): void {
    const { routed, delivered, pending, dropped } = this.cursor.ledger()
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.ok(pending >= 0, JSON.stringify(this.cursor.ledger()))
    assert.equal(routed, delivered + pending + lost, JSON.stringify(this.cursor.ledger()))
  }
}

test('after an outage new rows come first, the old ones beside them as historical, each once', async () => {
  const rig = await new Rig().open()
  rig.append(10)
  await rig.drain()
  await rig.clock.advance(60_000)
  for (let second = 0; second < 60; second++) {
    rig.append(10)
    await rig.clock.advance(1000)
  }
  // The connection is back.
  const first = await rig.next(20)
  assert.ok(first instanceof SampleBatch)
  assert.ok(first.value[0]! >= 550, `the first row is of the last seconds: ${first.value[0]}`)
  assert.equal(first.flags[0]! & HISTORICAL, 0)
  rig.cursor.rewind()
  const arrived: number[] = []
  for (let turn = 0; turn < 40; turn++) {
    rig.append(1)
    const newest = rig.appended - 1
    await rig.clock.advance(10)
    for (let calls = 0; calls < 4; calls++) await rig.take(20)
    if (rig.delivered.has(newest)) arrived.push(newest)
  }
  assert.equal(arrived.length, 40, 'each new row came within its turn')
  await rig.drain()
  assert.deepEqual([rig.delivered.size, rig.duplicates], [rig.appended, 0])
  const historical = [...rig.delivered].filter(([, isHistorical]) => isHistorical).map(([value]) => value)
  assert.deepEqual([Math.min(...historical), historical.length > 500], [10, true])
  assert.deepEqual(
    historical,
    historical.toSorted((a, b) => a - b),
    'what was missed comes in order',
  )
  assert.deepEqual(rig.cursor.ledger().pending, 0)
  await rig.store.close()
})

test('a second outage before the first was made up for: nothing is lost or comes twice, over a restart too', async () => {
  const rig = await new Rig().open()
  for (let outage = 0; outage < 4; outage++) {
    for (let second = 0; second < 20; second++) {
      rig.append(5)
      await rig.clock.advance(1000)
    }
    for (let calls = 0; calls < 3; calls++) await rig.take(7)
    if (outage === 1) {
      await rig.store.close()
      await rig.open()
      rig.balance()
    }
  }
  await rig.drain()
  assert.deepEqual([rig.delivered.size, rig.duplicates], [rig.appended, 0])
  await rig.store.close()
})

test('a pace: what was missed comes no faster, new rows do not wait for it', async () => {
  const rig = await new Rig({ order: 'live-first', makeUpRowsPerSecond: 100 }).open()
  for (let second = 0; second < 60; second++) {
    rig.append(10)
    await rig.clock.advance(1000)
  }
  const counts: number[] = []
  for (let second = 0; second < 4; second++) {
    rig.append(10)
    const before = rig.delivered.size
    for (let tenth = 0; tenth < 10; tenth++) {
      while (await rig.take(10));
      await rig.clock.advance(100)
    }
    counts.push(rig.delivered.size - before)
    assert.ok(rig.delivered.has(rig.appended - 1))
  }
  for (const count of counts.slice(1)) assert.ok(count >= 90 && count <= 130, `${counts.join()} rows in each second`)
  await rig.store.close()
})

test('in order with a pace: the old ones wait, nothing spins, and what is new is not held back', async () => {
  const rig = await new Rig({ order: 'in-order', makeUpRowsPerSecond: 50 }).open()
  for (let second = 0; second < 20; second++) {
    rig.append(10)
    await rig.clock.advance(1000)
  }
  for (let second = 0; second < 8; second++) {
    while (await rig.take(10));
    await rig.clock.advance(1000)
  }
  assert.ok(rig.delivered.size >= 60 && rig.delivered.size <= 100, `${rig.delivered.size} rows`)
  for (let second = 0; second < 100; second++) {
    while (await rig.take(10));
    await rig.clock.advance(100)
  }
  await rig.clock.advance(10_000)
  await rig.drain()
  assert.deepEqual([rig.delivered.size, rig.duplicates], [200, 0])
  await rig.store.close()
})

test('a purge lets go of all that is pending, tells it as a gap, and what comes after it is delivered', async () => {
  for (const order of ['in-order', 'live-first'] as const) {
    const rig = await new Rig({ order }).open()
    for (let second = 0; second < 30; second++) {
      rig.append(10)
      await rig.clock.advance(1000)
    }
    for (let calls = 0; calls < 3; calls++) await rig.take(10)
    const { pending } = rig.cursor.ledger()
    assert.equal(rig.cursor.purge(), pending)
    assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped.purged], [0, pending])
    rig.balance()
    rig.append(5)
    let told = 0
    for (;;) {
      const got = await rig.next(10)
      if (got === undefined) break
      if (got instanceof SampleBatch) {
        assert.ok(got.value[0]! >= 300)
        rig.cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
      } else {
        assert.equal(got.reason, 'purged')
        told += got.samples!
        rig.cursor.ack(got.toSeq, { delivered: 0 })
      }
      rig.balance()
    }
    assert.equal(told, pending)
    assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().delivered], [0, 300 - pending + 5])
    await rig.store.close()
    await rig.open()
    rig.balance()
    assert.equal(rig.cursor.ledger().dropped.purged, pending)
    await rig.store.close()
  }
})

type Step =
  | { do: 'append'; rows: number }
  | { do: 'take' | 'lose'; rows: number }
  | { do: 'wait'; ms: number }
  | { do: 'flush' | 'restart' | 'powerCut' | 'purge' }

const rows = fc.integer({ min: 1, max: 30 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), rows }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'take' as const, 'lose' as const), rows }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 1000, 6000, 30_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'restart' as const, 'powerCut' as const) }),
  },
)

for (const [what, retention, mayPurge] of [
  ['all is kept', undefined, false],
  ['with retention and purges', { maxBytes: 4000 }, true],
] as const) {
  test(`property: live-first under random use, ${what}: the ledger adds up, nothing durable is lost`, async () => {
    const step: fc.Arbitrary<Step> = mayPurge
      ? fc.oneof({ weight: 20, arbitrary: anyStep }, { weight: 1, arbitrary: fc.constant({ do: 'purge' as const }) })
      : anyStep
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 70 }), async (steps) => {
        const rig = await new Rig(LIVE_FIRST, retention === undefined ? {} : { retention }).open()
        for (const one of steps) {
          if (one.do === 'append') rig.append(one.rows)
          else if (one.do === 'take') await rig.take(one.rows)
          else if (one.do === 'lose') {
            await rig.next(one.rows)
            rig.cursor.rewind()
          } else if (one.do === 'wait') await rig.clock.advance(one.ms)
          else if (one.do === 'flush') await rig.store.flush()
          else if (one.do === 'purge') rig.cursor.purge()
          else if (one.do === 'restart') {
            await rig.store.close()
            await rig.open()
          } else {
            const { durableSeq } = rig.store.info()
            for (const [seq, value] of rig.valueOf) if (seq > durableSeq) rig.delivered.set(value, false)
            rig.files = rig.files.afterPowerCut()
            rig.clock = new VirtualClock(rig.clock.now() + 1000)
            await rig.open()
          }
          rig.balance()
        }
        await rig.drain()
        assert.equal(rig.cursor.ledger().pending, 0)
        if (retention === undefined) assert.equal(rig.delivered.size, rig.appended, 'everything durable arrived')
        await rig.store.close()
      }),
      { numRuns: 200, interruptAfterTimeLimit: 8000, endOnFailure: true },
    )
  })
}
