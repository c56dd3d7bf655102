/** When a gap is known, how it is filled beside what is live, and what becomes of it when it cannot be. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { HistoryRead, RefusedHistory } from '../core/device-history.ts'
import type { LineAccess, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { silentLog, type Log } from '../core/log.ts'
import { tagSettings } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Backfill } from './backfill.ts'

const points: Point<unknown>[] = [1, 2].map((tag) => ({
  tag,
  address: '',
  settings: tagSettings({ name: `t${tag}`, everyMs: 1000 }),
}))

function batchOf(historical: boolean, ...rows: readonly (readonly [tag: number, time: number])[]): SampleBatch {
  const batch = new SampleBatch(rows.length, 0)
  for (const [tag, time] of rows) batch.push(tag, time, 0, time, historical)
  return batch
}

/** What the device answers, a page a call. */
type Page = readonly (readonly [tag: number, time: number])[] | Error

function rigOf(given: {
  pages?: Page[]
  refused?: RefusedHistory[]
  stored?: Record<number, number>
  recalled?: Promise<Map<number, number>>
}) {
  const clock = new VirtualClock()
  const said: string[] = []
  const write = (_fields: object, sentence: string) => void said.push(sentence)
  const log: Log = { ...silentLog, info: write, warn: write, child: () => log }
  const { pages = [], refused = [], stored = {}, recalled = Promise.resolve(new Map<number, number>()) } = given
  const asked: string[] = []
  const filled: string[] = []
  let connection = new AbortController()
  const access: LineAccess = {
    connected: true,
    run: async (work, priority, signal, _unit, by) => {
      signal.throwIfAborted()
      assert.deepEqual([priority, by], ['turn', 'history'])
      return work(signal)
    },
  }
  const read = (wanted: readonly Point<unknown>[], from: number, to: number): HistoryRead => {
    asked.push(`${wanted.map(({ tag }) => tag).join(' ')}: ${from}–${to}`)
    return {
      refused,
      next: async (emit) => {
        const page = pages.shift()
        if (page instanceof Error) throw page
        if (page !== undefined) emit(batchOf(true, ...page))
        return pages.length > 0 ? 'again' : undefined
      },
    }
  }
  const owner = {
    name: 'plc',
    clock,
    get signal() {
      return connection.signal
    },
    fill: (batch: SampleBatch) =>
      void filled.push(...[...batch].map(({ tag, time, historical }) => `${tag} ${time} ${historical}`)),
  }
  const backfill = new Backfill(owner, {
    history: { lookBackMs: 3_600_000, read },
    points,
    access,
    log,
    stored: { lastTime: (tag) => stored[tag], before: () => recalled },
  })
  return {
    backfill,
    clock,
    said,
    asked,
    filled,
    stored,
    see: (...rows: readonly (readonly [number, number])[]) => backfill.saw(batchOf(false, ...rows)),
    lose() {
      connection.abort()
      backfill.interrupt()
      connection = new AbortController()
    },
    settled: async () => {
      for (let i = 0; i < 20; i++) await setImmediate()
    },
  }
}

/** Some time after the start of the virtual clock, in its ms. */
const at = (clock: VirtualClock, ms: number) => clock.now() - 600_000 + ms

test('from the last sample before to the first one behind, when all points have one', async () => {
  const start = new VirtualClock()
  const [a, b] = [at(start, 1000), at(start, 90_000)]
  const rig = rigOf({ pages: [[[1, b - 1], [1, b], [1, b + 2], [2, b + 2]]] }) // prettier-ignore
  const { backfill, stored, see, settled } = rig
  Object.assign(stored, { 1: a, 2: a + 10 })
  rig.lose()
  backfill.begin()
  see([1, b], [1, b + 5])
  await settled()
  assert.deepEqual(rig.asked, [])
  see([2, b + 100])
  await settled()
  assert.deepEqual(rig.asked, [`1 2: ${a}–${b + 100}`])
  assert.deepEqual(rig.filled, [`1 ${b - 1} true`, `2 ${b + 2} true`])
})

test('a point that brings nothing is waited for five seconds, and its gap ends now', async () => {
  const { backfill, clock, stored, see, settled, asked, lose } = rigOf({})
  const a = at(clock, 0)
  Object.assign(stored, { 1: a, 2: a })
  lose()
  backfill.begin()
  see([1, a + 1000])
  clock.advance(4999)
  await settled()
  assert.deepEqual(asked, [])
  clock.advance(1)
  await settled()
  assert.deepEqual(asked, [`1 2: ${a}–${clock.now()}`])
})

test('nothing is asked for the first time, nor where nothing has changed', async () => {
  const { backfill, stored, clock, see, settled, asked, lose } = rigOf({})
  const a = at(clock, 0)
  backfill.start()
  await settled()
  backfill.begin()
  see([1, a], [2, a])
  await settled()
  Object.assign(stored, { 1: a, 2: a })
  lose()
  backfill.begin()
  see([1, a], [2, a])
  clock.advance(10_000)
  await settled()
  assert.deepEqual(asked, [])
})

