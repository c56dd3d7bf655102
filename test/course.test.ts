/** The course as a reader takes it: every command in its order, every line that the page shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs, temporaryFolder } from '../src/testing/peers.ts'
import { blocksOf } from './pages/blocks.ts'
import { createShell, needsNamespace } from './pages/shell.ts'

const PAGE = 'docs/course/README.md'
const blocks = blocksOf(readFileSync(join(import.meta.dirname, '..', PAGE), 'utf8'))

test('the course has ten exercises, and no command that nothing runs', () => {
  const text = readFileSync(join(import.meta.dirname, '..', PAGE), 'utf8')
  assert.deepEqual(
    [...text.matchAll(/^## (\d+) /gm)].map(([, number]) => Number(number)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  assert.deepEqual(
    blocks.filter(({ kind }) => kind === 'unmarked' || kind === 'needs'),
    [],
  )
  for (const name of ['Do', 'What it means']) assert.equal(text.split(`**${name}.**`).length, 11, name)
})

test(
  'every command of the course does what the page says',
  { skip: needsNamespace() || needs('mosquitto', 'mosquitto_sub', 'curl') },
  async (t) => {
    const shell = await createShell(t, temporaryFolder(t))
    for (const block of blocks) await shell.run(PAGE, block)
  },
)
