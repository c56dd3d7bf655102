/** What the machine around a repository does to it: its time zone, and programs that were killed with the repository in their hands. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore } from '../src/store/store.ts'
import { createBackupRig } from '../src/testing/backup-rig.ts'
import { eventually, needs, temporaryFolder } from '../src/testing/peers.ts'

const skip = needs('restic', 'age', 'age-keygen')

/** A data folder that no gateway uses, with one backup of it. */
async function made(t: TestContext) {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'conf'))
  writeFileSync(join(folder, 'conf/bifrost.yaml'), 'version: 1\n')
  const store = await openStore({ dir: join(folder, 'data'), clock: systemClock, log: silentLog })
  store.append(new SampleBatch(1, Date.now()))
  await store.close()
  const rig = createBackupRig(t, { config: join(folder, 'conf/bifrost.yaml'), data: join(folder, 'data'), url: 'http://127.0.0.1:9' }) // prettier-ignore
  const first = rig.backup('create', '--init')
  assert.equal(first.code, 0, first.err)
  return rig
}

test('the time of a snapshot is that of the world, whatever zone the machine is in', { skip }, async (t) => {
  process.env.TZ = 'America/New_York'
  t.after(() => delete process.env.TZ)
  const began = Math.floor(Date.now() / 1000) * 1000
  const rig = await made(t)
  const { repositories } = JSON.parse(rig.backup('list', '--json').out)
  for (const { kept } of repositories) assert.ok(kept[0].time >= began && kept[0].time <= Date.now(), `${kept[0].time}`)
})

test('a check that was killed leaves its lock behind: the next backup is made all the same', { skip }, async (t) => {
  const rig = await made(t)
  const locks = join(rig.repository('site'), 'locks')
  const env = { ...process.env, RESTIC_REPOSITORY: rig.repository('site'), RESTIC_PASSWORD: 'planted-password-site' }
  const check = spawn('restic', ['check', '--no-cache', '--read-data'], { env, stdio: 'ignore' })
  t.after(() => check.kill('SIGKILL'))
  const ended = new Promise((resolve) => check.once('exit', resolve))
  await eventually('its lock, whole', () => readdirSync(locks).some((name) => /^[0-9a-f]{64}$/.test(name)))
  check.kill('SIGSTOP')
  // The control: while it lives it keeps others out.
  const busy = rig.backup('create')
  assert.equal(busy.code, 1)
  assert.match(busy.err, /site .*it is being pruned or checked: the next backup goes on/)
  check.kill('SIGKILL')
  await ended
  assert.equal(readdirSync(locks).length, 1, 'it was left')
  const next = rig.backup('create')
  assert.equal(next.code, 0, next.err)
})
