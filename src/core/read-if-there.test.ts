/** What has gone is undefined; what is there and cannot be read is an error, not nothing. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { readIfThere } from './read-if-there.ts'

test('only what is not there is passed over', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'here'), 'x')
  assert.equal((await readIfThere(join(folder, 'here')))?.toString(), 'x')
  assert.equal(await readIfThere(join(folder, 'gone')), undefined)
  await assert.rejects(readIfThere(folder), { code: 'EISDIR' })
})
