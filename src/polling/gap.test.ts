/** What belongs into a gap, and what does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { Point } from '../core/driver.ts'
import { tagSettings } from '../testing/tags.ts'
import { Gap } from './gap.ts'

const points: Point<unknown>[] = [1, 2, 3].map((tag) => ({
  tag,
  address: '',
  settings: tagSettings({ name: `t${tag}` }),
}))
const bounds = () =>
  new Map([
    [1, { after: 500, before: 900 }],
    [2, { after: 100, before: 400 }],
    [3, { after: 200, before: 1000 }],
  ])

/** Rows as [tag, time]. */
function batchOf(...rows: readonly (readonly [number, number])[]): SampleBatch {
  const batch = new SampleBatch(rows.length, 5000)
  for (const [tag, time] of rows) batch.push(tag, time, 0, time, true)
  return batch
}

const taken = (gap: Gap, ...rows: readonly (readonly [number, number])[]) =>
  [...gap.take(batchOf(...rows))].map(({ tag, time }) => [tag, time])

test('points whose gaps begin together are asked for together, within the time that theirs span', () => {
  const gap = new Gap(points, bounds())
  assert.deepEqual([gap.from, gap.to], [100, 1000])
  const first = gap.next(2)!
  assert.deepEqual([first.points.map(({ tag }) => tag), first.from, first.to], [[2, 3], 100, 1000])
  gap.done(first.points)
  const second = gap.next(2)!
  assert.deepEqual([second.points.map(({ tag }) => tag), second.from, second.to], [[1], 500, 900])
  gap.done(second.points)
  assert.equal(gap.next(2), undefined)
})

test('both ends are there already; samples of one time are all taken; nothing is taken twice', () => {
  const gap = new Gap(points, bounds())
  assert.deepEqual(taken(gap, [1, 500], [1, 501], [1, 700], [1, 700], [1, 899], [1, 900], [9, 700]), [[1, 501], [1, 700], [1, 700], [1, 899]]) // prettier-ignore
  assert.deepEqual(taken(gap, [1, 501], [1, 899], [3, 201]), [[3, 201]])
  assert.equal(gap.samples, 5)
  assert.deepEqual([...gap.filled], [1, 3])
  assert.equal(gap.next(3)!.from, 100)
})
