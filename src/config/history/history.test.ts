/** Versions are kept whole, once, privately, and no more than the bound; what is damaged is told and never restored. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../core/log.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { ConfigHistory, MOST_VERSIONS } from './history.ts'

const AUTHOR = { user: 'anna', from: 'test', message: 'why' }
const filesOf = (main: string, tags = 'same') =>
  new Map([
    ['/c/bifrost.yaml', Buffer.from(main)],
    ['/c/tags.csv', Buffer.from(tags)],
  ])

async function open(t: TestContext) {
  const folder = join(temporaryFolder(t), 'config-history')
  return { folder, history: await ConfigHistory.open(folder, silentLog) }
}

test('a version comes back byte for byte after a restart; what is the same is kept once', async (t) => {
  const { folder, history } = await open(t)
  await history.add(filesOf('one'), 'start', AUTHOR, 0)
  await history.add(filesOf('two'), 'apply', AUTHOR, 1000)
  assert.equal((await history.add(filesOf('two'), 'reload', AUTHOR, 2000)).number, 2)
  assert.equal(readdirSync(join(folder, 'objects')).length, 3)
  const again = await ConfigHistory.open(folder, silentLog)
  assert.deepEqual(
    again.versions.map(({ number, user, source, message, time }) => [number, user, source, message, time]),
    [
      [1, 'anna', 'start', 'why', '1970-01-01T00:00:00.000Z'],
      [2, 'anna', 'apply', 'why', '1970-01-01T00:00:01.000Z'],
    ],
  )
  assert.deepEqual(await again.filesOf(again.version(1)), filesOf('one'))
  assert.throws(() => again.version(3), { code: 'NOT_FOUND', message: /there are 1 to 2/ })
})

test('only the gateway may read what it keeps', async (t) => {
  const { folder, history } = await open(t)
  await history.add(filesOf('password: x'), 'start', AUTHOR, 0)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  for (const name of readdirSync(join(folder, 'objects')))
    assert.equal(statSync(join(folder, 'objects', name)).mode & 0o777, 0o600)
})

test('the oldest versions go beyond the bound, with what only they had', async (t) => {
  const { folder, history } = await open(t)
  for (let version = 1; version <= MOST_VERSIONS + 5; version++)
    await history.add(filesOf(`main ${version}`), 'apply', AUTHOR, version)
  assert.deepEqual([history.versions[0]!.number, history.versions.length], [6, MOST_VERSIONS])
  assert.equal(readdirSync(join(folder, 'versions')).length, MOST_VERSIONS)
  assert.equal(readdirSync(join(folder, 'objects')).length, MOST_VERSIONS + 1)
  assert.deepEqual(await history.filesOf(history.version(6)), filesOf('main 6'))
})

test('a damaged file is never restored, and a damaged entry is left out', async (t) => {
  const { folder, history } = await open(t)
  const version = await history.add(filesOf('one'), 'start', AUTHOR, 0)
  writeFileSync(join(folder, 'objects', version.files['/c/bifrost.yaml']!), 'another')
  await assert.rejects(history.filesOf(version), {
    code: 'STORE_FAILED',
    message: /what is kept of \/c\/bifrost\.yaml/,
  })
  writeFileSync(join(folder, 'versions', '000001.json'), '{')
  assert.deepEqual((await ConfigHistory.open(folder, silentLog)).versions, [])
})

test('a version that never ran is taken out; a trial is there until it ends', async (t) => {
  const { folder, history } = await open(t)
  await history.add(filesOf('one'), 'start', AUTHOR, 0)
  const second = await history.add(filesOf('two'), 'apply', AUTHOR, 0)
  await history.beginTrial({ version: 2, previous: 1, until: 5 })
  assert.deepEqual(await (await ConfigHistory.open(folder, silentLog)).trial(), { version: 2, previous: 1, until: 5 })
  await history.endTrial()
  await history.drop(second)
  const again = await ConfigHistory.open(folder, silentLog)
  assert.equal(await again.trial(), undefined)
  assert.equal(again.newest?.number, 1)
  assert.ok(readFileSync(join(folder, 'versions', '000001.json'), 'utf8').includes('"anna"'))
})

test('a history that cannot be written keeps nothing from running: versions are kept in memory, and written when it can be', async (t) => {
  const { folder, history } = await open(t)
  await history.add(filesOf('one'), 'start', AUTHOR, 0)
  rmSync(join(folder, 'versions'), { recursive: true })
  writeFileSync(join(folder, 'versions'), 'no folder: every write fails')
  const second = await history.add(filesOf('two'), 'reload', AUTHOR, 0)
  assert.equal(second.number, 2)
  assert.equal((await history.filesOf(second)).get('/c/bifrost.yaml')!.toString(), 'two')
  await assert.rejects(history.beginTrial({ version: 3, previous: 2, until: 5 }))
  assert.equal(await history.trial(), undefined)
  rmSync(join(folder, 'versions'))
  await history.add(filesOf('three'), 'reload', AUTHOR, 0)
  const again = await ConfigHistory.open(folder, silentLog)
  assert.deepEqual(again.versions.map(({ number }) => number), [2, 3]) // prettier-ignore
  assert.equal((await again.filesOf(again.version(2))).get('/c/bifrost.yaml')!.toString(), 'two')
})
