import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { tagTable } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createPipeline } from './index.ts'

interface Point {
  time: number
  value: number
  status: number
}

/** Hundredths from least to most, evenly: fc.double would give mostly very small and very large numbers. */
const hundredths = (least: number, most: number) =>
  fc.integer({ min: 100 * least, max: 100 * most }).map((n) => n / 100)

const walk = fc.array(
  fc.record({
    step: fc.oneof(
      { weight: 8, arbitrary: hundredths(-3, 3) },
      { weight: 2, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: hundredths(-80, 80) },
    ),
    pause: fc.integer({ min: 1, max: 5000 }),
    status: fc.oneof(
      { weight: 20, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constant(Status.UncertainSubNormal) },
    ),
  }),
  { minLength: 1, maxLength: 120 },
)
const width = hundredths(0, 10)

function pointsOf(steps: readonly { step: number; pause: number; status: number }[]): Point[] {
  let time = 1_700_000_000_000
  let value = 0
  return steps.map(({ step, pause, status }) => ({ time: (time += pause), value: (value += step), status }))
}

/** Sends the points through, some rows a batch, and flushes. */
function through(settings: Partial<TagSettings>, points: readonly Point[], rows: number): Point[] {
  const pipeline = createPipeline(tagTable(settings), new VirtualClock())
  const out: Point[] = []
  const emit = (batch: SampleBatch) => {
    for (const { time, value, status } of batch) out.push({ time, value: value as number, status })
  }
  for (let from = 0; from < points.length; from += rows) {
    const batch = new SampleBatch(rows)
    for (const { time, value, status } of points.slice(from, from + rows)) batch.push(0, value, status, time)
    pipeline.apply(batch, emit)
  }
  pipeline.flush(emit)
  return out
}

test('deadband: at every moment what was passed on is within the deadband of what was read, with its status', () => {
  fc.assert(
    fc.property(walk, width, fc.integer({ min: 1, max: 20 }), (steps, deadband, rows) => {
      const points = pointsOf(steps)
      const out = through({ deadband: { absolute: deadband } }, points, rows)
      assert.deepEqual(out[0], points[0])
      let known = out[0]!
      let next = 0
      for (const point of points) {
        if (out[next]?.time === point.time) known = out[next++]!
        assert.ok(Math.abs(point.value - known.value) <= deadband)
        assert.equal(known.status, point.status)
      }
      assert.equal(next, out.length, 'only rows that were read are passed on, in order')
    }),
  )
})

test('swinging door: every row left out lies within the deviation of the line between its neighbours', () => {
  fc.assert(
    fc.property(walk, width, fc.integer({ min: 1, max: 20 }), (steps, deviation, rows) => {
      const points = pointsOf(steps)
      const out = through({ swingingDoor: { absolute: deviation } }, points, rows)
      assert.deepEqual(out[0], points[0])
      assert.deepEqual(out.at(-1), points.at(-1))
      let next = 0
      for (const point of points) {
        if (out[next]?.time === point.time) {
          assert.deepEqual(out[next++], point)
          continue
        }
        const [before, after] = [out[next - 1]!, out[next]!]
        const share = (point.time - before.time) / (after.time - before.time)
        const line = before.value + share * (after.value - before.value)
        assert.ok(Math.abs(point.value - line) <= deviation + 1e-9 * (1 + Math.abs(point.value)))
        assert.equal(after.status, point.status)
      }
      assert.equal(next, out.length)
    }),
    { numRuns: 500 },
  )
})

test('a straight line costs two rows, however long it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 200 }), fc.integer({ min: -50, max: 50 }), (count, slope) => {
      const points = Array.from({ length: count }, (_, i) => ({ time: 1000 * i, value: slope * i, status: 0 }))
      assert.equal(through({ swingingDoor: { absolute: 0.001 } }, points, 7).length, 2)
    }),
  )
})
