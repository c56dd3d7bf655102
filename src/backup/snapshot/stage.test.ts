/** A snapshot is what was there, or there is none: orders that are wrong are found, bytes that change are found, secrets are closed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openDatabase } from '../../accounts/database.ts'
import { SampleBatch } from '../../core/batch.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { copyLog } from '../../store/copy/copy-log.ts'
import { openStore } from '../../store/store.ts'
import { filesWith } from '../../testing/backup-rig.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import type { TarEntry } from '../../formats/tar.ts'
import { lockFolder } from '../../store/lock.ts'
import { nodeFiles } from '../../store/files.ts'
import { seal, unseal } from '../seal.ts'
import { loadSettings } from '../settings.ts'
import { differences, filesIn, FORMATS, readManifest } from './manifest.ts'
import { wayOf } from './parts.ts'
import { judged, withSnapshot, type StageContext } from './stage.ts'

const skip = needs('age', 'age-keygen')
const SETTINGS = { name: 'count', address: '', type: 'float64', everyMs: 1000, clamp: false, writable: false } as const
const signal = AbortSignal.timeout(60_000)

/** A store that is open, and how to put samples into it and take them out at the other end. */
async function running(t: TestContext) {
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')
  const store = await openStore({ dir: data, clock: systemClock, log: silentLog, segmentBytes: 4096, syncEveryMs: 0 })
  t.after(() => store.close())
  const [id] = await store.defineTags([{ device: 'plc', settings: SETTINGS }])
  const cursor = await store.openCursor('plant')
  const append = async (count: number): Promise<void> => {
    const batch = new SampleBatch(count, Date.now())
    for (let row = 0; row < count; row++) batch.push(id!, Math.random(), Status.Good)
    store.append(batch)
    await store.flush()
  }
  /** Everything is delivered, and the cursor is on the disk. */
  const deliver = async (): Promise<void> => {
    for (;;) {
      const { pending } = cursor.ledger()
      if (pending === 0) break
      const found = (await cursor.next(pending, signal)) as SampleBatch
      cursor.ack(found.seq![found.length - 1]!, { delivered: found.length })
    }
    await new Promise((done) => setTimeout(done, 1300))
  }
  return { folder, data, store, append, deliver }
}

async function context(folder: string, data: string, told: StageContext['ask']): Promise<StageContext> {
  const made = spawnSync('age-keygen', ['-o', join(folder, 'key.txt')], { encoding: 'utf8' })
  writeFileSync(join(folder, 'recipients.txt'), `${/age1\S+/.exec(made.stderr)![0]}\n`)
  mkdirSync(join(folder, 'conf'), { recursive: true })
  writeFileSync(join(folder, 'conf/bifrost.yaml'), 'version: 1\n# planted-secret\n', { mode: 0o640 })
  writeFileSync(join(folder, 'pw'), 'x')
  writeFileSync(
    join(folder, 'backup.yaml'),
    'version: 1\nname: plant\nconfig: conf/bifrost.yaml\ndata: data\nrecipients: recipients.txt\nrepositories: [{ name: site, url: ./repo, passwordFile: pw }]\n',
  )
  void data
  return {
    settings: await loadSettings(join(folder, 'backup.yaml')),
    ask: told,
    now: Date.now(),
    version: '1.2.3',
    patience: { quietMs: 300, startingMs: 1000, pauseMs: 5 },
  }
}

test('cursors that are copied after the log are found: the copy would say delivered what it does not hold', async (t) => {
  const { folder, data, append, deliver } = await running(t)
  await append(500)
  const right = join(folder, 'right')
  await copyLog(data, right, async () => 500)
  await judged(right, undefined, 500)

  // The wrong order: the log first, and the cursors when the far side has had more.
  const wrong = join(folder, 'wrong')
  await copyLog(data, wrong, async () => 500)
  await append(500)
  await deliver()
  cpSync(join(data, 'cursors'), join(wrong, 'cursors'), { recursive: true })
  await assert.rejects(judged(wrong, undefined, 500), /plant\.cursor is at 1000, beyond its end 500/)
})

test('a copy ends where the gateway said it is durable, and never before', async (t) => {
  const { folder, data, append, store } = await running(t)
  await append(30)
  await append(30)
  const to = join(folder, 'to')
  await copyLog(data, to, async () => 30)
  assert.equal((await judged(to, undefined, 30)).log.endSeq, 30)
  await assert.rejects(judged(to, undefined, 60), /it ends at 30, and the gateway said that 60 is durable/)
  await assert.rejects(judged(to, 'anotherx', 30), new RegExp(`it is the log ${store.logId}, and the gateway that answers writes anotherx`)) // prettier-ignore
})

