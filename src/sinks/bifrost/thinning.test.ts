/** Fewer samples for thin links: the extremes and every change of status are sent, whatever the batches; what failed is looked at again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Status } from '../../core/status.ts'
import { TagTable } from '../../core/tags.ts'
import { batchOf, tagSettings, tagTable, type Row } from '../../testing/delivery-rig.ts'
import { Thinning, type ThinRule } from './thinning.ts'

const EVERY = 1000
const START = 1_700_000_000_000

/** The rows that are sent of these batches. */
function sentOf(rules: readonly ThinRule[], tags: TagTable, batches: readonly (readonly Row[])[], ageMs = 0): Row[] {
  const thinning = new Thinning(rules, tags)
  return batches.flatMap((rows) => {
    const thinned = thinning.apply(batchOf(rows), ageMs)
    thinned?.commit()
    const sent = rows.filter((_, row) => thinned?.leftOut[row] !== 1)
    assert.equal(thinned?.count ?? 0, rows.length - sent.length)
    return sent
  })
}

const rule = (match: string, every = EVERY, behind?: number): ThinRule => ({ match, every, behind })

test('of each stretch the first, the lowest and the highest are sent, wherever batches end', () => {
  const sample = fc.record({ value: fc.integer({ min: -20, max: 20 }), step: fc.integer({ min: 1, max: 90 }) })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 200 }), fc.array(fc.nat(200)), (samples, cuts) => {
      let time = START
      const rows = samples.map(({ value, step }): Row => [1, value, 0, (time += step)])
      const edges = [...new Set([0, ...cuts.map((cut) => cut % rows.length), rows.length])].sort((a, b) => a - b)
      const batches = edges.slice(1).map((end, at) => rows.slice(edges[at], end))
      const sent = sentOf([rule('press/*')], tagTable('press/level'), batches)
      const stretches = Map.groupBy(rows, ([, , , at]) => Math.floor(at! / EVERY))
      for (const [stretch, all] of stretches) {
        const values = (some: readonly Row[]) => some.map(([, value]) => value as number)
        const of = sent.filter(([, , , at]) => Math.floor(at! / EVERY) === stretch)
        assert.equal(of[0], all[0])
        assert.equal(Math.min(...values(of)), Math.min(...values(all)))
        assert.equal(Math.max(...values(of)), Math.max(...values(all)))
      }
    }),
    { numRuns: 300 },
  )
})

test('a steady signal costs one sample a stretch, a noisy one a few', () => {
  const rows = Array.from({ length: 1000 }, (_, at): Row => [1, 5, 0, START + at * 10])
  assert.equal(sentOf([rule('press/level')], tagTable('press/level'), [rows]).length, 10)
  const noisy = rows.map(([tag], at): Row => [tag, (at * 7919) % 1009, 0, START + at * 10])
  const sent = sentOf([rule('press/level')], tagTable('press/level'), [noisy]).length
  assert.ok(sent <= 30, `${sent} of 1000`)
})

test('a change of status, a switch, strings and rows without a value are always sent', () => {
  const tags = new TagTable()
  tags.add({ id: 1, device: 'press', settings: tagSettings('level') })
  tags.add({ id: 2, device: 'press', settings: tagSettings('on', 'bool') })
  tags.add({ id: 3, device: 'press', settings: tagSettings('text', 'string') })
  const bad = Status.BadDeviceFailure
  const rows: Row[] = [
    [1, 5, 0, START],
    [1, 5, 0, START + 1],
    [1, 5, bad, START + 2],
    [1, 5, bad, START + 3],
    [1, undefined, bad, START + 4],
    [1, 5, 0, START + 5],
    [2, false, 0, START],
    [2, true, 0, START + 1],
    [2, true, 0, START + 2],
    [2, false, 0, START + 3],
    [3, 'a', 0, START],
    [3, 'a', 0, START + 1],
  ]
  const sent = sentOf([rule('*')], tags, [rows])
  assert.deepEqual(
    rows.filter((row) => !sent.includes(row)),
    [rows[1], rows[3], rows[8]],
  )
})

test('the first rule that matches counts: others go first while the link is behind', () => {
  const tags = tagTable('press-1/pressure', 'press-1/vibration x', 'oven/vibration x')
  const rows = Array.from({ length: 30 }, (_, at): Row => [1 + (at % 3), 5, 0, START + at])
  const rules = [rule('*/pressure', 0), rule('press-*/vibration*', EVERY, 60_000)]
  assert.equal(sentOf(rules, tags, [rows], 10_000).length, 30)
  const behind = sentOf(rules, tags, [rows], 120_000)
  assert.deepEqual([1, 2, 3].map((tag) => behind.filter((row) => row[0] === tag).length), [10, 1, 10]) // prettier-ignore
  assert.equal(sentOf([rule('press-1')], tags, [rows]).length, 12)
})

test('a batch that did not arrive is looked at again as if for the first time', () => {
  const thinning = new Thinning([rule('*')], tagTable('a/x'))
  const batch = batchOf([[1, 5, 0, START], [1, 9, 0, START + 1], [1, 6, 0, START + 2]]) // prettier-ignore
  const first = thinning.apply(batch, 0)!
  const again = thinning.apply(batch, 0)!
  assert.deepEqual(again.leftOut, first.leftOut)
  assert.deepEqual([...first.leftOut], [0, 0, 1])
  again.commit()
  assert.equal(thinning.apply(batchOf([[1, 8, 0, START + 3]]), 0)!.count, 1)
})
