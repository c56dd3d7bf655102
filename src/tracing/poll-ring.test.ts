/** Which recorded polls a batch of a sink carries samples of, by their sequence numbers alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { PollRing } from './poll-ring.ts'

const context = (at: number) => ({ traceId: String(at).padStart(32, '0'), spanId: String(at).padStart(16, '0') })

function batchOf(...seqs: number[]): SampleBatch {
  const batch = new SampleBatch(Math.max(1, seqs.length))
  for (const seq of seqs) batch.push(seq, seq, 0)
  batch.seq = Float64Array.from(seqs)
  return batch
}

test('a batch has the polls whose samples are in it, the oldest first', () => {
  const ring = new PollRing()
  ring.add(10, 19, context(1))
  ring.add(30, 39, context(2))
  assert.deepEqual(ring.within(batchOf(15, 16, 31)), [context(1), context(2)])
  assert.deepEqual(ring.within(batchOf(39)), [context(2)])
  assert.deepEqual(ring.within(batchOf(20, 29)), [])
  assert.deepEqual(ring.within(batchOf(9, 20)), [], 'a sink that took none of them')
  assert.deepEqual(ring.within(batchOf(40, 50)), [])
  assert.deepEqual(ring.within(batchOf()), [])
  assert.deepEqual([ring.at(10), ring.at(19), ring.at(20), ring.at(31), ring.at(9)], [context(1), context(1), undefined, context(2), undefined]) // prettier-ignore
})

test('a poll whose samples were stored in two batches is named once', () => {
  const ring = new PollRing()
  const poll = context(1)
  ring.add(10, 12, poll)
  ring.add(13, 19, poll)
  assert.deepEqual(ring.within(batchOf(11, 14)), [poll])
})

test('it is bounded: the oldest ones are forgotten', () => {
  const ring = new PollRing()
  for (let at = 1; at <= 1000; at++) ring.add(at * 10, at * 10 + 9, context(at))
  assert.equal(ring.at(10), undefined)
  assert.deepEqual(ring.at(10_000), context(1000))
  const all = Array.from({ length: 10_010 }, (_, seq) => seq)
  assert.equal(ring.within(batchOf(...all)).length, 256)
})
