/** The planner against brute force: every point once, within the limits, in no more requests than the best partition has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBitArea, type Area } from './address.ts'
import { planBlocks, type Block, type PlanLimits, type Span } from './plan.ts'

const span = (offset: number, length = 1, area: Area = 'hr', unit = 1): Span => ({ unit, area, offset, length })
const LIMITS: PlanLimits = { maxRegisters: 125, maxBits: 2000, maxGap: 8 }
const shape = (blocks: readonly Block[]) =>
  blocks.map(({ unit, area, offset, length, members }) => `${unit}.${area}:${offset}+${length} [${members.join(' ')}]`)

test('neighbours become one request; a gap up to the limit is read along, one more is not', () => {
  assert.deepEqual(shape(planBlocks([span(0), span(9), span(1, 2)], { ...LIMITS, maxGap: 6 })), ['1.hr:0+10 [0 2 1]'])
  assert.deepEqual(shape(planBlocks([span(0), span(9), span(1, 2)], { ...LIMITS, maxGap: 5 })), [
    '1.hr:0+3 [0 2]',
    '1.hr:9+1 [1]',
  ])
})

test('units and tables are never mixed', () => {
  const spans = [span(0), span(1, 1, 'ir'), span(1, 1, 'hr', 2), span(1)]
  assert.deepEqual(shape(planBlocks(spans, LIMITS)), ['1.hr:0+2 [0 3]', '1.ir:1+1 [1]', '2.hr:1+1 [2]'])
})

test('125 registers fit into one request, 126 do not; bits have their own limits', () => {
  const registers = (count: number) =>
    planBlocks(
      Array.from({ length: count }, (_, index) => span(index)),
      LIMITS,
    )
  assert.deepEqual(
    registers(125).map(({ length }) => length),
    [125],
  )
  assert.deepEqual(
    registers(126).map(({ length }) => length),
    [125, 1],
  )
  const bits = planBlocks([span(0, 1, 'co'), span(129, 1, 'co'), span(1999, 1, 'co')], { ...LIMITS, maxGap: 8 })
  assert.deepEqual(
    bits.map(({ length }) => length),
    [130, 1],
  )
})

test('a value wider than the limit is never torn: it gets a request of its own', () => {
  assert.deepEqual(shape(planBlocks([span(0), span(1, 4), span(5)], { ...LIMITS, maxRegisters: 2 })), [
    '1.hr:0+1 [0]',
    '1.hr:1+4 [1]',
    '1.hr:5+1 [2]',
  ])
})

test('a value that begins inside a longer one is read with it', () => {
  assert.deepEqual(shape(planBlocks([span(0, 10), span(3, 2), span(10)], LIMITS)), ['1.hr:0+11 [0 1 2]'])
})

const anySpan = fc.record({
  unit: fc.constantFrom(1, 2),
  area: fc.constantFrom<Area>('hr', 'co'),
  offset: fc.nat(30),
  length: fc.integer({ min: 1, max: 5 }),
})
const anyLimits = fc.record({
  maxRegisters: fc.integer({ min: 1, max: 20 }),
  maxBits: fc.integer({ min: 1, max: 20 }),
  maxGap: fc.nat(6),
})

test('property: each span is in exactly one block, whole, within limits', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 40 }), anyLimits, (spans, limits) => {
      const blocks = planBlocks(spans, limits)
      const covered = blocks.flatMap(({ members }) => members).sort((a, b) => a - b)
      assert.deepEqual(
        covered,
        spans.map((_, index) => index),
      )
      for (const block of blocks) assert.ok(isAllowed(block, spans, limits), JSON.stringify(block))
    }),
    { numRuns: 1000 },
  )
})

/** Bounds, one unit and table, exact extent, no gap over the limit; too long only where a single value is. */
function isAllowed(block: Block, spans: readonly Span[], limits: PlanLimits): boolean {
  const members = block.members.map((index) => spans[index]!)
  const bits = isBitArea(block.area)
  const wanted = new Set(members.flatMap(({ offset, length }) => Array.from({ length }, (_, index) => offset + index)))
  let gap = 0
  for (let at = block.offset; at < block.offset + block.length; at++) {
    gap = wanted.has(at) ? 0 : gap + 1
    if (gap > (bits ? limits.maxGap * 16 : limits.maxGap)) return false
  }
  const limit = Math.max(bits ? limits.maxBits : limits.maxRegisters, ...members.map(({ length }) => length))
  return (
    members.every(({ unit, area }) => unit === block.unit && area === block.area) &&
    block.offset === Math.min(...wanted) &&
    block.offset + block.length - 1 === Math.max(...wanted) &&
    block.length <= limit
  )
}

test('property: no partition into allowed requests is smaller', () => {
  const small = fc.array(
    anySpan.map((any) => ({ ...any, unit: 1, area: 'hr' as const })),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(small, anyLimits, (spans, limits) => {
      assert.equal(planBlocks(spans, limits).length, smallestPartition(spans, limits))
    }),
    { numRuns: 3000 },
  )
})

/** Tries every way to divide the spans into groups. */
function smallestPartition(spans: readonly Span[], limits: PlanLimits): number {
  let best = spans.length
  const place = (index: number, groups: number[][]): void => {
    if (index === spans.length) {
      if (groups.every((group) => isAllowed(blockOf(group, spans), spans, strict(group, spans, limits))))
        best = Math.min(best, groups.length)
      return
    }
    for (const group of groups) {
      group.push(index)
      place(index + 1, groups)
      group.pop()
    }
    if (groups.length < best - 1 || groups.length === 0) place(index + 1, [...groups, [index]])
  }
  place(0, [])
  return best
}

/** A group of several must keep the limit, also when one of its values does not. */
const strict = (group: readonly number[], spans: readonly Span[], limits: PlanLimits): PlanLimits =>
  group.length > 1 && group.some((index) => spans[index]!.length > limits.maxRegisters)
    ? { ...limits, maxRegisters: 0, maxGap: -1 }
    : limits

function blockOf(members: readonly number[], spans: readonly Span[]): Block {
  const offset = Math.min(...members.map((index) => spans[index]!.offset))
  const end = Math.max(...members.map((index) => spans[index]!.offset + spans[index]!.length))
  return { unit: 1, area: 'hr', offset, length: end - offset, members }
}