test(
  'a snapshot while samples come: every byte is in the manifest, and each changed, missing or added one is found',
  { skip },
  async (t) => {
    const { folder, data, append, store } = await running(t)
    await append(2000)
    const database = await openDatabase(data)
    database.run("INSERT INTO users (name, key, origin, roles, created) VALUES ('planted-user', 'planted-user', 'local', '[]', 1)") // prettier-ignore
    mkdirSync(join(data, 'certificates/own'), { recursive: true })
    writeFileSync(join(data, 'certificates/own/own.key'), '-----BEGIN PRIVATE KEY----- planted-key')
    mkdirSync(join(data, 'learned'))
    writeFileSync(join(data, 'learned/plc.json'), '{}')
    writeFileSync(join(data, 'learned/odd.json'), '-----BEGIN PRIVATE KEY----- planted-odd')
    writeFileSync(join(data, 'of-a-later-version'), 'planted-unknown')
    const about = await context(folder, data, async () => ({ logId: store.logId, durableSeq: store.info().durableSeq }))
    mkdirSync(join(folder, 'conf/logs'))
    writeFileSync(join(folder, 'conf/logs/saw.csv'), 'planted-tags')
    mkdirSync(join(folder, 'collected'))
    writeFileSync(join(folder, 'collected/bifrost-0.gateway.log'), 'planted-lines of a pod')
    for (const at of [data, join(folder, 'conf')]) {
      mkdirSync(join(at, 'logs'), { recursive: true })
      for (const name of ['logs/stream.ndjson', 'access.log', 'audit.ndjson.1'])
        writeFileSync(join(at, name), 'planted-lines')
    }
    const busy = setInterval(() => void append(10), 5)
    const kept = join(folder, 'kept')
    const settings = { ...about.settings, include: [join(folder, 'collected')] }
    await withSnapshot({ ...about, settings }, async (staged) => {
    cpSync(staged.folder, kept, { recursive: true })
    assert.ok(statSync(join(staged.folder, 'data/log/00000001.seg')).nlink > 1, 'a sealed segment is linked, not copied')
  }) // prettier-ignore
    clearInterval(busy)
    database.close()
    assert.deepEqual(filesWith(kept, ['planted-']), [], 'nothing secret is in the clear')
    const manifest = await readManifest(kept)
    assert.deepEqual(await differences(kept, manifest), [])
    assert.ok(manifest.files.some(({ path }) => path === 'data/learned/plc.json'))
    for (const path of await filesIn(kept)) {
      if (path === 'manifest.json') continue
      const file = join(kept, path)
      const bytes = readFileSync(file)
      if (bytes.length === 0) continue
      const other = Buffer.from(bytes)
      other[Math.floor(other.length / 2)]! ^= 1
      writeFileSync(file, other)
      assert.deepEqual(await differences(kept, manifest), [`${path} is damaged: its SHA-256 is another one`])
      writeFileSync(file, bytes)
    }
    appendFileSync(join(kept, 'data/tags'), 'x')
    rmSync(join(kept, 'data/sequence'))
    writeFileSync(join(kept, 'data/more'), '')
    assert.equal((await differences(kept, manifest)).length, 3)

    // With the key, and only with it, all of it is there.
    const found = new Map<string, string>()
    const modes = new Map<string, number | undefined>()
    const take = async ({ name, bytes, mode }: TarEntry): Promise<void> => {
      found.set(name, Buffer.from(bytes).toString('latin1'))
      modes.set(name, mode)
    }
    for (const group of ['config', 'accounts', 'data']) await unseal(join(kept, `private/${group}.tar.age`), join(folder, 'key.txt'), take) // prettier-ignore
    assert.deepEqual([...found.keys()].toSorted(), ['config/bifrost.yaml', 'config/logs/saw.csv', 'data/accounts.db', 'data/certificates/own/own.key', 'data/learned/odd.json', 'data/of-a-later-version', `include${folder}/collected/bifrost-0.gateway.log`]) // prettier-ignore
    assert.match(found.get('data/accounts.db')!, /planted-user/)
    assert.equal(modes.get('config/bifrost.yaml'), 0o640)
    spawnSync('age-keygen', ['-o', join(folder, 'other.txt')])
    await assert.rejects(unseal(join(kept, 'private/data.tar.age'), join(folder, 'other.txt'), take), { code: 'BACKUP_REFUSED' }) // prettier-ignore
  },
)

test('what is secret is encrypted once, and again only when it has changed', { skip }, async (t) => {
  const { folder, data, append, store } = await running(t)
  await append(10)
  const about = await context(folder, data, async () => ({ logId: store.logId, durableSeq: 10 }))
  const hashes: string[] = []
  const make = () => withSnapshot(about, async ({ manifest }) => void hashes.push(manifest.files.find(({ path }) => path === 'private/config.tar.age')!.sha256)) // prettier-ignore
  await make()
  await make()
  appendFileSync(join(folder, 'conf/bifrost.yaml'), '# more\n')
  await make()
  assert.equal(hashes[0], hashes[1])
  assert.notEqual(hashes[1], hashes[2])
})

