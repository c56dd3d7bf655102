import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SampleBatch } from './batch.ts'
import { keepLastValues } from './kept-values.ts'
import { Status } from './status.ts'
import type { Value } from './value.ts'

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.string(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
)
const row = fc.record({
  tag: fc.nat({ max: 3 }),
  value: fc.option(value, { nil: undefined }),
  historical: fc.boolean(),
})

test("a row without a value keeps the tag's last one, from this batch or before; it still has no value of its own", () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.array(value, { maxLength: 4 }), (rows, before) => {
      const batch = new SampleBatch(rows.length, 1)
      for (const { tag, value, historical } of rows) batch.push(tag, value, Status.Good, 1, historical)
      keepLastValues(batch, (tag) => before[tag])
      const copy = new SampleBatch(rows.length)
      for (let i = 0; i < rows.length; i++) copy.pushRow(batch, i)
      const last = new Map(before.map((known, tag) => [tag, known]))
      for (const [i, { tag, value, historical }] of rows.entries()) {
        const expected = value ?? (historical ? undefined : last.get(tag))
        assert.deepEqual(batch.valueAt(i), value)
        assert.deepEqual(batch.lastValueAt(i), expected)
        assert.deepEqual(copy.lastValueAt(i), expected)
        if (value !== undefined && !historical) last.set(tag, value)
      }
    }),
  )
})
