/** What a chart gets: every sample while they are few, else extremes and gaps; and nothing left out, wherever the samples lie. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { appendInTurns, NoTrends } from '../../testing/trend-rig.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { segmentBytesWithin, slabRowsWithin } from '../memory-bounds.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore } from '../store.ts'
import { HistoryCollector } from './history.ts'

const signal = AbortSignal.timeout(20_000)

test('both ends of the range belong to it, and samples outside do not', () => {
  const collector = new HistoryCollector(100, 200, 10)
  for (const time of [99, 100, 150, 200, 201, NaN]) collector.add(time, time, 0)
  assert.deepEqual(
    collector.series().points.map(([time]) => time),
    [100, 150, 200],
  )
})

test('a million samples in one point: the extremes, the last value, the worst status, and the gap', () => {
  const collector = new HistoryCollector(0, 1e6, 1)
  for (let time = 0; time <= 1e6; time++) {
    if (time === 500) collector.add(time, NaN, Status.BadTimeout)
    else collector.add(time, time === 700 ? -5 : time % 1000, time === 800 ? 0x4094_0000 : 0)
  }
  assert.deepEqual(collector.series(), {
    raw: false,
    points: [
      [500, null, null, null, Status.BadTimeout, null, 1],
      [1e6, 0, -5, 999, 0x4094_0000, 499.498795, 1e6],
    ],
  })
})

test('the mean is of the samples, of the good ones alone; where their sum is no number there is none', () => {
  const collector = new HistoryCollector(0, 4, 2)
  for (const [time, value] of [[0, 1], [0.5, 2], [1, 6], [1.2, NaN], [1.4, NaN]] as const) collector.add(time, value, 0) // prettier-ignore
  for (const time of [2, 3, 4]) collector.add(time, 1e308, 0)
  assert.deepEqual(
    collector.series().points.map(([, value, , , , avg, count]) => [value, avg, count]),
    [[6, 3, 3], [null, null, 2], [1e308, null, 3]], // prettier-ignore
  )
})

test('samples that come late are put in their place, condensed or not', () => {
  for (const points of [10, 3]) {
    const collector = new HistoryCollector(0, 30, points)
    for (const time of [5, 25, 15, 3, 14, 24]) collector.add(time, time, 0)
    const series = collector.series()
    const times = series.points.map(([time]) => time)
    assert.deepEqual(times, points === 10 ? [3, 5, 14, 15, 24, 25] : [5, 15, 25])
    assert.deepEqual(
      series.points.map(([, value]) => value),
      times,
    )
  }
})

for (const tailRows of [100, 700, 100_000]) {
  test(`sealed segments without trend files beside ${tailRows} rows in memory: no sample is left out`, async () => {
    const clock = new VirtualClock()
    const store = await openStore({
      dir: '/data',
      clock,
      log: silentLog,
      files: new NoTrends(),
      segmentBytes: 4096,
      tailRows,
    })
    for (let i = 0; i < 30; i++) {
      const batch = new SampleBatch(100, i * 100)
      for (let row = 0; row < 100; row++) batch.push(1, Math.sin(i * 100 + row), Status.Good, i * 100 + row)
      store.append(batch)
      await store.flush()
    }
    assert.ok(store.info().segments > 3)
    const all = await store.history(1, 0, 3000, 10_000, signal)
    assert.deepEqual(
      all.points.map(([time]) => time),
      Array.from({ length: 3000 }, (_, at) => at),
    )
    const part = await store.history(1, 250, 349, 10_000, signal)
    assert.equal(part.points.length, 100)
    await store.close()
  })
}

test('the open segment is put in tag order slab by slab: nothing is missing or there twice at any moment', async () => {
  const clock = new VirtualClock()
  const options = { dir: '/data', clock, log: silentLog, files: new MemoryFiles(), tailRows: 20_000 }
  const store = await openStore({ ...options, reserveBlock: 1e7 })
  const rows = 50_000
  for (let i = 0; i < 20; i++) {
    await appendInTurns(store, i * rows, rows, clock.now())
    const follow = clock.advance(1000)
    for (let turn = 0; turn < 3; turn++) {
      const { points } = await store.history(8, 0, 1e7, 1e6, signal)
      const times = new Set(points.map(([time]) => time))
      assert.deepEqual([points.length, times.size], [((i + 1) * rows) / 100, ((i + 1) * rows) / 100], `batch ${i}`)
    }
    await follow
  }
  assert.equal(store.info().segments, 1)
  await store.close()
})

test('slabs and segments are as large as the memory allows', () => {
  const mib = [64, 256, 512, 1024, 2048, 65_536]
  const rows = mib.map((one) => slabRowsWithin(one * 2 ** 20))
  assert.deepEqual(rows, [131_072, 131_072, 262_144, 524_288, 1_048_576, 1_048_576])
  assert.deepEqual(mib.map((one) => segmentBytesWithin(one * 2 ** 20) / 2 ** 20), [4, 4, 8, 16, 16, 16]) // prettier-ignore
})
