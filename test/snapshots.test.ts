/**
 * Backups as their users make them: of a gateway that runs, into two repositories of the real restic, restored with the real age. The oracle is
 * the simulator's counter: each value says by itself at what time it was read.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs' // prettier-ignore
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore } from '../src/store/store.ts'
import { createBackupRig, filesWith } from '../src/testing/backup-rig.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, needs, temporaryFolder } from '../src/testing/peers.ts'

const skip = needs('restic', 'age', 'age-keygen')
const PLANTED = 'planted-hunter2-in-the-clear'
const PERIOD_MS = 10

interface LogView {
  readonly logId: string
  readonly durableSeq: number
  readonly ancestors: readonly { readonly logId: string; readonly throughSeq: number }[]
}

/** 50 counters every 50 ms, and whatever is secret. */
async function startPlant(t: TestContext, more = '') {
  const tags = Array.from({ length: 50 }, (_, at) => `count-${at},counter:period=${PERIOD_MS}ms,float64`)
  const files = { 'counts.csv': `name,address,type\n${tags.join('\n')}\n`, 'sink.password': `${PLANTED}\n` }
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'out'))
  const yaml = `store: { syncEvery: 50ms }
devices:
  - { name: sim, driver: simulated, every: 50ms, tags: counts.csv }
sinks:
  - { name: plant, sink: file, options: { folder: ./out } }
  - { name: away, sink: mqtt, options: { url: 'mqtt://127.0.0.1:1', username: bob, password: ${PLANTED} } }
${more}`
  const gateway = await startGatewayProcess(t, { yaml, files, folder })
  const data = join(gateway.folder, 'data')
  const rig = createBackupRig(t, { config: join(gateway.folder, 'bifrost.yaml'), data, url: gateway.url })
  const log = (): Promise<LogView> => gateway.get('log')
  return { gateway, data, rig, log, yaml }
}

/** Every sample of a data folder: the counter in it has to say when it was read. */
async function samplesOf(folder: string): Promise<Map<number, string>> {
  const copy = temporaryFolder({ after: () => undefined })
  cpSync(folder, copy, { recursive: true })
  const store = await openStore({ dir: copy, clock: systemClock, log: silentLog })
  const found = new Map<number, string>()
  for await (const rows of store.readAfter(0)) {
    if (!(rows instanceof SampleBatch)) continue
    for (let row = 0; row < rows.length; row++) {
      const value: number = rows.value[row]!
      const time: number = rows.time[row]!
      if (rows.status[row] === 0) assert.equal(value, Math.floor(time / PERIOD_MS) % 2 ** 31, 'the counter is that of its time') // prettier-ignore
      found.set(rows.seq![row]!, `${rows.tag[row]} ${time} ${value} ${rows.status[row]}`)
    }
  }
  await store.close()
  return found
}

const upTo = (samples: Map<number, string>, seq: number): Map<number, string> =>
  new Map([...samples].filter(([number]) => number <= seq))

/** Some bytes in the middle of the largest file are others. */
function damage(folder: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const paths = files.map((one) => join(one.parentPath, one.name))
  const [largest] = paths.toSorted((a, b) => statSync(b).size - statSync(a).size)
  const file = openSync(largest!, 'r+')
  const at = Math.floor(statSync(largest!).size / 2)
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([byte[0]! ^ 1]), 0, 1, at)
  closeSync(file)
}

