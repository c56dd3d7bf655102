import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PieceCounter } from './piece-counter.ts'

const counter = (rollover?: number, factor = 1) => new PieceCounter({ rollover, factor, idealPerMs: 2 / 1000 })

test('pieces are differences; the first reading is where counting begins', () => {
  const one = counter()
  assert.deepEqual(one.take(1000, 0), { pieces: 0, event: undefined })
  assert.deepEqual(one.take(1003, 1000), { pieces: 3, event: undefined })
  assert.deepEqual(one.take(1003, 2000), { pieces: 0, event: undefined })
})

test('sixteen bits begin again, and no piece is lost', () => {
  const one = counter(65_536)
  one.take(65_534, 0)
  assert.deepEqual(one.take(1, 1000), { pieces: 3, event: undefined })
})

test('a counter that is set back counts from 0, though it could roll over', () => {
  const one = counter(65_536)
  one.take(40_000, 0)
  assert.deepEqual(one.take(2, 1000), { pieces: 2, event: 'reset' })
  assert.deepEqual(one.take(4, 2000), { pieces: 2, event: undefined })
})

test('a jump is told, and is no production', () => {
  const one = counter()
  one.take(100, 0)
  assert.deepEqual(one.take(1_000_000, 1000), { pieces: 0, event: 'jump' })
  assert.deepEqual(one.take(1_000_001, 2000), { pieces: 1, event: undefined })
  assert.deepEqual(one.take(5000, 3000), { pieces: 0, event: 'jump' })
})

test('a pallet of 400 after five minutes is no jump, though it is polled each second', () => {
  const one = counter()
  one.take(0, 0)
  for (let second = 1; second < 300; second++) one.take(0, second * 1000)
  assert.equal(one.take(400, 300_000).pieces, 400)
})

test('a count may stand for several pieces', () => {
  const one = counter(undefined, 12)
  one.take(5, 0)
  assert.equal(one.take(7, 20_000).pieces, 24)
})
