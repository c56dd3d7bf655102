/** A data folder that cannot be made or used: the store says which and why, and comes back at once. */
import assert from 'node:assert/strict'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { openStore } from './store.ts'

const open = (dir: string) => openStore({ dir, clock: systemClock, log: silentLog })

async function refusal(dir: string): Promise<string> {
  const error: unknown = await open(dir).then(
    (store) => store.close(),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, 'STORE_FAILED')
  assert.ok(error.message.includes(dir), error.message)
  assert.match(error.message, /`data`/)
  return error.message
}

test('a folder is made with those above it, and opens again', async (t) => {
  const dir = join(temporaryFolder(t), 'a', 'b', 'c')
  await (await open(dir)).close()
  assert.ok(existsSync(join(dir, 'log')))
  await (await open(dir)).close()
})

test(
  'a file system that takes no folders is an error, not a search without an end',
  { skip: !existsSync('/proc/self') },
  async () => {
    assert.match(await refusal('/proc/bifrost/data'), /\/proc takes no new folders \(ENOENT\)/)
  },
)

test('a file, a folder below a file and a broken link are named', async (t) => {
  const dir = temporaryFolder(t)
  const file = join(dir, 'file')
  writeFileSync(file, '')
  assert.match(await refusal(file), /file exists and is not a folder/)
  assert.match(await refusal(join(file, 'below')), /is not a folder \(ENOTDIR\)/)
  const link = join(dir, 'link')
  symlinkSync(join(dir, 'nowhere'), link)
  assert.match(await refusal(link), /link/)
  assert.match(await refusal(join(dir, 'x'.repeat(300))), /too long/)
})