test('a gateway that is started again is waited for, and is never kept from its start', { skip }, async (t) => {
  const { folder, data, append, store } = await running(t)
  await append(10)
  let asked = 0
  const startsAfter = (quiet: number) => async () => (++asked > quiet ? { logId: store.logId, durableSeq: 10 } : undefined) // prettier-ignore
  const patience = { quietMs: 0, startingMs: 60_000, pauseMs: 5 }
  const about = { ...(await context(folder, data, startsAfter(30))), patience }
  const sourceOf = (one: StageContext) => withSnapshot(one, async ({ manifest }) => manifest.source)
  assert.equal(await sourceOf(about), 'running', 'it held its folder and did not answer for a while')
  await store.close()
  asked = 0
  // Between its end and its start nobody holds the folder.
  const isFree = async () => {
    await (
      await lockFolder(nodeFiles, data)
    )()
    return undefined
  }
  const betweenEndAndStart = async () => (await isFree(), startsAfter(5)())
  assert.equal(await sourceOf({ ...about, ask: betweenEndAndStart, patience: { ...patience, quietMs: 60_000 } }), 'running') // prettier-ignore
  // Stopped: the folder is free again as soon as it is copied, before anything is encrypted.
  let wasFree = false
  const redis = async () => {
    await isFree()
    wasFree = true
    return Buffer.from('')
  }
  assert.equal(await sourceOf({ ...about, ask: async () => undefined, redis }), 'stopped')
  assert.ok(wasFree)
})

test('settings and keys that are wrong are told with the next step, and make no snapshot', { skip }, async (t) => {
  const { folder, data, store } = await running(t)
  const nobody = async () => undefined
  const about = await context(folder, data, nobody)
  await assert.rejects(withSnapshot(about, async () => undefined), /a gateway uses .*data, but none answers at http:\/\/127\.0\.0\.1:8080: correct gateway\.url/) // prettier-ignore
  const told = { ...about, ask: async () => ({ logId: store.logId, durableSeq: 0 }) }
  cpSync(join(folder, 'key.txt'), join(folder, 'recipients.txt'))
  await assert.rejects(withSnapshot(told, async () => undefined), /holds a private key: only the public one \(age1…\) belongs there/) // prettier-ignore
  const bad = async (text: string, says: RegExp): Promise<void> => {
    writeFileSync(join(folder, 'bad.yaml'), text)
    await assert.rejects(loadSettings(join(folder, 'bad.yaml')), says)
  }
  await bad('version: 1\nkeep: {', /bad\.yaml: /)
  await bad('version: 1\nconfig: a\ndata: b\nrecipients: c\nrepositories: []\n', /repositories: /)
  await bad('version: 1\nconfig: a\ndata: b\nrecipients: c\nrepositories: [{ name: x, url: "rest:https://u:p@h/", passwordFile: d }]\n', /a password in the address: put it into environmentFile/) // prettier-ignore
  await assert.rejects(loadSettings(join(folder, 'none.yaml')), /deploy\/backup\/backup\.yaml is one to start from/)
})

test('a snapshot of a newer version is refused with a sentence', async (t) => {
  const folder = temporaryFolder(t)
  const write = (more: object): void => writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ format: 'bifrost-snapshot', version: 1, ...more })) // prettier-ignore
  write({ formats: { ...FORMATS, segment: 2 } })
  await assert.rejects(readManifest(folder), /its segment has format 2, and this Bifrost reads up to 1: restore it with the version that made it/) // prettier-ignore
  write({ formats: { ...FORMATS, twin: 1 } })
  await assert.rejects(readManifest(folder), /its twin has format 1, and this Bifrost reads up to none/)
  write({ formats: FORMATS })
  await assert.rejects(readManifest(folder), /its manifest is not whole/)
  writeFileSync(join(folder, 'manifest.json'), '{')
  await assert.rejects(readManifest(folder), /its manifest cannot be read/)
  const database = await openDatabase(temporaryFolder(t))
  assert.equal(Object.values(database.one<object>('PRAGMA user_version')!)[0], FORMATS.accounts, 'FORMATS says what is written') // prettier-ignore
  database.close()
})

test('what nobody has thought of is secret', () => {
  assert.deepEqual(
    ['log/1.seg', 'audit/head', 'secret.key', 'ca/key.pem', 'run/host', 'backup/x', 'new-thing', 'certificates/own/a', 'certificates/trusted/a', 'accounts.db-wal', 'lost+found/1', 'logs/stream.ndjson'].map(wayOf), // prettier-ignore
    ['log', 'plain', 'private', 'private', 'none', 'none', 'private', 'private', 'plain', 'none', 'none', 'none'],
  )
})

test('an archive that would write elsewhere is refused', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  await context(folder, folder, async () => undefined)
  async function* evil() {
    yield { name: '../outside', bytes: Buffer.from('x') }
  }
  await seal(evil(), join(folder, 'recipients.txt'), join(folder, 'evil.age'))
  await assert.rejects(unseal(join(folder, 'evil.age'), join(folder, 'key.txt'), async () => assert.fail()), /which is no plain file of a backup/) // prettier-ignore
  assert.ok(dirname(folder) !== folder)
})
