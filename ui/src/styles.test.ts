/** The style sheet of a screen stays loaded when another one is shown: what it says of the classes of others is said by the shared ones. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SHARED = /^(page|theme|shell\/.*|access\/.*)\.css$/
const files = globSync('**/*.css', { cwd: import.meta.dirname }).map((file) => file.replaceAll('\\', '/'))

/** The selectors of a sheet, one each. */
function selectorsIn(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '')
  return [...text.matchAll(/([^{}@;]+)\{/g)]
    .flatMap(([, list]) => list!.split(',').map((one) => one.trim()))
    .filter((one) => !/^(media|supports)\b/.test(one))
}

/** The class that a selector begins with: it has to be one of the file's own, and of no other file. */
const rootOf = (selector: string): string => /\.([\w-]+)/.exec(selector)?.[1] ?? selector

test('no sheet of a screen or a part styles a class on its own that another sheet styles too', () => {
  const owners = new Map<string, Set<string>>()
  for (const file of files)
    for (const selector of selectorsIn(file)) {
      const root = rootOf(selector.replace(/^\.screen (a[:.]|\.)/, '.'))
      owners.set(root, (owners.get(root) ?? new Set()).add(file))
    }
  const shared = [...owners].filter(([, sheets]) => sheets.size > 1 && [...sheets].some((file) => !SHARED.test(file)))
  assert.deepEqual(Object.fromEntries(shared.map(([name, sheets]) => [name, [...sheets]])), {})
})
