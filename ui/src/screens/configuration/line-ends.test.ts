/** Line ends of files that are edited in a field which knows line feeds alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withLineEnds } from './line-ends.ts'

/** As a text field gives back what it was given. */
const field = (text: string): string => text.replaceAll(/\r\n?/g, '\n')

test('what nobody touched is there byte for byte, whatever its line ends are', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', '\r\n', '\r', ''), { maxLength: 30 })
    .map((parts) => parts.join(''))
  fc.assert(fc.property(text, (before) => assert.equal(withLineEnds(before, field(before)), before)))
})

test('one cell of a file from Windows changes one line; a new line ends as the others', () => {
  const before = 'name,address\r\na,hr:0\r\nb,hr:1\r\n'
  assert.equal(withLineEnds(before, field(before).replace('hr:0', 'hr:9')), before.replace('hr:0', 'hr:9'))
  assert.equal(withLineEnds(before, `${field(before)}c,hr:2\n`), `${before}c,hr:2\r\n`)
  assert.equal(withLineEnds('a\nb\r\nc', 'a\nb2\nc'), 'a\nb2\nc')
  assert.equal(withLineEnds('a\nb\nc', 'x\r'), 'x\r')
})
