import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, formatDuration, parseDuration, parseSize, size } from './duration.ts'

test('durations and sizes are read with their unit, a bare number as ms or bytes', () => {
  assert.equal(parseDuration('250ms'), 250)
  assert.equal(parseDuration('1.5 s'), 1500)
  assert.equal(parseDuration('7d'), 7 * 86_400_000)
  assert.equal(parseDuration('20'), 20)
  assert.equal(parseSize('64MiB'), 64 * 2 ** 20)
  assert.equal(parseSize('10GB'), 1e10)
})

test('what is no duration, or out of bounds, is refused with what was expected', () => {
  assert.equal(parseDuration('soon'), undefined)
  assert.equal(parseDuration('-1s'), undefined)
  const schema = duration({ minMs: 10, maxMs: 1000 })
  assert.match(schema.safeParse('5ms').error!.issues[0]!.message, /between 10 and 1000 ms/)
  assert.match(schema.safeParse('5 parsecs').error!.issues[0]!.message, /250ms, 2s/)
  assert.equal(schema.parse('1s'), 1000)
  assert.equal(size().parse('1KiB'), 1024)
})

test('durations are shown in the units people use', () => {
  assert.deepEqual([20, 1500, 90_000, 5_400_000, 200_000_000].map(formatDuration), [
    '20ms',
    '1.5s',
    '1m 30s',
    '1h 30m',
    '2d 7h',
  ])
})
