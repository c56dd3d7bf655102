/** The list of screens: each path once, each folder in it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const text = readFileSync(join(import.meta.dirname, 'screens.ts'), 'utf8')
const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found!)

test('each screen is listed once, and each folder is a screen', () => {
  const paths = all(/screen\(\s*'([^']+)'/g)
  assert.ok(paths.length >= 20)
  assert.deepEqual([...new Set(paths)], paths)
  const folders = all(/import\('\.\.\/screens\/([^/]+)\/index\.tsx'\)/g)
  assert.deepEqual(folders.toSorted(), readdirSync(join(import.meta.dirname, '..', 'screens')).toSorted())
})
