import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from './backoff.ts'

test('pauses double up to the longest and begin again after a success', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 })
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => backoff.next()),
    [100, 200, 400, 800, 1000, 1000],
  )
  assert.equal(backoff.attempts, 6)
  backoff.reset()
  assert.equal(backoff.next(), 100)
})

test('jitter takes off up to half, never more, for however many failures', () => {
  const least = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0 })
  assert.deepEqual(
    [1, 2].map(() => least.next()),
    [50, 100],
  )
  const many = new Backoff({ firstMs: 100, maxMs: 60_000 })
  for (let i = 0; i < 2000; i++) many.next()
  const pause = many.next()
  assert.ok(pause >= 30_000 && pause <= 60_000)
})
