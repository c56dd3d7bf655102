import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { quantile } from '../core/histogram.ts'
import { DeliveryAge } from './delivery-age.ts'

const batchOf = (receivedAt: number, receivedUntil?: number): SampleBatch => {
  const batch = new SampleBatch(0, receivedAt)
  batch.receivedUntil = receivedUntil
  return batch
}

test('a batch of one arrival: each of its samples is as old as it', () => {
  const age = new DeliveryAge()
  age.confirmed(batchOf(1000), 500, 3000)
  assert.equal(age.seconds.count, 500)
  assert.equal(age.seconds.sum, 1000)
})

test('a batch of a minute, made up for after an outage: half of its samples are older than its middle', () => {
  const age = new DeliveryAge()
  age.confirmed(batchOf(0, 60_000), 6000, 60_000)
  assert.equal(age.seconds.count, 6000)
  assert.ok(Math.abs(quantile(age.seconds, 0.5)! - 30) < 1, `${quantile(age.seconds, 0.5)}`)
  assert.equal(age.seconds.sum, 6000 * 30)
})

test('a clock that was set back makes nothing younger than 0, and what was not delivered counts nothing', () => {
  const age = new DeliveryAge()
  age.confirmed(batchOf(5000, 6000), 10, 1000)
  age.confirmed(batchOf(0), 0, 1000)
  assert.equal(age.seconds.count, 10)
  assert.equal(age.seconds.sum, 0)
  assert.equal(age.seconds.counts[0], 10)
})
