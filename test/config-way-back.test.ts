/** The way back of a configuration, where its files come and go, and where somebody edits them meanwhile; what is not read is said. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost, startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

interface Status {
  readonly version: number
  readonly trial: { readonly version: number } | null
  readonly banner: string | null
}

const ENTRY =
  '  - { name: plc, driver: simulated, every: 100ms, tags: [{ name: a, address: "constant:value=1", type: float64 }] }\n'
const OTHER = ENTRY.replace('name: plc', 'name: other').replace('value=1', 'value=2')

const post = (gateway: GatewayProcess, path: string, body: object = {}) =>
  fetch(`${gateway.url}/api/v1/config/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const status = (gateway: GatewayProcess): Promise<Status> => gateway.get<Status>('config/status')
const devicesOf = async (gateway: GatewayProcess): Promise<string> =>
  (await gateway.values()).map(({ device, tag, value }) => `${device}/${tag}=${String(value)}`).join(' ')
const shows = (gateway: GatewayProcess, wanted: string, timeoutMs?: number): Promise<void> =>
  eventually(`it shows ${wanted}`, async () => (await devicesOf(gateway)) === wanted, timeoutMs)

test('a device that moved into a file of its own moves back: neither a rollback nor a trial stumbles over it being in both', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'conf.d'))
  const gateway = await startGatewayProcess(t, { yaml: `include: conf.d/*.yaml\ndevices:\n${ENTRY}`, folder })
  await shows(gateway, 'plc/a=1')
  const file = join(folder, 'bifrost.yaml')
  const before = readFileSync(file, 'utf8')
  const files = {
    'bifrost.yaml': before.replace(`devices:\n${ENTRY}`, ''),
    'conf.d/plc.yaml': `devices:\n${ENTRY.replace('value=1', 'value=3')}`,
  }
  assert.equal((await post(gateway, 'apply', { files })).status, 200)
  await shows(gateway, 'plc/a=3')
  const { code, err } = await bifrost('config', 'rollback', '1', '--url', gateway.url)
  assert.equal(code, 0, err)
  await shows(gateway, 'plc/a=1')
  assert.ok(!existsSync(join(folder, 'conf.d', 'plc.yaml')))

  assert.equal((await post(gateway, 'apply', { files, confirmWithin: '1s' })).status, 200)
  await eventually('it has gone back', async () => (await status(gateway)).trial === null)
  await shows(gateway, 'plc/a=1')
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('what somebody edits while a version is on trial is theirs, however broken: the version before runs, and says that the files differ', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n${ENTRY}` })
  await shows(gateway, 'plc/a=1')
  const file = join(gateway.folder, 'bifrost.yaml')
  const tried = readFileSync(file, 'utf8').replace('value=1', 'value=5')
  assert.equal((await post(gateway, 'apply', { files: { 'bifrost.yaml': tried }, confirmWithin: '2s' })).status, 200)
  const edited = `${tried}# an hour of work\nsinks: [\n`
  writeFileSync(file, edited)
  await eventually('it has gone back', async () => (await status(gateway)).trial === null)
  await shows(gateway, 'plc/a=1')
  assert.equal(readFileSync(file, 'utf8'), edited)
  assert.match((await status(gateway)).banner!, /What runs is not what is in the files/)
  writeFileSync(file, tried.replace('value=5', 'value=6'))
  await shows(gateway, 'plc/a=6')
  assert.equal((await status(gateway)).banner, null)
})

test('the first file in a folder that `include` names is noticed, also where the folder comes later', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: `include: conf.d/*.yaml\ndevices:\n${ENTRY}` })
  await shows(gateway, 'plc/a=1')
  mkdirSync(join(gateway.folder, 'conf.d'))
  writeFileSync(join(gateway.folder, 'conf.d', 'other.yaml'), `devices:\n${OTHER}`)
  await shows(gateway, 'plc/a=1 other/a=2', 15_000)
})

test('a file that the configuration would not read is refused, and not passed over in silence', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n${ENTRY}` })
  const answer = await post(gateway, 'apply', { files: { 'other.yaml': `devices:\n${OTHER}` } })
  assert.equal(answer.status, 400, await answer.text())
  assert.ok(!existsSync(join(gateway.folder, 'other.yaml')))
})

test('a secret in a file that changes is taken up by itself, and its sink begins anew', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'secrets'))
  const [named, beside] = [join(folder, 'secrets', 'broker'), join(folder, 'password')]
  for (const file of [named, beside]) writeFileSync(file, 'old\n')
  const yaml = `secrets: { folder: secrets }
devices:
${ENTRY}sinks:
  - { name: one, sink: mqtt, options: { url: "mqtt://127.0.0.1:1", username: u, password: "\${secret:broker}" } }
  - { name: two, sink: mqtt, options: { url: "mqtt://127.0.0.1:1", username: u, passwordFile: password } }
`
  const gateway = await startGatewayProcess(t, { yaml, folder })
  const reloads = () => gateway.output().match(/read again: 1 changes/g)?.length ?? 0
  for (const [at, file] of [named, beside].entries()) {
    writeFileSync(file, 'newer\n')
    await eventually(
      () => `${file} is taken up: ${gateway.output()}`,
      () => reloads() === at + 1,
      15_000,
    )
  }
  assert.equal((await status(gateway)).version, 1)
  assert.doesNotMatch(gateway.output(), /newer/)
})

test('a history that cannot be written keeps no file from being read, at the start neither; an apply is refused, and changes nothing', async (t) => {
  const folder = temporaryFolder(t)
  const history = join(folder, 'data', 'config-history')
  mkdirSync(history, { recursive: true })
  writeFileSync(join(history, 'versions'), 'no folder: every write fails')
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n${ENTRY}`, folder })
  await shows(gateway, 'plc/a=1')
  const file = join(folder, 'bifrost.yaml')
  const second = readFileSync(file, 'utf8').replace('value=1', 'value=2')
  writeFileSync(file, second)
  await shows(gateway, 'plc/a=2')
  // It is counted when all of it runs, a little after its first value.
  await eventually('version 2 runs', async () => (await status(gateway)).version === 2)
  assert.match(gateway.output(), /kept in memory alone/)
  const third = second.replace('value=2', 'value=3')
  const refused = await post(gateway, 'apply', { files: { 'bifrost.yaml': third }, confirmWithin: '2s' })
  assert.equal(refused.status, 503, await refused.text())
  assert.equal(readFileSync(file, 'utf8'), second)
  assert.equal((await status(gateway)).version, 2)
  rmSync(join(history, 'versions'))
  const applied = await post(gateway, 'apply', { files: { 'bifrost.yaml': third }, confirmWithin: '2s' })
  assert.equal(applied.status, 200, await applied.text())
  await shows(gateway, 'plc/a=3')
  await shows(gateway, 'plc/a=2')
  assert.equal(readFileSync(file, 'utf8'), second)
})
