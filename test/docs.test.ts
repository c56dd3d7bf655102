/** The documentation says what the code does: reference pages are current, links lead somewhere, every error has its row. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ERRORS } from '../src/core/errors.ts'
import { referencePages } from '../scripts/generate-docs.ts'

const ROOT = join(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: ROOT })

test('docs/reference is what the code says (npm run docs)', () => {
  for (const [name, text] of Object.entries(referencePages())) {
    assert.equal(
      readFileSync(join(ROOT, 'docs', 'reference', name), 'utf8'),
      text,
      `docs/reference/${name}: run npm run docs`,
    )
  }
})

test('every error code that is thrown stands in the catalogue page, and every row is thrown somewhere', () => {
  const page = readFileSync(join(ROOT, 'docs', 'reference', 'errors.md'), 'utf8')
  const documented = [...page.matchAll(/<a id="([A-Z_]+)">/g)].map((match) => match[1]!)
  assert.deepEqual(documented.sort(), Object.keys(ERRORS).sort())
  const source = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts') && !file.endsWith('core/errors.ts'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n')
  const viaClasses: Record<string, string> = {
    NOT_CONNECTED: 'NotConnectedError',
    BUSY: 'BusyError',
    SINK_PARTIAL: 'PartialWriteError',
  }
  const unused = documented.filter(
    (code) => !source.includes(`'${code}'`) && !source.includes(viaClasses[code] ?? '\0'),
  )
  assert.deepEqual(unused, [], 'codes that nothing throws')
})

test('links within the documentation lead to files that exist', () => {
  const broken: string[] = []
  for (const page of pages) {
    for (const [, link] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
      if (!existsSync(join(ROOT, dirname(page), link!))) broken.push(`${page}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('the documentation names no other place than this tree and public standards', () => {
  const named = pages.filter((page) => /\/work\/|\/root\/|\/tmp\/bifrost/.test(readFileSync(join(ROOT, page), 'utf8')))
  assert.deepEqual(named, [])
})
