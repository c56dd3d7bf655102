/** Every word that a person reads is in the catalogue, so that it can be translated: none is written in a component. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SOURCES = join(import.meta.dirname, '..')
/** Text between tags, and attributes that people read or hear. */
const TEXT = />\s*([^<>{}=;()]*\p{L}{2,}[^<>{}=;()]*)\s*<\/?[A-Za-z]/gu
/** What only looks like text: a comparison, a type, an arrow. */
const CODE = /&&|\?[.:]|\b(return|readonly|const)\b/
const ATTRIBUTE = /\s(?:aria-label|title|placeholder|label|description|alt)="([^"]*\p{L}{2,}[^"]*)"/gu

export function wordsIn(source: string): string[] {
  const plain = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
  return [TEXT, ATTRIBUTE]
    .flatMap((pattern) => [...plain.matchAll(pattern)].map(([, words]) => words!.trim()))
    .filter((words) => !CODE.test(words))
}

test('no component has words of its own', () => {
  const files = globSync('**/*.tsx', { cwd: SOURCES })
  assert.ok(files.length > 20)
  const found = files.flatMap((file) =>
    wordsIn(readFileSync(join(SOURCES, file), 'utf8')).map((words) => `${file}: ${words}`),
  )
  assert.deepEqual(found, [])
})

test('control: words in a component are found', () => {
  assert.deepEqual(wordsIn('<p className="a">\n  Save it\n</p>'), ['Save it'])
  assert.deepEqual(wordsIn('<Button aria-label="Save it" className="effect" />'), ['Save it'])
  assert.deepEqual(wordsIn('<p>{strings.save}</p>; const a = b > 2 && c < 3'), [])
})
