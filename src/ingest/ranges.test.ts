import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ranges } from './ranges.ts'

test('as a set of numbers, in stretches that never touch', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 80 }), fc.nat(12))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 40 }), (added) => {
      const ranges = new Ranges()
      const model = new Set<number>()
      for (const [from, length] of added) {
        ranges.add(from, from + length)
        for (let seq = from; seq <= from + length; seq++) model.add(seq)
      }
      for (let seq = 0; seq <= 100; seq++) assert.equal(ranges.has(seq), model.has(seq), `${seq}`)
      for (let at = 1; at < ranges.list.length; at++) assert.ok(ranges.list[at]!.from > ranges.list[at - 1]!.to + 1)
      assert.equal(ranges.highest, Math.max(0, ...model))
      assert.equal(
        ranges.hasAll(10, 15),
        [10, 11, 12, 13, 14, 15].every((seq) => model.has(seq)),
      )
    }),
  )
})

test('when there are too many stretches what was refused counts as here first, then the shortest that is missing', () => {
  const stretches = [1, 3, 5, 107, 109].map((seq) => ({ from: seq, to: seq }))
  const shortest = new Ranges(stretches)
  shortest.bound(3)
  assert.deepEqual(shortest.list, [{ from: 1, to: 5 }, { from: 107, to: 107 }, { from: 109, to: 109 }]) // prettier-ignore
  const refused = new Ranges(stretches)
  refused.bound(4, new Ranges([{ from: 6, to: 106 }]))
  assert.deepEqual(refused.list, [{ from: 1, to: 1 }, { from: 3, to: 3 }, { from: 5, to: 107 }, { from: 109, to: 109 }]) // prettier-ignore
})
