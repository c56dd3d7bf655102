/** A gateway that cannot start leaves nothing behind: no timer runs on, and its data folder is free for the next one. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../src/config/load.ts'
import { systemClock, type Clock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { drivers } from '../src/drivers/index.ts'
import { startGateway } from '../src/gateway.ts'
import { sinks } from '../src/sinks/index.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

test('a start that fails half way ends what it had begun', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, 'version: 1\n')
  const config = await loadConfig(file, { drivers, sinks, env: {} })
  const running = new Set<object>()
  const clock: Clock = {
    ...systemClock,
    every(periodMs, action) {
      const timer = systemClock.every(periodMs, action)
      running.add(timer)
      const cancel = () => {
        running.delete(timer)
        timer.cancel()
      }
      return { cancel }
    },
  }
  const start = (env: Record<string, string>) => startGateway(config, { log: silentLog, version: '0', clock, env })
  await assert.rejects(start({ BIFROST_ADMIN_PASSWORD_FILE: join(folder, 'nothing') }), /nothing/)
  assert.equal(running.size, 0)
  const gateway = await start({})
  assert.ok(running.size > 0)
  await gateway.stop()
  assert.equal(running.size, 0)
})
