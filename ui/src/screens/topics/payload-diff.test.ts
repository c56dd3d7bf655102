/** What has changed between two payloads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffOf, prettyOf } from './payload-diff.ts'

const text = (content: string) => ({ text: content, hex: null, decoded: null })

test('fields of JSON, also nested ones: changed, same, new, gone', () => {
  const { fields, more } = diffOf(text('{"v":1,"q":0,"a":{"b/c":1}}'), text('{"v":2,"q":0,"h":true,"a":{}}'))
  assert.deepEqual(
    fields.map(({ field, before, now, what }) => [field, before, now, what]),
    [
      ['v', '1', '2', 'changed'],
      ['q', '0', '0', 'same'],
      ['h', undefined, 'true', 'added'],
      ['a', undefined, '{}', 'added'],
      ['a/b~1c', '1', undefined, 'removed'],
    ],
  )
  assert.equal(more, 0)
})

test('texts, numbers and bytes are compared as a whole', () => {
  assert.deepEqual(diffOf(text('20.5'), text('21')).fields, [{ field: '', before: '20.5', now: '21', what: 'changed' }])
  const bytes = { text: null, hex: 'ff00', decoded: null }
  assert.equal(diffOf(bytes, bytes).fields[0]!.what, 'same')
})

test('a payload of very many fields is compared up to a bound', () => {
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i])))
  const { fields, more } = diffOf(text(wide), text(wide))
  assert.deepEqual([fields.length, more], [200, 800])
})

test('JSON is spread out, a long number stays as it came', () => {
  assert.equal(prettyOf(text('{"v":1}')), '{\n  "v": 1\n}')
  assert.equal(prettyOf(text('12345678901234567890')), '12345678901234567890')
  assert.equal(prettyOf(text('{"v":12345678901234567890}')), '{"v":12345678901234567890}')
  assert.equal(prettyOf(text('{"v":0.30000000000000004}')), '{\n  "v": 0.30000000000000004\n}')
  assert.equal(prettyOf({ text: null, hex: 'ff', decoded: { seq: 1 } }), '{\n  "seq": 1\n}')
})
