/**
 * The configuration of a running product: read again by signal, by file, by command; applied on trial, taken back, and never half done,
 * also when the process is killed in the middle.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync, existsSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost, startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, freePort, temporaryFolder } from '../src/testing/peers.ts'

interface Status {
  readonly hash: string
  readonly version: number
  readonly lastReload: { readonly ok: boolean; readonly problems: readonly string[] }
  readonly trial: { readonly version: number } | null
  readonly banner: string | null
}

const TAGS = 'name,address,type\na,constant:value=1,float64\n'
const MORE = 'name,address,type\na,constant:value=1,float64\nb,constant:value=2,float64\n'
const YAML = 'devices:\n  - { name: plc, driver: simulated, every: 100ms, tags: plc.csv }\n'

const start = (t: Parameters<typeof startGatewayProcess>[0], folder = temporaryFolder(t)) =>
  startGatewayProcess(t, { yaml: YAML, files: { 'plc.csv': TAGS }, folder })

const status = (gateway: GatewayProcess): Promise<Status> => gateway.get<Status>('config/status')

const post = (gateway: GatewayProcess, path: string, body: object = {}, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/api/v1/config/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

const tagsOf = async (gateway: GatewayProcess): Promise<string> =>
  (await gateway.values()).map(({ tag, value }) => `${tag}=${String(value)}`).join(' ')

const shows = (gateway: GatewayProcess, tags: string, timeoutMs?: number): Promise<void> =>
  eventually(`the tags are ${tags}`, async () => (await tagsOf(gateway)) === tags, timeoutMs)

test('SIGHUP, a file that is written, and the command let it read its configuration again', async (t) => {
  const gateway = await start(t)
  await shows(gateway, 'a=1')
  const csv = join(gateway.folder, 'plc.csv')
  writeFileSync(csv, MORE)
  await shows(gateway, 'a=1 b=2')
  // As editors do it: beside, then renamed.
  writeFileSync(`${csv}.tmp`, TAGS.replace('value=1', 'value=7'))
  renameSync(`${csv}.tmp`, csv)
  await shows(gateway, 'a=7')
  writeFileSync(csv, MORE)
  gateway.child.kill('SIGHUP')
  await shows(gateway, 'a=1 b=2')
  const { code, out } = await bifrost('reload', '--url', gateway.url)
  assert.deepEqual([code, out], [0, ''])
  writeFileSync(csv, TAGS)
  const again = await bifrost('reload', '--url', gateway.url, '--message', 'line 3')
  assert.equal(again.code, 0)
  await shows(gateway, 'a=1')
})

test('the volume of a Kubernetes ConfigMap: the link ..data is swapped', async (t) => {
  const folder = temporaryFolder(t)
  const at = (revision: string, tags: string) => {
    mkdirSync(join(folder, revision))
    writeFileSync(join(folder, revision, 'plc.csv'), tags)
  }
  at('..1', TAGS)
  symlinkSync('..1', join(folder, '..data'))
  symlinkSync('..data/plc.csv', join(folder, 'plc.csv'))
  const gateway = await startGatewayProcess(t, { yaml: YAML, folder })
  await shows(gateway, 'a=1')
  at('..2', MORE)
  symlinkSync('..2', join(folder, '..new'))
  renameSync(join(folder, '..new'), join(folder, '..data'))
  await shows(gateway, 'a=1 b=2')
})

test('a configuration that is not good: what ran goes on, says so, and comes back by itself', async (t) => {
  const gateway = await start(t)
  await shows(gateway, 'a=1')
  const file = join(gateway.folder, 'bifrost.yaml')
  const good = readFileSync(file, 'utf8')
  writeFileSync(file, good.replace('driver: simulated', 'driver: simulatd').replace('100ms', '100 parsecs'))
  const { code, err } = await bifrost('reload', '--url', gateway.url)
  assert.equal(code, 78)
  assert.match(err, /bifrost\.yaml:5:\d+ .*simulatd/)
  assert.match(err, /100 parsecs/)
  assert.match(err, /what ran before goes on/)
  await shows(gateway, 'a=1')
  const now = await status(gateway)
  assert.equal(now.lastReload.ok, false)
  assert.match(now.banner!, /not in use: .*bifrost\.yaml:5/)
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  assert.match(metrics, /^bifrost_config_last_reload_successful 0$/m)
  assert.match(metrics, /^bifrost_config_info\{hash="[0-9a-f]{12}",version="\d+"\} 1$/m)
  assert.match(
    await (await fetch(`${gateway.url}/readyz?verbose`)).text(),
    /^\[!\] config: The configuration on the disk is not in use/m,
  )
  writeFileSync(file, good)
  await eventually('it is well again', async () => (await status(gateway)).lastReload.ok)
  assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /^bifrost_config_last_reload_successful 1$/m)
  assert.equal((await status(gateway)).banner, null)
})

test('a file that is still being written is not read', async (t) => {
  const gateway = await start(t)
  await shows(gateway, 'a=1')
  const csv = join(gateway.folder, 'plc.csv')
  for (let to = 20; to < MORE.length; to += 12) {
    writeFileSync(csv, MORE.slice(0, to))
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  writeFileSync(csv, MORE)
  await shows(gateway, 'a=1 b=2')
  assert.doesNotMatch(gateway.output(), /not valid/)
})

test('a version is taken back byte for byte, and the history says who did what', async (t) => {
  const gateway = await start(t)
  const csv = join(gateway.folder, 'plc.csv')
  const odd = `${MORE}\n\r\n`
  writeFileSync(csv, odd)
  await shows(gateway, 'a=1 b=2')
  const { code, err } = await bifrost('config', 'rollback', '1', '--url', gateway.url, '--message', 'b is wrong')
  assert.equal(code, 0, err)
  assert.equal(readFileSync(csv, 'utf8'), TAGS)
  await shows(gateway, 'a=1')
  await bifrost('config', 'rollback', '2', '--url', gateway.url)
  assert.equal(readFileSync(csv, 'utf8'), odd)
  const { out } = await bifrost('config', 'history', '--url', gateway.url)
  assert.match(
    out,
    /^ +4 .* rollback by host \S+\n +3 .* rollback by .*: b is wrong\n +2 .* reload by host\n +1 .* start by gateway\n$/,
  )
  assert.equal((await bifrost('config', 'rollback', '9', '--url', gateway.url)).code, 1)
})

test(
  'files that cannot be written refuse it, and nothing changes',
  { skip: process.getuid?.() === 0 && 'root may write anything' },
  async (t) => {
    const gateway = await start(t)
    const csv = join(gateway.folder, 'plc.csv')
    writeFileSync(csv, MORE)
    await shows(gateway, 'a=1 b=2')
    chmodSync(csv, 0o444)
    const refused = await post(gateway, 'rollback', { version: 1 })
    assert.equal(refused.status, 409)
    assert.equal(((await refused.json()) as { code: string }).code, 'CONFIG_READ_ONLY')
    assert.equal(readFileSync(csv, 'utf8'), MORE)
    await shows(gateway, 'a=1 b=2')
  },
)

test('whoever has not seen the version that runs is refused', async (t) => {
  const gateway = await start(t)
  const { hash } = await status(gateway)
  const seen = { 'if-match': `"${hash}"` }
  assert.equal((await post(gateway, 'apply', { files: { 'plc.csv': MORE } }, seen)).status, 200)
  const refused = await post(gateway, 'apply', { files: { 'plc.csv': TAGS } }, seen)
  assert.equal(refused.status, 412)
  assert.match(((await refused.json()) as { detail: string }).detail, /version 2, by/)
  await shows(gateway, 'a=1 b=2')
})

test('a bad file is refused before anything is written; so is one that is no file of the configuration', async (t) => {
  const gateway = await start(t)
  const refused = await post(gateway, 'apply', { files: { 'plc.csv': 'name,address,type\na,nonsense,float64\n' } })
  assert.equal(refused.status, 422)
  assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), TAGS)
  for (const name of ['../outside.yaml', '/etc/passwd', 'data/lock', '../../x.csv', 'plc.csv/../../y.yaml'])
    assert.equal((await post(gateway, 'apply', { files: { [name]: 'x' } })).status, 400, name)
  assert.ok(!existsSync(join(gateway.folder, '..', 'outside.yaml')))
})

test('on trial: it goes back unless it is confirmed in time', async (t) => {
  const gateway = await start(t)
  const csv = join(gateway.folder, 'plc.csv')
  const applied = await post(gateway, 'apply', { files: { 'plc.csv': MORE }, confirmWithin: '2s' })
  assert.equal(applied.status, 200)
  await shows(gateway, 'a=1 b=2')
  assert.match((await status(gateway)).banner!, /goes back in .* unless it is confirmed/)
  assert.equal((await post(gateway, 'apply', { files: { 'plc.csv': TAGS } })).status, 429)
  await shows(gateway, 'a=1')
  assert.equal(readFileSync(csv, 'utf8'), TAGS)
  assert.equal((await bifrost('config', 'confirm', '--url', gateway.url)).code, 1)

  await post(gateway, 'apply', { files: { 'plc.csv': MORE }, confirmWithin: '3s' })
  assert.equal((await bifrost('config', 'confirm', '--url', gateway.url)).code, 0)
  await new Promise((resolve) => setTimeout(resolve, 3500))
  await shows(gateway, 'a=1 b=2')
  assert.equal(readFileSync(csv, 'utf8'), MORE)
})

test('on trial: whoever has seen enough goes back at once', async (t) => {
  const gateway = await start(t)
  const applied = await post(gateway, 'apply', { files: { 'plc.csv': MORE }, confirmWithin: '10m' })
  const { version } = (await applied.json()) as { version: number }
  await shows(gateway, 'a=1 b=2')
  assert.equal((await post(gateway, 'rollback', { version })).status, 429)
  const back = await post(gateway, 'rollback', { version: version - 1, message: 'it is too slow' })
  assert.equal(back.status, 200)
  assert.equal((await status(gateway)).trial, null)
  await shows(gateway, 'a=1')
  assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), TAGS)
  assert.match((await bifrost('config', 'history', '--url', gateway.url)).out, /rollback by .*: it is too slow/)
  assert.equal((await post(gateway, 'apply', { files: { 'plc.csv': MORE } })).status, 200)
})

test('on trial: it goes back by itself when a device that was running is not any more', async (t) => {
  const gateway = await start(t)
  await shows(gateway, 'a=1')
  await eventually('it runs', async () => {
    const { devices } = await gateway.get<{ devices: { state: string }[] }>('devices')
    return devices[0]!.state === 'Running'
  })
  const file = join(gateway.folder, 'bifrost.yaml')
  const good = readFileSync(file, 'utf8')
  const bad = good.replace('driver: simulated,', 'driver: simulated, options: { online: false },')
  assert.equal((await post(gateway, 'apply', { files: { 'bifrost.yaml': bad }, confirmWithin: '10m' })).status, 200)
  await eventually('it has gone back', async () => (await status(gateway)).trial === null, 20_000)
  assert.equal(readFileSync(file, 'utf8'), good)
  await shows(gateway, 'a=1')
  const { out } = await bifrost('config', 'history', '--url', gateway.url)
  assert.match(out, /rollback by gateway: plc was running before and is not any more/)
})

test('on trial: what cannot go back stays, says so, and stands in nobody’s way', async (t) => {
  const gateway = await start(t)
  await shows(gateway, 'a=1')
  assert.equal((await post(gateway, 'apply', { files: { 'plc.csv': MORE }, confirmWithin: '2s' })).status, 200)
  const objects = join(gateway.folder, 'data', 'config-history', 'objects')
  assert.ok(existsSync(objects))
  rmSync(objects, { recursive: true })
  await eventually('the trial is over', async () => (await status(gateway)).trial === null)
  const { lastReload, banner } = await status(gateway)
  assert.equal(lastReload.ok, false)
  assert.match(lastReload.problems.join(), /^The configuration could not go back: /)
  assert.match(banner!, /could not go back: .*What was on trial goes on/s)
  await shows(gateway, 'a=1 b=2')
  assert.equal((await post(gateway, 'apply', { files: { 'plc.csv': TAGS } })).status, 200)
  await shows(gateway, 'a=1')
  assert.equal((await status(gateway)).banner, null)
})

test('on trial: a gateway that is killed meanwhile goes back at its next start', async (t) => {
  const folder = temporaryFolder(t)
  const gateway = await start(t, folder)
  await post(gateway, 'apply', { files: { 'plc.csv': MORE }, confirmWithin: '10m' })
  await shows(gateway, 'a=1 b=2')
  await gateway.stop('SIGKILL')
  assert.equal(readFileSync(join(folder, 'plc.csv'), 'utf8'), MORE)
  const again = await startGatewayProcess(t, { yaml: YAML, folder, port: Number(new URL(gateway.url).port) })
  await shows(again, 'a=1')
  assert.equal(readFileSync(join(folder, 'plc.csv'), 'utf8'), TAGS)
  assert.match(again.output(), /was not confirmed before the gateway ended/)
  assert.equal((await status(again)).trial, null)
})

test('killed in the middle of writing several files: at the next start all of them are old or all of them new', async (t) => {
  const folder = temporaryFolder(t)
  const names = Array.from({ length: 8 }, (_, at) => `d${at}`)
  const yaml = `devices:\n${names.map((name) => `  - { name: ${name}, driver: simulated, tags: ${name}.csv }\n`).join('')}`
  const filesOf = (round: number) =>
    Object.fromEntries(names.map((name) => [`${name}.csv`, `name,address,type\na,constant:value=${round},float64\n`]))
  let files: Record<string, string> | undefined = filesOf(0)
  const outcomes: string[] = []
  const port = await freePort()
  for (let round = 1; round <= 5; round++) {
    const gateway: GatewayProcess = await startGatewayProcess(t, { yaml, folder, port, ...(files && { files }) })
    files = undefined
    const found = new Set(names.map((name) => readFileSync(join(folder, `${name}.csv`), 'utf8')))
    assert.equal(found.size, 1, `round ${round}: ${[...found].join('|')}`)
    outcomes.push([...found][0]!.match(/value=(\d+)/)![1]!)
    void post(gateway, 'apply', { files: filesOf(round) }).catch(() => undefined)
    // As soon as the first file is another one.
    const first = join(folder, 'd0.csv')
    const before = readFileSync(first, 'utf8')
    const until = performance.now() + 5000
    while (readFileSync(first, 'utf8') === before && performance.now() < until) await new Promise(setImmediate)
    await gateway.stop('SIGKILL')
  }
  t.diagnostic(`found at the starts: ${outcomes.join(' ')}`)
})
