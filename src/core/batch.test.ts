import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SampleBatch } from './batch.ts'
import { Status } from './status.ts'
import type { Value } from './value.ts'

const anyValue: fc.Arbitrary<Value | undefined> = fc.oneof(
  fc.double(),
  fc.boolean(),
  fc.string(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 8 }),
  fc.constant(undefined),
)

test('every value type comes back as it was pushed, from push and from pushRow', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 1, maxLength: 30 }), (values) => {
      const batch = new SampleBatch(values.length, 1000)
      values.forEach((value, row) => batch.push(row, value, Status.Good))
      const copy = new SampleBatch(values.length)
      for (let row = 0; row < batch.length; row++) copy.pushRow(batch, row)
      assert.deepEqual(
        [...batch].map((sample) => sample.value),
        values,
      )
      assert.deepEqual(
        [...copy].map((sample) => sample.value),
        values,
      )
      assert.ok([...copy].every((sample, row) => sample.tag === row && sample.time === 1000))
    }),
  )
})

test('pushing past the capacity throws instead of losing a row', () => {
  const batch = new SampleBatch(1)
  batch.push(1, 1, 0)
  assert.throws(() => batch.push(2, 2, 0), /capacity is 1/)
})

test('a row without a value changes the status alone, and keeps being without a value', () => {
  const batch = new SampleBatch(1, 5)
  batch.push(7, undefined, Status.BadTimeout, 4, true)
  assert.deepEqual(batch.sampleAt(0), {
    tag: 7,
    time: 4,
    value: undefined,
    status: Status.BadTimeout,
    historical: true,
    seq: undefined,
  })
})
