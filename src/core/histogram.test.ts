import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHistogram, exemplify, observe, observeSpread, quantile } from './histogram.ts'

test('a quantile lies within the bucket that holds its rank', () => {
  const histogram = createHistogram([0.01, 0.1, 1])
  assert.equal(quantile(histogram, 0.5), undefined)
  for (let i = 0; i < 90; i++) observe(histogram, 0.005)
  for (let i = 0; i < 10; i++) observe(histogram, 0.5)
  assert.ok(quantile(histogram, 0.5)! <= 0.01)
  const p99 = quantile(histogram, 0.99)!
  assert.ok(p99 > 0.1 && p99 <= 1)
  assert.deepEqual([...histogram.counts], [90, 0, 10, 0])
  observe(histogram, 50)
  assert.equal(histogram.counts[3], 1)
  assert.equal(quantile(histogram, 1), 1)
})

test('many at once that lie evenly between two values: whole numbers in the buckets between, adding up', () => {
  const histogram = createHistogram([1, 2, 4, 8])
  observeSpread(histogram, 0, 10, 10)
  assert.deepEqual([...histogram.counts], [1, 1, 2, 4, 2])
  assert.equal(histogram.count, 10)
  assert.equal(histogram.sum, 50)
  // All at one time, also exactly on a bound, go where `observe` puts one.
  for (const value of [0.5, 1, 3, 8, 9]) {
    const [many, one] = [createHistogram([1, 2, 4, 8]), createHistogram([1, 2, 4, 8])]
    observeSpread(many, value, value, 7)
    for (let i = 0; i < 7; i++) observe(one, value)
    assert.deepEqual(many, one)
  }
  observeSpread(histogram, 1, 2, 0)
  assert.equal(histogram.count, 10)
})

test('a traced observation stays beside its bucket until there is a newer one', () => {
  const histogram = createHistogram([1, 2])
  observe(histogram, 1.5)
  exemplify(histogram, { traceId: 'a', value: 1.5, at: 1 })
  observe(histogram, 2)
  exemplify(histogram, { traceId: 'b', value: 2, at: 2 })
  observe(histogram, 9)
  exemplify(histogram, { traceId: 'c', value: 9, at: 3 })
  assert.deepEqual([...histogram.counts], [0, 2, 1])
  assert.deepEqual(
    [0, 1, 2].map((bucket) => histogram.exemplars?.[bucket]?.traceId),
    [undefined, 'b', 'c'],
  )
})
