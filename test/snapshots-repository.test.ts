/** What the machine around a repository does to it: its time zone, and programs that were killed with the repository in their hands. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { Status } from '../src/core/status.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { createBackupRig } from '../src/testing/backup-rig.ts'
import { eventually, needs, temporaryFolder } from '../src/testing/peers.ts'

const skip = needs('restic', 'age', 'age-keygen')

/** A data folder that no gateway uses, with one backup of it. */
async function made(t: TestContext, fill: (store: Store) => Promise<void> = async () => undefined) {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'conf'))
  writeFileSync(join(folder, 'conf/bifrost.yaml'), 'version: 1\n')
  const store = await openStore({ dir: join(folder, 'data'), clock: systemClock, log: silentLog })
  await fill(store)
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
  const into = join(temporaryFolder(t), 'into')
  const restored = rig.backup('restore', '--identity', rig.identity, '--into', into)
  assert.equal(restored.code, 0, `a lock keeps nobody from a restore: ${restored.err}`)
  check.kill('SIGKILL')
  await ended
  assert.equal(readdirSync(locks).length, 1, 'it was left')
  const next = rig.backup('create')
  assert.equal(next.code, 0, next.err)
})

const COUNT = { name: 'count', address: '', type: 'float64', everyMs: 1000, clamp: false, writable: false } as const

test(
  'a drill counts what waits for a sink in the log, and what was let go for it is not among that',
  { skip },
  async (t) => {
    const rig = await made(t, async (store) => {
      const [id] = await store.defineTags([{ device: 'plc', settings: COUNT }])
      const cursors = [await store.openCursor('purged'), await store.openCursor('waits')]
      const batch = new SampleBatch(50, Date.now())
      for (let row = 0; row < 50; row++) batch.push(id!, row, Status.Good)
      store.append(batch)
      await store.flush()
      cursors[0]!.purge()
      await pause(1500)
    })
    const drill = rig.backup('drill', '--identity', rig.identity)
    assert.match(
      drill.out,
      /good {2}the ledger of every sink adds up: (?=.*purged 50 = 0 \+ 0 \+ 50)(?=.*waits 50 = 0 \+ 50 \+ 0)/,
    )
    assert.equal(drill.code, 0, drill.err)
  },
)

test('a restore that was cut off and is started once more comes to its end, and none follows it', { skip }, (t) => {
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')
  for (const [path, text] of [
    ['data/sequence', 'old'],
    ['data/restore/new/data/sequence', 'new'],
  ] as const) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const marker = {
    version: 1,
    before: 'before-2026-11-30T10-00-00Z',
    config: null,
    include: [],
    phase: 'old things aside',
  }
  writeFileSync(join(data, 'RESTORING'), JSON.stringify(marker))
  const rig = createBackupRig(t, { config: join(folder, 'bifrost.yaml'), data, url: 'http://127.0.0.1:9' })
  const again = rig.backup('restore', '--identity', rig.identity)
  assert.equal(again.code, 0, again.err)
  assert.match(
    again.out,
    /the restore that was cut off is in place; what was there before lies in .*before-2026-11-30T10-00-00Z/,
  )
  assert.equal(readFileSync(join(data, 'sequence'), 'utf8'), 'new')
  assert.deepEqual([readdirSync(join(data, 'restore')), existsSync(join(data, 'RESTORING'))], [['before-2026-11-30T10-00-00Z'], false]) // prettier-ignore
  assert.match(
    rig.backup('restore', '--identity', rig.identity).err,
    /cannot be read/,
    'the next one is one of its own',
  )
})
