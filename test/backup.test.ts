/** A backup over the API: made, judged by tar, previewed, restored here and on another gateway; and archives that mean harm. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { decodeBackup } from '../src/backup/archive.ts'
import { openSource } from '../src/cli/config-file.ts'
import { keepUp } from '../src/cli/keep-up.ts'
import { silentLog } from '../src/core/log.ts'
import { startGateway } from '../src/gateway.ts'
import { startHttp } from '../src/http/server.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

type Json = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

const MAIN = `version: 1
http: { listen: '127.0.0.1:0', access: open }
include: conf.d/*.yaml
devices:
  - { name: plc, driver: simulated, tags: plc.csv }
`
const SINKS = `sinks:
  - name: plant
    sink: mqtt
    enabled: false
    options: { url: 'mqtt://127.0.0.1:1', username: bob, password: hunter2 }   # by hand
`
const FILES = {
  'bifrost.yaml': MAIN,
  'conf.d/sinks.yaml': SINKS,
  'plc.csv': 'name,address,type\na,constant:value=1,float64\n',
}
const DATA = {
  'certificates/trusted/press.der': 'a certificate',
  'certificates/own/own.der': 'our certificate',
  'certificates/own/own.key': '-----BEGIN PRIVATE KEY-----',
  'certificates/issuers/odd.pem': '-----BEGIN PRIVATE KEY-----',
  'parameters/drive/motor/000001.json': '{"version":1}',
  'secret.key': 'hunter9',
}

async function start(t: TestContext, files: Record<string, string>, data: Record<string, string> = {}) {
  const folder = temporaryFolder(t)
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  const main = join(folder, Object.keys(files)[0]!)
  const source = await openSource(main, {}, silentLog)
  const gateway = await startGateway(source.opened.config, { log: silentLog, version: '0.0.0-test' })
  for (const [name, text] of Object.entries(data)) write(`data/${name}`, text)
  const unwatch = await keepUp(gateway, source)
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(async () => {
    unwatch()
    await http.close()
    await gateway.stop()
  })
  const make = async (): Promise<Buffer> => Buffer.from(await (await fetch(`${http.url}/api/v1/backup`)).arrayBuffer())
  const post = async (path: string, bytes: Uint8Array, more: object = {}): Promise<Json> => {
    const answer = await fetch(`${http.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ archive: Buffer.from(bytes).toString('base64'), ...more }),
    })
    const text = await answer.text()
    assert.doesNotMatch(text, /hunter2/)
    return { status: answer.status, ...(JSON.parse(text) as Json) }
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { folder, gateway, make, post, read, write, has: (name: string) => existsSync(join(folder, name)) }
}

test('a backup has what people wrote and trust, and no secret; tar reads it', async (t) => {
  const { make, folder, gateway } = await start(t, FILES, DATA)
  const bytes = await make()
  const out = join(folder, 'out')
  mkdirSync(out)
  writeFileSync(join(folder, 'b.tar.gz'), bytes)
  const { stdout, status } = spawnSync('tar', ['-xvzf', join(folder, 'b.tar.gz'), '-C', out], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.deepEqual(stdout.trim().split('\n'), ['manifest.json', 'certificates/trusted/press.der', 'config/bifrost.yaml', 'config/conf.d/sinks.yaml', 'config/plc.csv', 'parameters/drive/motor/000001.json']) // prettier-ignore
  assert.equal(readFileSync(join(out, 'config/conf.d/sinks.yaml'), 'utf8'), SINKS.replace('hunter2', '"***"'))
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as Json
  assert.deepEqual([manifest.format, manifest.version, manifest.secrets, manifest.config.main], ['bifrost-backup', 1, 'none', 'bifrost.yaml']) // prettier-ignore
  assert.equal(manifest.files.find(({ path }: Json) => path.endsWith('sinks.yaml')).masked, 1)
  const { lines } = await gateway.audit.query({ action: 'backup.create', limit: 5 })
  assert.equal(lines.length, 1)
})

test('here: the preview says what would change, and restoring gives the very bytes back, also of what was removed or added', async (t) => {
  const { make, post, read, write, has, gateway, folder } = await start(t, FILES, DATA)
  const bytes = await make()
  write('conf.d/more.yaml', 'devices: [{ name: extra, driver: simulated }]\n')
  write('plc.csv', 'name,address,type\nb,constant:value=2,float64\n')
  await gateway.configuration!.reload({ user: 'test', from: 'test' })
  rmSync(join(folder, 'data/parameters/drive'), { recursive: true })
  const before = await post('backup/preview', bytes)
  assert.equal(before.ok, true, JSON.stringify(before))
  assert.deepEqual(before.parts.map(({ part, create, change, remove, same }: Json) => [part, create, change, remove, same]), [
    ['config', [], ['plc.csv'], ['conf.d/more.yaml'], 2],
    ['certificates', [], [], [], 1],
    ['parameters', ['parameters/drive/motor/000001.json'], [], [], 0],
    ['profiles', [], [], [], 0],
  ]) // prettier-ignore
  assert.deepEqual(before.plan.differences.map(({ sign, name }: Json) => `${sign} ${name}`).sort(), ['+ plc/a', '- extra', '- plc/b']) // prettier-ignore
  assert.ok(has('conf.d/more.yaml'))

  const restored = await post('backup/restore', bytes, { parts: ['config', 'parameters', 'certificates'] })
  assert.equal(restored.status, 200, JSON.stringify(restored))
  for (const [name, text] of Object.entries(FILES)) assert.equal(read(name), text)
  assert.ok(!has('conf.d/more.yaml'))
  assert.equal(read('data/parameters/drive/motor/000001.json'), '{"version":1}')
  assert.deepEqual(restored.written, ['parameters/drive/motor/000001.json'])
  assert.deepEqual(gateway.config.devices.map(({ name }) => name), ['plc']) // prettier-ignore
  const { lines } = await gateway.audit.query({ action: 'backup.restore', limit: 5 })
  assert.deepEqual(lines.map(({ outcome }) => outcome).sort(), ['done', 'requested']) // prettier-ignore

  // On trial it goes back by itself.
  write('conf.d/more.yaml', 'devices: [{ name: extra, driver: simulated }]\n')
  await gateway.configuration!.reload({ user: 'test', from: 'test' })
  await post('backup/restore', bytes, { confirmWithin: '1s' })
  assert.ok(!has('conf.d/more.yaml'))
  await eventually('it goes back', () => has('conf.d/more.yaml') && gateway.config.devices.length === 2)
})

test('on another gateway: secrets that are missing are named, and taken when they are given', async (t) => {
  const bytes = await (await start(t, FILES, DATA)).make()
  const other = await start(t, { 'gateway.yaml': `version: 1\nhttp: { listen: '127.0.0.1:0', access: open }\n` })
  const preview = await other.post('backup/preview', bytes)
  assert.deepEqual([preview.ok, preview.missingSecrets, preview.problems], [false, ['conf.d/sinks.yaml:5:68'], []])
  assert.deepEqual(preview.plan.counts, { added: 2, changed: 0, removed: 0 })
  const refused = await other.post('backup/restore', bytes)
  assert.deepEqual([refused.status, refused.code], [400, 'INVALID_REQUEST'])
  assert.match(refused.detail, /^conf\.d\/sinks\.yaml:5:68/)
  assert.ok(!other.has('plc.csv'))
  const secrets = { 'conf.d/sinks.yaml:5:68': 'a "new" one' }
  assert.equal((await other.post('backup/preview', bytes, { secrets })).ok, true)
  assert.equal((await other.post('backup/restore', bytes, { secrets })).status, 200)
  assert.equal(other.read('conf.d/sinks.yaml'), SINKS.replace('hunter2', '"a \\"new\\" one"'))
  assert.equal(other.read('gateway.yaml'), MAIN)
})

test('archives that are damaged, foreign, newer or made to harm are refused with a sentence, and nothing is written', async (t) => {
  const { make, post, has, gateway } = await start(t, FILES)
  const good = await decodeBackup(await make())
  const entry = (name: string, body: string, more: object = {}) => ({ header: { name, size: Buffer.byteLength(body), type: 'file' as const, ...more }, body }) // prettier-ignore
  const sum = (text: string): string => createHash('sha256').update(text).digest('hex')
  const withFile = async (
    path: string,
    part: string,
    text = 'x',
    hash = sum(text),
    more: object = {},
    entries = [entry(path, text)],
  ) => {
    const files = [{ path, part, bytes: text.length, sha256: hash, masked: 0 }]
    const manifest = JSON.stringify({ ...good.manifest, files, ...more })
    return gzipSync(await packTar([entry('manifest.json', manifest), ...entries]))
  }
  const link = { header: { name: 'config/a.yaml', size: 0, type: 'symlink' as const, linkname: '/etc/passwd' } }
  const cases: [name: string, archive: Uint8Array, sentence: RegExp][] = [
    ['no gzip', Buffer.from('hello'), /this is no file of/],
    ['cut off', (await make()).subarray(0, 300), /damaged/],
    ['a bomb', gzipSync(Buffer.alloc(200 * 2 ** 20)), /more than 192 MiB/],
    ['no tar', gzipSync(Buffer.from('x'.repeat(2000))), /damaged|no manifest/],
    ['foreign', gzipSync(await packTar([entry('readme.txt', 'hi')])), /no manifest\.json/],
    ['above', await withFile('config/../../../etc/cron.d/x', 'config'), /would lie outside/],
    ['absolute', await withFile('/etc/passwd', 'config'), /would lie outside/],
    ['backslash', await withFile('config\\..\\x', 'config'), /would lie outside/],
    ['another part', await withFile('config/x.yaml', 'certificates'), /does not belong to certificates/],
    ['wrong hash', await withFile('config/x.yaml', 'config', 'x', sum('y')), /"config\/x\.yaml" is damaged/],
    ['newer', await withFile('config/x.yaml', 'config', 'x', sum('x'), { version: 2 }), /format 2.*newer Bifrost/],
    ['a link', await withFile('config/a.yaml', 'config', '', sum(''), {}, [link as never]), /no plain file \(symlink\)/],
    ['not named', await withFile('config/x.yaml', 'config', 'x', sum('x'), {}, [entry('config/x.yaml', 'x'), entry('config/y.yaml', 'y')]), /does not name/],
  ] // prettier-ignore
  for (const [name, bytes, sentence] of cases)
    for (const path of ['backup/preview', 'backup/restore']) {
      const { status, code, detail } = await post(path, bytes)
      assert.deepEqual([status, code], [400, 'INVALID_REQUEST'], `${name}: ${detail}`)
      assert.match(detail, sentence, name)
    }
  // What no part takes is passed over, whatever it is called.
  const key = await withFile('certificates/own/own.key', 'certificates')
  assert.deepEqual((await post('backup/preview', key)).parts[1].refused, ['certificates/own/own.key'])
  await post('backup/restore', key, { parts: ['certificates'] })
  assert.ok(!has('data/certificates/own/own.key'))
  const script = await withFile('config/run.sh', 'config')
  assert.match((await post('backup/restore', script)).detail, /run\.sh is no file of this configuration/)
  assert.equal(gateway.configuration!.status.version, 1)
})