test('pages come until there are no more; what lies outside is left out, and the sentence tells how much it was', async () => {
  const a = at(new VirtualClock(), 0)
  const pages: Page[] = [[[1, a], [1, a + 1], [2, a + 1]], [[1, a + 2], [1, a + 9]]] // prettier-ignore
  const rig = rigOf({ pages, stored: { 1: a, 2: a } })
  rig.lose()
  rig.backfill.begin()
  rig.see([1, a + 9], [2, a + 9])
  await rig.settled()
  assert.deepEqual(rig.filled, [`1 ${a + 1} true`, `2 ${a + 1} true`, `1 ${a + 2} true`])
  assert.match(rig.said[0]!, /^Back-filled plc from .* UTC to .* UTC: 3 samples of 2 points\.$/)
})

test('lost in the middle it goes on where it was, before the next gap', async () => {
  const clock = new VirtualClock()
  const a = at(clock, 0)
  const lost = new NotConnectedError('gone')
  const rig = rigOf({ pages: [[[1, a + 1]], lost, [[1, a + 1], [1, a + 2]]], stored: { 1: a, 2: a } }) // prettier-ignore
  rig.lose()
  rig.backfill.begin()
  rig.see([1, a + 50], [2, a + 50])
  await rig.settled()
  rig.lose()
  Object.assign(rig.stored, { 1: a + 60, 2: a + 60 })
  rig.backfill.begin()
  rig.see([1, a + 80], [2, a + 80])
  await rig.settled()
  assert.deepEqual(rig.filled, [`1 ${a + 1} true`, `1 ${a + 2} true`])
  // The second gap begins where the newest sample was when the connection was lost for the second time.
  assert.deepEqual(rig.asked, [`1 2: ${a}–${a + 50}`, `1 2: ${a}–${a + 50}`, `1 2: ${a}–${a + 80}`])
})

test('what is slow to be found in the store is waited for', async () => {
  const { promise: recalled, resolve: find } = Promise.withResolvers<Map<number, number>>()
  const { backfill, clock, see, settled, asked } = rigOf({ recalled })
  const a = at(clock, 0)
  backfill.start()
  backfill.begin()
  see([1, a + 70], [2, a + 70])
  clock.advance(20_000)
  await settled()
  assert.deepEqual(asked, [])
  find(new Map([[1, a], [2, a]])) // prettier-ignore
  await settled()
  assert.deepEqual(asked, [`1 2: ${a}–${a + 70}`])
})

test('points without a history are said once, and others are asked for alone from then on', async () => {
  const refused = [{ tag: 2, status: 0x80720000, name: 'BadHistoryOperationUnsupported', isLasting: true }]
  const rig = rigOf({ refused })
  const a = at(rig.clock, 0)
  for (const round of [0, 1]) {
    Object.assign(rig.stored, { 1: a + round * 100, 2: a + round * 100 })
    rig.lose()
    rig.backfill.begin()
    rig.see([1, a + round * 100 + 50], [2, a + round * 100 + 50])
    await rig.settled()
    refused.length = 0
  }
  assert.deepEqual(rig.said, ['The history of 1 point of plc cannot be read, the first is t2: BadHistoryOperationUnsupported. Their gaps stay.']) // prettier-ignore
  assert.deepEqual(rig.asked, [`1 2: ${a}–${a + 50}`, `1: ${a + 100}–${a + 150}`])
})

test('a long history comes at a bounded rate', async () => {
  const clock = new VirtualClock()
  const a = at(clock, 0)
  const page = (first: number): Page => Array.from({ length: 25_000 }, (_, i) => [1, a + first + i * 0.01])
  const rig = rigOf({ pages: [page(1), page(300)], stored: { 1: a, 2: a } })
  rig.lose()
  rig.backfill.begin()
  rig.see([1, a + 50_000], [2, a + 50_000])
  await rig.settled()
  assert.equal(rig.filled.length, 25_000)
  rig.clock.advance(499)
  await rig.settled()
  assert.equal(rig.filled.length, 25_000)
  rig.clock.advance(1)
  await rig.settled()
  assert.equal(rig.filled.length, 50_000)
})

test('what fails in another way costs this gap alone, and is said', async () => {
  const clock = new VirtualClock()
  const a = at(clock, 0)
  const rig = rigOf({ pages: [new Error('nobody thought of this')], stored: { 1: a, 2: a } })
  rig.lose()
  rig.backfill.begin()
  rig.see([1, a + 50], [2, a + 50])
  await rig.settled()
  assert.match(rig.said[0]!, /^The gap of plc from .* to .* stays: nobody thought of this\.$/)
})

test('of what is older than the look-back nothing is asked for', async () => {
  const rig = rigOf({})
  const old = rig.clock.now() - 7_200_000
  Object.assign(rig.stored, { 1: old, 2: old })
  rig.lose()
  rig.backfill.begin()
  rig.see([1, rig.clock.now()], [2, rig.clock.now()])
  await rig.settled()
  assert.deepEqual(rig.asked, [`1 2: ${rig.clock.now() - 3_600_000}–${rig.clock.now()}`])
})