test(
  'a gateway under load is backed up, copied, and comes back to the record; nothing secret is in the clear; a flipped bit is found',
  { skip },
  async (t) => {
    const { gateway, data, rig, log } = await startPlant(t)
    await eventually('samples', async () => (await log()).durableSeq > 500)
    assert.equal(rig.backup('create').code, 1, 'a repository that is not there is not made without being asked')
    const first = rig.backup('create', '--init')
    assert.equal(first.code, 0, first.err)
    const pointInTime = Date.now()
    const before = (await log()).durableSeq
    // Letters about what the log up to then holds, and about what it does not.
    const letters = [1, before + 1_000_000].map((seq) => `${JSON.stringify({ id: 1, sink: 'away', log: 'x', seq })}\n`)
    mkdirSync(join(data, 'dead-letters'), { recursive: true })
    writeFileSync(join(data, 'dead-letters/away.ndjson'), letters.join(''))
    await pause(700)
    const second = rig.backup('create', '--json')
    assert.equal(second.code, 0, second.err)
    const made = JSON.parse(second.out)
    assert.deepEqual(made.repositories.map(({ name, how }: { name: string; how: string }) => `${name} ${how}`), ['site stored', 'region-2 copied']) // prettier-ignore
    const { logId, endSeq, toldDurable } = made.manifest.log
    assert.ok(endSeq >= toldDurable && toldDurable > before)

    // The metrics of the gateway tell of it.
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    assert.match(metrics, /bifrost_backup_failed\{repository="region-2"\} 0/)
    assert.match(metrics, /bifrost_backup_last_success_timestamp_seconds\{repository="site"\} 1\d{9}/)

    await gateway.stop('SIGKILL')
    const all = await samplesOf(data)
    const key = readFileSync(join(data, 'secret.key'), 'latin1').split('\n').find((line) => line.length > 40 && !line.startsWith('#'))! // prettier-ignore
    const secrets = [PLANTED, key, Buffer.from(key, 'base64'), 'AGE-SECRET-KEY']
    assert.deepEqual(filesWith(join(rig.folder, 'repositories'), secrets), [])
    assert.deepEqual(filesWith(join(data, 'backup'), secrets), [])
    assert.ok(filesWith(gateway.folder, [PLANTED]).length > 0, 'the search finds what is there')

    // The second region alone, whole.
    const whole = join(temporaryFolder(t), 'whole')
    const restored = rig.backup(
      'restore',
      '--identity',
      rig.identity,
      '--repository',
      'region-2',
      '--into',
      whole,
      '--json',
    )
    assert.equal(restored.code, 0, restored.err)
    const told = JSON.parse(restored.out)
    assert.deepEqual([told.before, told.endSeq], [logId, endSeq])
    assert.deepEqual(await samplesOf(join(whole, 'data')), upTo(all, endSeq))
    for (const name of ['bifrost.yaml', 'counts.csv', 'sink.password'])
      assert.deepEqual(readFileSync(join(whole, 'config', name)), readFileSync(join(gateway.folder, name)), name)
    for (const name of ['secret.key', 'secret.ids', 'tags'])
      assert.deepEqual(readFileSync(join(whole, 'data', name)), readFileSync(join(data, name)), name)
    for (const name of readdirSync(join(whole, 'data/log'))) {
      const [ours, theirs] = [join(whole, 'data/log', name), join(data, 'log', name)].map((file) => readFileSync(file))
      assert.ok(theirs!.subarray(64).equals(ours!.subarray(64)) || theirs!.subarray(64, ours!.length).equals(ours!.subarray(64)), name) // prettier-ignore
    }

    // To the record.
    const seq = before + 7
    const cut = join(temporaryFolder(t), 'cut')
    assert.equal(rig.backup('restore', '--identity', rig.identity, '--to-seq', `${seq}`, '--into', cut).code, 0)
    assert.deepEqual(await samplesOf(join(cut, 'data')), upTo(all, seq))
    const inTime = join(temporaryFolder(t), 'time')
    assert.equal(rig.backup('restore', '--identity', rig.identity, '--to', new Date(pointInTime).toISOString(), '--into', inTime).code, 0) // prettier-ignore
    const wanted = [...all].filter(([, text]) => Number(text.split(' ')[1]) <= pointInTime)
    assert.deepEqual((await samplesOf(join(inTime, 'data'))).size, wanted.length)
    assert.equal(
      readFileSync(join(inTime, 'data/dead-letters/away.ndjson'), 'utf8'),
      letters[0],
      'letters come with the cursors, and none names a number that will be given out again',
    )
    const beyond = rig.backup('restore', '--identity', rig.identity, '--to', '2099-01-01T00:00:00Z')
    assert.match(beyond.err, /no backup reaches 2099-01-01T00:00:00.000Z; there are 2, from/)

    // What waits for each sink is in the log, sample by sample.
    const drill = rig.backup('drill', '--identity', rig.identity, '--repository', 'region-2')
    assert.match(
      drill.out,
      /good {2}the ledger of every sink adds up: (?=.*plant \d+ = [1-9])(?=.*away \d+ = 0 \+ [1-9])/,
    )

    // One bit.
    assert.equal(rig.backup('verify', '--repository', 'site').code, 0)
    damage(join(rig.repository('site'), 'data'))
    const verdict = rig.backup('verify')
    assert.equal(verdict.code, 5, verdict.err)
    assert.match(verdict.err, /site is damaged/)
    assert.match(verdict.out, /region-2: whole/)
  },
)

