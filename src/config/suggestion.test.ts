import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closest, distance } from './suggestion.ts'

test('a swap of neighbours counts as one edit', () => {
  assert.equal(distance('drvier', 'driver'), 1)
  assert.equal(distance('modbus', 'mdbs'), 2)
})

test('suggests what is near and nothing when all is far', () => {
  const keys = ['name', 'driver', 'options', 'every', 'tags']
  assert.equal(closest('drvier', keys), 'driver')
  assert.equal(closest('Options', keys), 'options')
  assert.equal(closest('tag', keys), 'tags')
  assert.equal(closest('temperature', keys), undefined)
  assert.equal(
    closest('hostname', ['name', 'host', 'port']),
    'host',
    'what it begins with goes before what it ends with',
  )
  assert.equal(closest('device_name', ['name', 'host']), 'name')
  assert.equal(closest('sdm230', ['eastron-sdm630x', 'eastron-sdm230']), 'eastron-sdm230')
})

test('distance is symmetric and zero only for equal words', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      assert.equal(distance(a, b), distance(b, a))
      assert.equal(distance(a, b) === 0, a === b)
    }),
  )
})
