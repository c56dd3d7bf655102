import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrapped } from './wrapped-text.ts'

test('words fill lines, and none is longer than the width', () => {
  assert.deepEqual(wrapped('one two three', 80), ['one two three'])
  assert.deepEqual(wrapped('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrapped('one two', Infinity), ['one two'])
  assert.deepEqual(wrapped('', 10), [''])
})

test('a word that is too long is cut between bytes of hex digits', () => {
  assert.deepEqual(wrapped('at 0102030405', 7), ['at', '010203', '0405'])
  assert.deepEqual(wrapped('010203', 1), ['01', '02', '03'])
})
