/** Where tags stand, under which ids, and what their units are called. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesTag } from '../../core/tag-pattern.ts'
import { tagSettings, typedTable } from '../../testing/delivery-rig.ts'
import { folderId, placeOf, propertyId, variableId } from './node-names.ts'
import { TagNodes } from './tag-nodes.ts'
import { unitIdOf } from './units.ts'

test('slashes and dots make folders, decimal points and empty parts do not', () => {
  const places = ['level', 'a/b', 'a.b/c', 'T1.5', 'axis1.speed', '.hidden', 'a//b', 'a/', 'x.1'].map(placeOf)
  assert.deepEqual(
    places.map(({ folders, leaf }) => [...folders, leaf].join(' > ')),
    ['level', 'a > b', 'a > b > c', 'T1.5', 'axis1 > speed', '.hidden', 'a//b', 'a/', 'x > 1'],
  )
})

test('no two nodes share an id', () => {
  const ids = [variableId('a', 'b'), variableId('a', 'b/EURange'), folderId('a', []), folderId('a', ['b']), folderId('a', ['b', 'EURange']), propertyId(variableId('a', 'b'), 'EURange')] // prettier-ignore
  assert.deepEqual(ids, ['a/b', 'a/b/EURange', 'a', '/a/b', '/a/b/EURange', '//a/b/EURange'])
  assert.equal(new Set(ids).size, ids.length)
})

test('units have the numbers of UNECE Recommendation 20; one that is not known has none', () => {
  // The characters of the code as bytes: CEL is 0x43454C (OPC 10000-8, 5.6.4.3).
  assert.deepEqual(
    ['°C', 'degC', 'kWh', '%', 'rpm', 'widgets'].map(unitIdOf),
    [4408652, 4408652, 4937544, 20529, 5394509, -1],
  )
})

test('only what has come or changed is told again', () => {
  const tags = typedTable(['a/x', 'int16'], ['b/x', 'int16', { scale: 0.5 }], ['a/y', 'float32'])
  const nodes = new TagNodes(tags, ['a/*', 'b'])
  assert.deepEqual(nodes.news().map(({ device, name, type }) => `${device}/${name} ${type}`), ['a/x int16', 'a/y float32', 'b/x float64']) // prettier-ignore
  assert.deepEqual(nodes.news(), [])
  tags.put({ id: 1, device: 'a', settings: tagSettings('x', 'int16', { unit: 'm' }) })
  tags.add({ id: 9, device: 'c', settings: tagSettings('x') })
  assert.deepEqual(nodes.news().map(({ tag }) => tag), [1]) // prettier-ignore
  assert.deepEqual([1, 3, 9].map((tag) => nodes.has(tag)), [true, true, false]) // prettier-ignore
})

test('patterns of tags', () => {
  const cases: [string, string, string, boolean][] = [['*/*', 'a', 'b/c', true], ['a', 'a', 'b', true], ['a', 'ab', 'b', false], ['a/b?', 'a', 'bc', true], ['a/*c', 'a', 'b/c', true], ['*/b', 'a', 'c', false]] // prettier-ignore
  for (const [pattern, device, tag, expected] of cases)
    assert.equal(matchesTag(pattern, device, tag), expected, pattern)
})
