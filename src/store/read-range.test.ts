/** Stored samples of one tag: the first or the last of a range, in order of time, whatever order they came in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { silentLog } from '../core/log.ts'
import { Status } from '../core/status.ts'
import type { Value } from '../core/value.ts'
import { tagSettings } from '../testing/delivery-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore } from './store.ts'

const signal = AbortSignal.timeout(20_000)

/** Samples of a float64 (1), an int64 (2) and a string (3), in small segments, so that trends, segments and memory all have some. */
async function filled(
  rows: readonly (readonly [tag: number, value: Value | undefined, time: number, status?: number])[],
) {
  const store = await openStore({
    dir: '/data',
    clock: new VirtualClock(),
    log: silentLog,
    files: new MemoryFiles(),
    segmentBytes: 4096,
    tailRows: 4096,
  })
  const types = ['float64', 'int64', 'string'] as const
  await store.defineTags(types.map((type) => ({ device: 'a', settings: tagSettings(type, type) })))
  for (let from = 0; from < rows.length; from += 500) {
    const batch = new SampleBatch(500, 1000)
    for (const [tag, value, time, status = 0] of rows.slice(from, from + 500)) batch.push(tag, value, status, time)
    store.append(batch)
    await store.flush()
  }
  return store
}

const counted = Array.from({ length: 20_000 }, (_, at) => [1, at / 2, at * 10] as const)

test('the first and the last of a range; its end is not included', async () => {
  const store = await filled(counted)
  const read = async (range: object) => [...(await store.read({ tag: 1, from: 0, to: Infinity, rows: 3, ...range }, signal)).time] // prettier-ignore
  assert.deepEqual(await read({ from: 100 }), [100, 110, 120])
  assert.deepEqual(await read({ to: 100, last: true }), [70, 80, 90])
  assert.deepEqual(await read({ last: true }), [199_970, 199_980, 199_990])
  assert.deepEqual(await read({ from: 100, to: 110 }), [100])
  assert.deepEqual(await read({ from: 101, to: 109 }), [])
  const all = await store.read({ tag: 1, from: 0, to: Infinity, rows: 30_000 }, signal)
  assert.equal(all.length, 20_000)
  assert.ok(all.time.every((time, at) => time === at * 10 && all.value[at] === at / 2))
  await store.close()
})

test('late samples stand where their time is; of equal times the order of the log counts', async () => {
  const store = await filled([[1, 1, 50], [1, 2, 10], [1, 3, 50], [1, undefined, 20, Status.BadTimeout]]) // prettier-ignore
  const batch = await store.read({ tag: 1, from: 0, to: 100, rows: 10 }, signal)
  assert.deepEqual(
    [...batch].map(({ time, value, status }) => [time, value, status]),
    [
      [10, 2, 0],
      [20, undefined, Status.BadTimeout],
      [50, 1, 0],
      [50, 3, 0],
    ],
  )
  await store.close()
})

test('64-bit integers and texts are exact', async () => {
  const store = await filled([[2, 9_007_199_254_740_993n, 1], [3, 'ä', 1]]) // prettier-ignore
  const valueOf = async (tag: number) => (await store.read({ tag, from: 0, to: 2, rows: 1 }, signal)).valueAt(0)
  assert.equal(await valueOf(2), 9_007_199_254_740_993n)
  assert.equal(await valueOf(3), 'ä')
  await store.close()
})
