/** Limits follow what the device says: found in a few steps, taken back when it answers what it refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TableLimits } from './limits.ts'

const span = (offset: number, length: number) => ({ unit: 1, area: 'hr' as const, offset, length })

test('the longest request is found by halving what lies between answered and refused', () => {
  const limits = new TableLimits(() => undefined)
  assert.equal(limits.allowed, Infinity)
  limits.tooLong(7, 13, 'answers exception 03', 0)
  assert.equal(limits.allowed, 10)
  limits.answered(0, 10)
  assert.equal(limits.allowed, 11)
  limits.tooLong(6, 11, 'answers exception 03', 0)
  assert.equal(limits.allowed, 10)
  assert.ok(limits.forbids(span(0, 11)) && !limits.forbids(span(0, 10)))
  limits.tooLong(10, 40, 'a longer one says nothing new', 0)
  assert.equal(limits.allowed, 10)
})

test('an answer to a request that was said to be too long takes the limit back', () => {
  let changes = 0
  const limits = new TableLimits(() => changes++)
  limits.tooLong(7, 13, '', 0)
  limits.answered(0, 20)
  assert.deepEqual([limits.length, limits.allowed, changes], [undefined, Infinity, 2])
})

test('a gap and a seam separate what they lie between, and nothing else', () => {
  const limits = new TableLimits(() => undefined)
  limits.separate({ after: 5, before: 8, evidence: '', at: 0 })
  limits.separate({ after: 20, before: 21, evidence: '', at: 0 })
  assert.ok(!limits.mayJoin(span(0, 6), span(8, 2)))
  assert.ok(limits.mayJoin(span(0, 6), span(6, 2)), 'a value that reaches into the gap is for the device to judge')
  assert.ok(limits.mayJoin(span(8, 5), span(13, 8)))
  assert.ok(!limits.mayJoin(span(13, 8), span(21, 1)))
  assert.ok(limits.forbids(span(5, 4)) && !limits.forbids(span(6, 15)))
  limits.forget()
  assert.ok(limits.mayJoin(span(0, 6), span(8, 2)))
})

test('an answer across a gap takes the gap back, one beside it does not', () => {
  let changes = 0
  const limits = new TableLimits(() => changes++)
  limits.separate({ after: 5, before: 8, evidence: '', at: 0 })
  for (const [offset, length] of [[0, 8], [6, 3], [8, 20]] as const) limits.answered(offset, length) // prettier-ignore
  assert.equal(limits.breaks.length, 1)
  const before = changes
  limits.answered(5, 4)
  assert.deepEqual([limits.breaks.length, changes], [0, before + 1])
})

test('what was learned is doubted an hour later, then once a day, one fact after the other', () => {
  const hour = 3_600_000
  const limits = new TableLimits(() => undefined)
  assert.equal(limits.takeDoubt(0), undefined)
  limits.tooLong(4, 9, '', 0)
  limits.separate({ after: 5, before: 8, evidence: '', at: 0 })
  const doubts = Array.from({ length: 60 * 24 }, (_, at) => limits.takeDoubt(at * (hour / 10)))
  const taken = doubts.flatMap((fact, at) => (fact === undefined ? [] : [[at / 10, 'after' in fact]]))
  assert.deepEqual(taken.slice(0, 4), [[1, false], [1.1, true], [25.1, false], [25.2, true]]) // prettier-ignore
})
