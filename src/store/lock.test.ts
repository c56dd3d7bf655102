/** Two gateways on one data folder, where process numbers say nothing: each in a container of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { openStore } from './store.ts'

const HOLDER = `
  const { openStore } = await import('${import.meta.resolve('./store.ts')}')
  const { systemClock } = await import('${import.meta.resolve('../core/clock.ts')}')
  const { silentLog } = await import('${import.meta.resolve('../core/log.ts')}')
  await openStore({ dir: process.argv[1], clock: systemClock, log: silentLog })
  console.log('held')
  setInterval(() => undefined, 1000)
`

test('the folder of a gateway whose process cannot be seen from here is not taken; after kill -9 it is free', async (t) => {
  const dir = temporaryFolder(t)
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  // As from another container: a process 1 there is here too, and it began at another time.
  const lock = JSON.parse(readFileSync(`${dir}/LOCK`, 'utf8')) as object
  writeFileSync(`${dir}/LOCK`, JSON.stringify({ ...lock, pid: 1, started: '7' }))
  const options = { dir, clock: systemClock, log: silentLog }
  await assert.rejects(openStore(options), { code: 'STORE_LOCKED', message: /process 1\)/ })
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
  await (await openStore(options)).close()
})
