/** One edit of a YAML text: the parsed file is exactly what was wanted, and the rest of the text is the very same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { editYaml, type Plain, type YamlEdit } from './yaml-edit.ts'

const edited = (text: string, ...edits: YamlEdit[]) => editYaml(text, edits, 'f.yaml')
const set = (path: (string | number)[], value: Plain): YamlEdit => ({ kind: 'set', path, value })

test('a text stays a text, whatever YAML could take it for', () => {
  const texts = [
    '1e3', 'true', 'null', '~', '0x10', '.inf', '- x', 'a: b', 'a #b', '#b', ' a', 'a ', '', '{', '[a]', '*a', '&a', '!a', '@a', '%a', '`a',
    "it's", '"', 'a\nb', 'a\tb', '\\', 'ü', '=', '<<', '|', '>', '? a', 'a:', ',', 'yes', '2026-01-01', '-', '--- a', '...',
  ] // prettier-ignore
  for (const old of ['old', "'old'", '"old"', '7', '', '|\n  old\n', '{ a: 1 }', '[1]'])
    for (const text of texts) {
      const after = edited(`a: 1 # c\nk: ${old}\nz: 2 # d\n`, set(['k'], text))
      assert.deepEqual(parse(after), { a: 1, k: text, z: 2 }, `${old} → ${JSON.stringify(text)}: ${after}`)
      assert.ok(after.startsWith('a: 1 # c\nk:') && after.endsWith('\nz: 2 # d\n'), after)
      const flow = edited(`{ k: ${/[|\n]/.test(old) ? 'x' : old}, z: 2 } # d\n`, set(['k'], text))
      assert.deepEqual(parse(flow), { k: text, z: 2 }, flow)
      for (const after of [undefined, null, 'a']) {
        const added = edited('a: 1 # c\nz: 2 # d\n', { kind: 'set', path: ['k'], value: text, after })
        assert.deepEqual(parse(added), { a: 1, k: text, z: 2 }, added)
      }
    }
})

test('numbers keep their way of being written; others and truth values are plain', () => {
  assert.equal(edited('k: 0xab # c\n', set(['k'], 205)), 'k: 0xcd # c\n')
  assert.equal(edited('k: 0xAB\n', set(['k'], 205)), 'k: 0xCD\n')
  assert.equal(edited('k: 0xAB\n', set(['k'], -1)), 'k: -1\n')
  assert.equal(edited("k: 'x'\n", set(['k'], 1.5)), 'k: 1.5\n')
  assert.equal(edited('k: no\n', set(['k'], false)), 'k: false\n')
})

test('items and entries come and go, in lines and within brackets', () => {
  const text = 'list:\n  # one\n  - a # first\n  - b\nmap: { x: 1, y: 2 }\n'
  assert.equal(edited(text, { kind: 'delete', path: ['list', 0] }), 'list:\n  # one\n  - b\nmap: { x: 1, y: 2 }\n')
  assert.equal(edited(text, { kind: 'insert', path: ['list'], value: 'c', at: 1 }).split('\n')[3], '  - c')
  assert.equal(edited(text, { kind: 'delete', path: ['map', 'x'] }).split('\n')[4], 'map: { y: 2 }')
  assert.equal(edited(text, { kind: 'delete', path: ['map', 'y'] }).split('\n')[4], 'map: { x: 1 }')
  assert.equal(edited(text, { kind: 'rename', path: ['map', 'x'], key: 'z' }).split('\n')[4], 'map: { z: 1, y: 2 }')
  assert.equal(edited('a: 1\n', { kind: 'insert', path: ['list'], value: { b: 1 } }), 'a: 1\nlist:\n  - b: 1\n')
  assert.equal(edited('list: [] # none\n', { kind: 'insert', path: ['list'], value: 'a' }), 'list:\n  - a # none\n')
  assert.equal(edited('- a: 1\n  b: 2\n- c\n', { kind: 'delete', path: [0, 'a'] }), '- b: 2\n- c\n')
})

test('what cannot be done without touching something else is refused', () => {
  for (const [text, edit] of [
    ['k: &a 1\nz: *a\n', { kind: 'delete', path: ['k'] }],
    ['a: { b: 1 }\n', { kind: 'delete', path: ['a', 'c'] }],
    ['a: 1\n', set(['a', 'b'], 1)],
    ['a: 1\nb: 2\n', { kind: 'rename', path: ['a'], key: 'b' }],
    ['a: [1\n', set(['b'], 1)],
  ] as [string, YamlEdit][])
    assert.throws(() => edited(text, edit), { code: 'CONFLICT', message: /^f\.yaml/ }, text)
})