test('a repository into which a backup is being made is not called damaged', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const rig = createBackupRig(t, { config: join(folder, 'bifrost.yaml'), data: folder, url: 'http://127.0.0.1:9' })
  const env = { ...process.env, RESTIC_REPOSITORY: rig.repository('site'), RESTIC_PASSWORD: 'planted-password-site' }
  assert.equal(spawnSync('restic', ['init', '--no-cache'], { env }).status, 0)
  const other = spawn('restic', ['backup', '--no-cache', '--stdin'], { env, stdio: ['pipe', 'ignore', 'ignore'] })
  t.after(() => other.kill())
  await eventually('its lock', () => readdirSync(join(rig.repository('site'), 'locks')).length > 0)
  const busy = rig.backup('verify', '--repository', 'site', '--wait', '1s')
  assert.equal(busy.code, 1, busy.err)
  assert.match(busy.err, /the repository site is in use: .*a backup is being made: try again/)
  other.stdin.end('all of it')
  await new Promise((resolve) => other.once('exit', resolve))
  const status = (): { verify: Record<string, { ok: boolean }> } =>
    JSON.parse(readFileSync(join(folder, 'backup/status.json'), 'utf8'))
  assert.ok(!existsSync(join(folder, 'backup/status.json')), 'that it was in use says nothing about it')
  // One that comes to its end meanwhile is waited for.
  const short = spawn('sh', ['-c', 'sleep 6 | restic backup --no-cache --stdin'], { env, stdio: 'ignore' })
  t.after(() => short.kill())
  await eventually('its lock', () => readdirSync(join(rig.repository('site'), 'locks')).length > 0)
  const free = rig.backup('verify', '--repository', 'site')
  assert.equal(free.code, 0, free.err)
  assert.equal(status().verify.site!.ok, true)
})

/** With all that it started. */
function kill(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // It was done before.
  }
}

test(
  'in place: old things are kept, the gateway goes on under another id and says so; a restore that was cut off is ended',
  { skip },
  async (t) => {
    const { gateway, data, rig, log, yaml } = await startPlant(t)
    await eventually('samples', async () => (await log()).durableSeq > 300)
    assert.equal(rig.backup('create', '--init').code, 0)
    const refused = rig.backup('restore', '--identity', rig.identity)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /a gateway uses .*: stop it first/)
    const before = await log()
    await gateway.stop()
    const preview = rig.backup('restore', '--preview')
    assert.match(preview.out, /\d+ samples of the log that is here now would go/)
    assert.equal(rig.backup('restore').code, 2, 'the private key has to be given')

    // A backup that is killed at any moment leaves those of before, and the next one is made.
    for (const ms of [500, 1000]) {
      const child = rig.start('create')
      await pause(ms)
      kill(child)
    }
    assert.equal(rig.backup('create').code, 0)
    assert.equal(rig.backup('list', '--repository', 'site').out.trim().split('\n').length >= 2, true)

    const counts = readFileSync(join(gateway.folder, 'counts.csv'), 'utf8')
    writeFileSync(join(gateway.folder, 'counts.csv'), 'name,address,type\nbroken')
    // Killed at random moments: the old state, or the new one after --finish; never a mix.
    const state = (): string => readFileSync(join(data, 'sequence'), 'latin1')
    const old = state()
    for (const ms of [400, 900, 1400, 1900]) {
      const child = rig.start('restore', '--identity', rig.identity)
      await pause(ms)
      kill(child)
      await pause(50)
      if (existsSync(join(data, 'RESTORING'))) break
      if (state() !== old) break
      assert.deepEqual(readFileSync(join(gateway.folder, 'counts.csv'), 'utf8'), 'name,address,type\nbroken')
    }
    const done = rig.backup('restore', '--identity', rig.identity)
    assert.equal(done.code, 0, done.err)
    // One of those before may have come to its end, too.
    assert.equal(readFileSync(join(gateway.folder, 'counts.csv'), 'utf8'), counts)
    const again = await startGatewayProcess(t, { yaml, folder: gateway.folder })
    await eventually('it polls again', async () => (await again.get<LogView>('log')).durableSeq > before.durableSeq)
    const now = await again.get<LogView>('log')
    assert.notEqual(now.logId, before.logId)
    assert.equal(now.ancestors[0]!.logId, before.logId)
    const { sinks } = await again.get<{ sinks: { name: string; routed: number; delivered: number; pending: number; dropped: object }[] }>('sinks') // prettier-ignore
    for (const { routed, delivered, pending, dropped } of sinks)
      assert.equal(routed, delivered + pending + Object.values(dropped).reduce((sum: number, n: number) => sum + n, 0))
    await eventually('the restore is on record', async () => {
      const { events } = await again.get<{ events: { action: string }[] }>('audit?action=backup.restore')
      return events.length > 0
    })
  },
)

