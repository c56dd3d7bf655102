/** The last minutes of a row: minimum and maximum of every five seconds, values held, gaps left open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Spark, sparkPath } from './sparks.ts'

const NOW = 1_000_000_000

test('a slot keeps its minimum and maximum, a value is held until the next, bad quality is a gap', () => {
  const spark = new Spark()
  spark.add(NOW - 20_000, 5)
  spark.add(NOW - 19_999, 9)
  spark.add(NOW - 10_000, null)
  spark.add(NOW, 7)
  const slots = spark.window(NOW).slice(-6)
  assert.deepEqual(slots, [
    undefined,
    { low: 5, high: 9, last: 9 },
    { low: 9, high: 9, last: 9 },
    null,
    null,
    { low: 7, high: 7, last: 7 },
  ])
  assert.equal(sparkPath(slots, 100, 20).match(/M/g)?.length, 2, 'two lines with a gap between them')
  assert.equal(sparkPath([undefined, null], 100, 20), '')
})

test('what is older than twice the window is forgotten', () => {
  const spark = new Spark()
  for (let at = 0; at < 1000; at++) spark.add(NOW + at * 5000, at)
  assert.ok(spark.slots.size <= 121)
})
