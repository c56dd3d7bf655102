/** Whose answer may stay in sight while the next one is on its way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameSubject } from './subject.ts'

const DIFF = 'GET /api/v1/config/diff'
const SEARCH = 'GET /api/v1/topics/search'

test('other words, or more of the same: what was found before stays', () => {
  assert.ok(
    isSameSubject([SEARCH, { query: { sink: 'plant', q: 'a' } }], [SEARCH, { query: { q: 'ab', sink: 'plant' } }]),
  )
  const letters = (limit: number) => ['GET letters', { params: { sink: 'plant' }, query: { limit } }]
  assert.ok(isSameSubject(letters(100), letters(1000)))
})

test('another object, in the path or in the query: nothing of the one before is shown', () => {
  const diff = (from: string) => [DIFF, { query: { from, to: 'running' } }]
  assert.ok(!isSameSubject(diff('3'), diff('4')))
  assert.ok(
    !isSameSubject([SEARCH, { query: { sink: 'plant', q: 'a' } }], [SEARCH, { query: { sink: 'cloud', q: 'a' } }]),
  )
  const device = (name: string) => ['GET device', { params: { device: name } }]
  assert.ok(!isSameSubject(device('press-1'), device('press-2')))
  assert.ok(!isSameSubject([DIFF, {}], [SEARCH, {}]))
  assert.ok(!isSameSubject(undefined, diff('3')))
})
