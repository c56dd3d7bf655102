/** The configuration as text over the API: shown without a secret, checked with places, compared, and written back with its secrets. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSource } from '../src/cli/config-file.ts'
import { keepUp } from '../src/cli/keep-up.ts'
import { silentLog } from '../src/core/log.ts'
import { startGateway } from '../src/gateway.ts'
import { startHttp } from '../src/http/server.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

type Json = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

const YAML = `version: 1
http: { listen: '127.0.0.1:0', access: open }
include: conf.d/*.yaml
devices:
  - { name: plc, driver: simulated, tags: plc.csv }
`
const SINKS = `# password: old-hunter
sinks:
  - name: plant
    sink: mqtt
    enabled: false
    options: { url: 'mqtt://127.0.0.1:1', username: bob, password: hunter2, clientId: one }
  - { name: cloud, sink: mqtt, enabled: false, options: { url: 'mqtt://127.0.0.1:2', username: a, password: hunter3 } }
`
const TAGS = 'name,address,type\na,constant:value=1,float64\n'

async function start(t: TestContext) {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'conf.d'))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  write('bifrost.yaml', YAML)
  write('conf.d/sinks.yaml', SINKS)
  write('plc.csv', TAGS)
  const source = await openSource(join(folder, 'bifrost.yaml'), {}, silentLog)
  const gateway = await startGateway(source.opened.config, { log: silentLog, version: '0.0.0-test' })
  const unwatch = await keepUp(gateway, source)
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(async () => {
    unwatch()
    await http.close()
    await gateway.stop()
  })
  const get = async (path: string): Promise<Json> => {
    const answer = await fetch(`${http.url}/api/v1/config/${path}`)
    const text = await answer.text()
    assert.doesNotMatch(text, /hunter/, path)
    return JSON.parse(text) as Json
  }
  const post = async (path: string, body: object): Promise<Json> => {
    const answer = await fetch(`${http.url}/api/v1/config/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    assert.doesNotMatch(text, /hunter/, path)
    return { status: answer.status, ...(JSON.parse(text) as Json) }
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { folder, gateway, get, post, read, write }
}

test('files with their owners, their text without secrets, and the same bytes again when it comes back changed', async (t) => {
  const { get, post, read, folder } = await start(t)
  const { files } = await get('files')
  assert.deepEqual(files.map(({ path, isMain, onDisk, readOnly }: Json) => [path, isMain, onDisk, readOnly]), [
    ['bifrost.yaml', true, 'same', null],
    ['conf.d/sinks.yaml', false, 'same', null],
    ['plc.csv', false, 'same', null],
  ]) // prettier-ignore
  assert.deepEqual(files[1].objects, [{ kind: 'sink', name: 'plant', line: 3 }, { kind: 'sink', name: 'cloud', line: 7 }]) // prettier-ignore
  assert.deepEqual(files[2].objects, [{ kind: 'tags', name: 'plc', line: 1 }])
  const { text, masked } = await get('file?path=conf.d/sinks.yaml')
  assert.equal(masked, 3)
  assert.equal((await get('file?path=../../etc/passwd')).code, 'NOT_FOUND')
  assert.equal((await get('file?path=/etc/passwd')).code, 'NOT_FOUND')

  const changed = String(text).replace('clientId: one', 'clientId: two').replace('127.0.0.1:1', '127.0.0.1:3')
  const checked = await post('check', { files: { 'conf.d/sinks.yaml': changed } })
  assert.equal(checked.ok, true)
  assert.deepEqual(checked.plan.differences.map(({ sign, name, changes }: Json) => [sign, name, changes.map(({ setting }: Json) => setting)]), [['~', 'plant', ['options.url', 'options.clientId']]]) // prettier-ignore
  assert.equal(read('conf.d/sinks.yaml'), SINKS)
  assert.equal((await post('apply', { files: { 'conf.d/sinks.yaml': changed }, message: 'renamed' })).version, 2)
  assert.equal(read('conf.d/sinks.yaml'), SINKS.replace('clientId: one', 'clientId: two').replace('127.0.0.1:1', '127.0.0.1:3')) // prettier-ignore

  const astray = await post('apply', { files: { 'conf.d/sinks.yaml': changed.replace('name: cloud', 'name: sky') } })
  assert.deepEqual([astray.status, astray.code], [400, 'INVALID_REQUEST'])
  assert.match(astray.detail, /^conf\.d\/sinks\.yaml:7:\d+: \*\*\* stands for a secret/)

  chmodSync(join(folder, 'conf.d/sinks.yaml'), 0o440)
  assert.match((await get('files')).files[1].readOnly, /read-only/)
  const owned = (await get('sinks')).objects[0]
  assert.deepEqual([owned.owner, owned.template], ['conf.d/sinks.yaml:3', null])
  assert.match(owned.readOnly, /read-only/)
  assert.equal((await get('devices')).objects[0].readOnly, null)
})

test('problems come with file, line, column and what was meant; warnings beside the plan', async (t) => {
  const { post, get } = await start(t)
  const broken = await post('check', {
    files: { 'bifrost.yaml': YAML.replace('driver: simulated', 'drvier: simulated') },
  })
  assert.equal(broken.ok, false)
  const problem = broken.problems.find(({ suggestion }: Json) => suggestion !== null)
  assert.deepEqual([problem.file, problem.line, problem.column, problem.severity, problem.suggestion], ['bifrost.yaml', 5, 18, 'error', '"driver"']) // prettier-ignore
  const csv = await post('check', { files: { 'plc.csv': TAGS.replace('float64', 'flot64') } })
  assert.deepEqual([csv.problems[0].file, csv.problems[0].line, csv.plan], ['plc.csv', 2, null])
  const good = await post('check', { files: {} })
  assert.equal(good.ok, true)
  assert.ok(good.problems.some(({ severity, message }: Json) => severity === 'warning' && /plain text/.test(message)), JSON.stringify(good.problems)) // prettier-ignore
  assert.deepEqual(good.plan.counts, { added: 0, changed: 0, removed: 0 })
  assert.equal((await get('schema')).$schema, 'http://json-schema.org/draft-07/schema#')
  assert.ok((await get('schema?draft=2020-12')).properties.devices)
})

test('the history: files of a version, and what differs between versions, what runs and the disk', async (t) => {
  const { post, get, write } = await start(t)
  const next = SINKS.replace('hunter2', 'hunter4').replace('clientId: one', 'clientId: two')
  assert.equal((await post('apply', { files: { 'conf.d/sinks.yaml': next }, message: 'why' })).version, 2)
  const first = await get('history/1')
  assert.deepEqual([first.version, first.isRunning, first.files.length], [1, false, 3])
  assert.deepEqual([(await get('history/2')).message, (await get('history/2')).isRunning], ['why', true])
  assert.match((await get('history/1/file?path=conf.d/sinks.yaml')).text, /clientId: one/)
  const { patch, differences, counts } = await get('diff?from=1')
  assert.match(patch, /^-.*password: "\*\*\*", clientId: one/m)
  assert.match(patch, /^\+.*password: "\*\*\*", clientId: two/m)
  assert.deepEqual(counts, { added: 0, changed: 1, removed: 0 })
  assert.deepEqual(differences[0].changes.map(({ setting, before, after }: Json) => [setting, before, after]), [['options.clientId', 'one', 'two'], ['options.password', '***', '***']]) // prettier-ignore
  assert.equal((await get('diff?from=2&to=running')).patch, '')

  write('plc.csv', `${TAGS}b,nonsense,float64\n`)
  const disk = await get('diff?from=running&to=disk')
  assert.match(disk.patch, /^\+b,nonsense,float64/m)
  assert.equal(disk.differences, null)
  assert.match(disk.reason, /plc\.csv:3/)
  assert.equal((await get('files')).files[2].onDisk, 'differs')
  assert.match((await get('file?path=plc.csv&of=disk')).text, /nonsense/)
  assert.equal((await get('history/9')).code, 'NOT_FOUND')
  assert.equal((await get('diff?from=x')).code, 'INVALID_REQUEST')
})

test('who may only look sees no secret by leading it to where it would be shown', async (t) => {
  const { get, post } = await start(t)
  const { text } = await get('file?path=conf.d/sinks.yaml')
  for (const [stands, instead] of [
    // By an alias, in an option that is shown, in a list and in the address of a line.
    ['password: "***", clientId: one', 'password: &p "***", clientId: *p'],
    ['password: "***", clientId: one', 'password: &p "***", topic: *p'],
    ['password: "***", clientId: one', 'password: &p "***", qos: *p'],
  ] as const) {
    const file = text.replace(stands, instead)
    assert.notEqual(file, text)
    const files = {
      'conf.d/sinks.yaml': `${file}devices:\n  - { name: x, driver: modbus, options: { host: ${instead.includes('&p') ? '*p' : 'h'} }, tags: [] }\n`,
    }
    // `post` looks for them in every answer.
    const checked = await post('check', { files })
    assert.equal(checked.status, 200)
    const planned = await post('plan', { files })
    assert.match(JSON.stringify([checked, planned]), /\*\*\*/)
  }
})