test(
  'a drill reaches nobody: neither the device nor the far side hears of it; without isolation they do',
  { skip },
  async (t) => {
    let calls = 0
    const trap = createServer((socket) => {
      calls++
      socket.destroy()
    })
    await new Promise<void>((done) => trap.listen(0, '127.0.0.1', done))
    t.after(() => trap.close())
    const { port } = trap.address() as { port: number }
    const folder = temporaryFolder(t)
    const yaml = `devices:
  - { name: plc, driver: modbus, every: 50ms, options: { host: 127.0.0.1, port: ${port} }, tags: [{ name: level, address: 'hr:0', type: uint16 }] }
sinks:
  - { name: cloud, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${port}' } }
`
    const gateway = await startGatewayProcess(t, { yaml, folder })
    await eventually('the trap works', () => calls > 0)
    const data = join(folder, 'data')
    const rig = createBackupRig(t, { config: join(folder, 'bifrost.yaml'), data, url: gateway.url })
    assert.equal(rig.backup('create', '--init').code, 0)
    await gateway.stop()
    await pause(100)
    calls = 0
    // What lies in the folder that is named for it is not ours.
    const scratch = temporaryFolder(t)
    writeFileSync(join(scratch, 'somebody-elses'), 'x')
    const drill = rig.backup('drill', '--identity', rig.identity, '--scratch', scratch)
    assert.equal(drill.code, 0, drill.err + drill.out)
    assert.match(drill.out, /good {2}a gateway starts on it: in .* s, reaching nobody/)
    assert.equal(calls, 0)
    assert.deepEqual(readdirSync(scratch), ['somebody-elses'])
    const report = readdirSync(join(data, 'backup/drills')).toSorted()
    assert.deepEqual(report.map((name) => name.slice(-3)), ['son', '.md']) // prettier-ignore
    assert.equal(filesWith(data, [randomBytes(16)]).length, 0)
    assert.ok(!existsSync(join(data, 'backup/drill')), 'nothing is left of it')

    // The control: the same configuration without --isolated calls.
    const again = await startGatewayProcess(t, { yaml, folder })
    await eventually('it calls', () => calls > 0)
    await again.stop()
  },
)

test('root does not work in a data folder that belongs to somebody else', { skip }, (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root')
  const data = join(temporaryFolder(t), 'data')
  mkdirSync(data)
  chownSync(data, 65_532, 65_532)
  const rig = createBackupRig(t, { config: join(data, 'bifrost.yaml'), data, url: 'http://127.0.0.1:9' })
  const refused = rig.backup('list')
  assert.equal(refused.code, 2)
  assert.match(refused.err, /belongs to user 65532: run this as that user/)
})

test('a drill where there is no data folder says where to, and writes nothing by itself', { skip }, (t) => {
  const data = join(temporaryFolder(t), 'none')
  const rig = createBackupRig(t, { config: join(data, 'bifrost.yaml'), data, url: 'http://127.0.0.1:9' })
  const told = rig.backup('drill')
  assert.equal(told.code, 2)
  assert.match(told.err, /there is no data folder .*none here: say where to restore to, --scratch/)
})
