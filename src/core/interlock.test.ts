/** The language of interlocks: what it takes, what it refuses and at which column, and that any text gives one of the two. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault, parseInterlock, tagsOf, type Interlock } from './interlock.ts'
import { typeFaults } from './interlock-types.ts'

const parse = (text: string): Interlock => {
  const parsed = parseInterlock(text)
  assert.ok(!isFault(parsed), `${text}: ${JSON.stringify(parsed)}`)
  return parsed
}

test('comparisons, and, or, not and brackets, and binds closer than or', () => {
  const a = { kind: 'tag', tag: { device: 'a', name: 'x', column: 1 } } as const
  assert.deepEqual(parse('a/x'), a)
  assert.deepEqual(parse('press-1/pressure < 5'), {
    kind: 'compare',
    operator: '<',
    left: { kind: 'tag', tag: { device: 'press-1', name: 'pressure', column: 1 } },
    right: { kind: 'value', value: 5 },
  })
  const shape = (part: Interlock): unknown =>
    part.kind === 'not' ? ['not', shape(part.part)] : 'parts' in part ? [part.kind, ...part.parts.map(shape)] : part.kind === 'tag' ? part.tag.name : part.operator // prettier-ignore
  assert.deepEqual(shape(parse('a/b or a/c and not a/d')), ['or', 'b', ['and', 'c', ['not', 'd']]])
  assert.deepEqual(shape(parse('(a/b or a/c) and (a/d != -1.5e3)')), ['and', ['or', 'b', 'c'], '!='])
})

test('names of tags: plain, of the same device, with slashes and signs, and anything in backquotes', () => {
  const names = (text: string) => tagsOf(parse(text)).map(({ device, name }) => [device, name])
  assert.deepEqual(names('./door = true and press-1/a.b[3]/c > 1'), [['.', 'door'], ['press-1', 'a.b[3]/c']]) // prettier-ignore
  assert.deepEqual(names("`line 1/set point` = 'auto' or `a/or` = true"), [['line 1', 'set point'], ['a', 'or']]) // prettier-ignore
  assert.deepEqual(names('Straße/Füllstand >= 1 and Straße/Füllstand < 2'), [['Straße', 'Füllstand']])
})

test('what is wrong is said with its column', () => {
  for (const [text, column, says] of [
    ['', 1, /expected a tag, .* got the end/],
    ['a/b <', 6, /got the end/],
    ['a/b == 5', 5, /== is no comparison here; did you mean =\?/],
    ['a/b < 5 and', 12, /got the end/],
    ['door = true', 1, /door is no tag: a tag is device\/name/],
    ['a/b = auto', 7, /text stands in quotes: 'auto'/],
    ['(a/b = 1', 9, /expected \) for the \( at column 1/],
    ['a/b = 1 a/c = 2', 9, /expected and, or, or the end, got a\/c/],
    ['1 < 2', 3, /compares two constants/],
    ['a/b = 1; process.exit()', 8, /this is not understood: ; process/],
    ['a/b = 1 and 5', 14, /expected a comparison/],
    [`${'('.repeat(30)}a/b${')'.repeat(30)}`, 21, /brackets within each other/],
    [`a/b = '${'x'.repeat(1000)}'`, 1, /at most 1000 letters/],
  ] as const) {
    const parsed = parseInterlock(text)
    assert.ok(isFault(parsed), text)
    assert.match(parsed.message, says)
    assert.equal(parsed.column, column, `${text}: ${parsed.message}`)
  }
})

test('any text is an interlock or a fault with a column in it, and never anything else', () => {
  const words = fc.constantFrom('a/b', './c', '`x y/z`', '<', '>=', '=', '!=', 'and', 'or', 'not', '(', ')', '5', "'t'", 'true', ' ') // prettier-ignore
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(words, { maxLength: 30 }).map((parts) => parts.join(' ')),
      ),
      (text) => {
        const parsed = parseInterlock(text)
        if (isFault(parsed)) assert.ok(parsed.column >= 1 && parsed.column <= text.length + 1 && parsed.message !== '')
        else assert.ok(tagsOf(parsed).length > 0)
      },
    ),
    { numRuns: 2000 },
  )
})

test('numbers are compared with numbers, and a tag alone is a bool', () => {
  const types = { level: 'float32', door: 'bool', mode: 'string' } as const
  const faults = (text: string) =>
    typeFaults(parse(text), ({ name }) => types[name as 'level'] ?? { problem: `there is no tag ${name}` }).map(({ column, message }) => `${column}: ${message}`) // prettier-ignore
  assert.deepEqual(faults("p/level < 5 and p/door and p/mode = 'auto'"), [])
  assert.deepEqual(faults('p/level'), ['1: p/level is no bool: compare it with something'])
  assert.deepEqual(faults('p/door < true'), ['1: < compares numbers; a boolean can only be = or !='])
  assert.deepEqual(faults("p/door and p/level = 'x'"), [
    '12: a number is compared with a text: they are never the same',
  ])
  assert.deepEqual(faults('p/other = 1'), ['1: there is no tag other'])
})
