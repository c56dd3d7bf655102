import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHistogram, observe, quantile } from './histogram.ts'

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
