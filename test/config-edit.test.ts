/**
 * The configuration of a running product changed through its API: a hand-written file under version control changes in the one line that is
 * meant, the devices that are not meant go on, and whoever works on top of an older version is told what has changed.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { bifrost, startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, freePort, temporaryFolder } from '../src/testing/peers.ts'

const HANDWRITTEN = `# Hall 3: asked for by maintenance, ticket 4711.

devices:
  # The old press. Do not poll faster than 500 ms: its PLC drops out.
  - name: press-1
    driver: simulated
    every:   1s     # was 2s until March
    tags: press-1.csv   # kept by the press crew

  - { name: press-2, driver: simulated, every: 100ms, tags: [ { name: level, address: "constant:value=2", type: float64 } ] }  # spare
`
const CSV = 'name;address;type;unit\nlevel;constant:value=1;float64;m\nspeed;"constant:value=3";float64;\n'

interface Answer {
  readonly status: number
  readonly etag: string | null
  readonly body: {
    readonly code?: string
    readonly detail?: string
    readonly details?: Readonly<Record<string, string>>
    readonly errors?: readonly { readonly detail: string }[]
    readonly owner?: string
    readonly settings?: readonly { readonly setting: string; readonly value: unknown; readonly origin: string }[]
    readonly applied?: {
      readonly changes: readonly string[]
      readonly report: { readonly devices: { readonly untouched: number; readonly changed: readonly object[] } }
    }
    readonly plan?: { readonly lines: readonly string[]; readonly patch: string }
  }
}

const start = (t: TestContext, folder = temporaryFolder(t)) =>
  startGatewayProcess(t, { yaml: HANDWRITTEN, files: { 'press-1.csv': CSV }, folder })

async function ask(gateway: GatewayProcess, line: string, body?: unknown, match?: string | null): Promise<Answer> {
  const [method, path] = line.split(' ') as [string, string]
  const response = await fetch(`${gateway.url}/api/v1/config/${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(typeof match === 'string' ? { 'if-match': match } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: (await response.json()) as Answer['body'],
  }
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: folder, encoding: 'utf8' })

test('one value changed over the API is one line of `git diff`, and one device of the running gateway', async (t) => {
  const gateway = await start(t)
  const { folder } = gateway
  writeFileSync(join(folder, '.gitignore'), 'data/\n')
  git(folder, 'init', '-q')
  git(folder, 'add', '.')
  git(folder, 'commit', '-qm', 'by hand')
  const seen = await ask(gateway, 'GET devices/press-1')
  assert.equal(seen.body.owner, 'bifrost.yaml:8')
  assert.deepEqual(
    seen.body.settings!.find(({ setting }) => setting === 'every'),
    { setting: 'every', value: '1s', origin: 'bifrost.yaml:10:14' },
  )

  const dry = await ask(gateway, 'PATCH devices/press-1', { set: { every: '500ms' }, dryRun: true })
  assert.equal(dry.status, 200, JSON.stringify(dry.body))
  assert.deepEqual(dry.body.plan!.lines.slice(0, 3), [
    '~ device press-1',
    '    every: 1s → 500ms',
    '0 to add, 1 to change, 0 to remove',
  ])
  assert.equal(git(folder, 'status', '--porcelain'), '', 'a dry run writes nothing')

  const done = await ask(gateway, 'PATCH devices/press-1', { set: { every: '500ms' }, message: 'faster' }, seen.etag)
  assert.equal(done.status, 200, JSON.stringify(done.body))
  assert.equal(done.body.applied!.report.devices.untouched, 1)
  assert.equal(git(folder, 'diff', '--numstat'), '1\t1\tbifrost.yaml\n')
  const diff = git(folder, 'diff', '-U0')
  assert.match(diff, /^-    every:   1s     # was 2s until March\n\+    every:   500ms     # was 2s until March$/m)
  assert.match(dry.body.plan!.patch, /^-    every:   1s     # was 2s until March\n\+    every:   500ms     # was/m)
  const { versions } = await gateway.get<{ versions: { source: string; user: string; message: string }[] }>(
    'config/history',
  )
  assert.deepEqual([versions[0]!.source, versions[0]!.message], ['edit', 'faster'])

  const tag = await ask(gateway, 'PATCH devices/press-1/tags/speed', { set: { unit: 'rpm' } }, '*')
  assert.equal(tag.status, 200, JSON.stringify(tag.body))
  assert.equal(git(folder, 'diff', '--numstat', 'press-1.csv'), '1\t1\tpress-1.csv\n')
  assert.match(readFileSync(join(folder, 'press-1.csv'), 'utf8'), /^speed;"constant:value=3";float64;rpm$/m)
  assert.match((await ask(gateway, 'GET devices/press-1/tags/speed')).body.owner!, /^press-1\.csv:3$/)
})

test('two engineers at once: what is not theirs is told by 412 with a diff, and nothing is lost', async (t) => {
  const gateway = await start(t)
  const file = join(gateway.folder, 'bifrost.yaml')
  const { etag: seen } = await ask(gateway, 'GET devices/press-1')
  const forgot = await ask(gateway, 'PATCH devices/press-1', { set: { every: '3s' } })
  assert.deepEqual([forgot.status, forgot.body.code], [428, 'IF_MATCH_REQUIRED'])

  const both = await Promise.all(
    ['2s', '4s'].map((every) => ask(gateway, 'PATCH devices/press-1', { set: { every } }, seen)),
  )
  const [won, lost] = both[0]!.status === 200 ? [both[0]!, both[1]!] : [both[1]!, both[0]!]
  assert.deepEqual([won.status, lost.status, lost.body.code], [200, 412, 'CHANGED_MEANWHILE'])
  const every = both[0] === won ? '2s' : '4s'
  assert.equal(lost.body.details!.diff, `~ device press-1\n    every: 1s → ${every}`)
  assert.match(
    lost.body.detail!,
    /device press-1: somebody else has changed this since you have seen it \(version 2, by anybody/,
  )
  assert.match(readFileSync(file, 'utf8'), new RegExp(`every: {3}${every} `))

  // What the other one did not touch is not refused: the version is another one, the object is not.
  const other = await ask(gateway, 'PATCH devices/press-2', { set: { every: '200ms' } }, seen)
  assert.equal(other.status, 200, JSON.stringify(other.body))
  const again = await ask(gateway, 'DELETE devices/press-1', undefined, seen)
  assert.equal(again.status, 412)
  const unknown = await ask(gateway, 'DELETE devices/press-1', undefined, '"of-another-life"')
  assert.match(unknown.body.detail!, /no version that is kept/)

  // By hand, beside the API: the edit comes on top of it, unless it is about the same.
  const now = (await ask(gateway, 'GET devices/press-1')).etag
  writeFileSync(file, readFileSync(file, 'utf8').replace('# was 2s until March', '# spring').replace('200ms', '300ms'))
  const onTop = await ask(gateway, 'PATCH devices/press-1', { set: { every: '5s' } }, now)
  assert.equal(onTop.status, 200, JSON.stringify(onTop.body))
  assert.match(readFileSync(file, 'utf8'), /every: {3}5s {5}# spring[^]*every: 300ms/)

  // The watch sees the files that the API has written, and finds nothing new in them.
  const applied = () => gateway.output().match(/The configuration was read again/g)!.length
  const before = applied()
  const until = performance.now() + 1500
  while (performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(applied(), before)
})

test('what cannot be written from here: 409 with a patch that does it where the file is kept', async (t) => {
  const gateway = await start(t)
  const { folder } = gateway
  const status = () => gateway.get<{ readOnly: boolean; readOnlyReason: string | null }>('config/status')
  assert.deepEqual([(await status()).readOnly, (await status()).readOnlyReason], [false, null])
  for (const name of ['bifrost.yaml', 'press-1.csv']) chmodSync(join(folder, name), 0o444)
  const told = await status()
  assert.equal(told.readOnly, true)
  assert.match(told.readOnlyReason!, /bifrost\.yaml is marked read-only$/)
  const before = readFileSync(join(folder, 'bifrost.yaml'), 'utf8')
  const refused = await ask(gateway, 'PATCH devices/press-1', { set: { every: '2s' } }, '*')
  assert.deepEqual([refused.status, refused.body.code], [409, 'CONFIG_READ_ONLY'])
  assert.equal(readFileSync(join(folder, 'bifrost.yaml'), 'utf8'), before)
  const kept = temporaryFolder(t)
  writeFileSync(join(kept, 'bifrost.yaml'), before)
  execFileSync('git', ['apply', '-'], { cwd: kept, input: refused.body.details!.patch })
  assert.equal(readFileSync(join(kept, 'bifrost.yaml'), 'utf8'), before.replace('every:   1s', 'every:   2s'))
})

test('a ConfigMap of Kubernetes is read-only, also for root', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, '..1'))
  writeFileSync(join(folder, '..1', 'press-1.csv'), CSV)
  symlinkSync('..1', join(folder, '..data'))
  symlinkSync('..data/press-1.csv', join(folder, 'press-1.csv'))
  const gateway = await startGatewayProcess(t, { yaml: HANDWRITTEN, folder })
  const refused = await ask(gateway, 'PATCH devices/press-1/tags/level', { set: { unit: 'mm' } }, '*')
  assert.deepEqual([refused.status, refused.body.code], [409, 'CONFIG_READ_ONLY'])
  assert.match(refused.body.detail!, /press-1\.csv is in a volume of Kubernetes/)
  assert.match(
    refused.body.details!.patch!,
    /^-level;constant:value=1;float64;m\n\+level;constant:value=1;float64;mm$/m,
  )
  // The rest can still be written, and a swap of the volume is taken over as ever.
  assert.equal((await ask(gateway, 'PATCH devices/press-2', { set: { every: '1s' } }, '*')).status, 200)
  mkdirSync(join(folder, '..2'))
  writeFileSync(join(folder, '..2', 'press-1.csv'), CSV.replace('value=1', 'value=8'))
  symlinkSync('..2', join(folder, '..new'))
  renameSync(join(folder, '..new'), join(folder, '..data'))
  await eventually('the other list', async () => (await gateway.values('?tags=press-1/level'))[0]?.value === 8)
})

test('files that are not good: nothing is changed, and every problem is told with its line', async (t) => {
  const gateway = await start(t)
  const file = join(gateway.folder, 'bifrost.yaml')
  const good = readFileSync(file, 'utf8')
  const edit = { set: { every: '2s', 'options.nonsense': 1 } }
  const invalid = await ask(gateway, 'PATCH devices/press-1', edit, '*')
  assert.deepEqual([invalid.status, invalid.body.code], [422, 'CONFIG_INVALID'])
  assert.match(invalid.body.errors![0]!.detail, /bifrost\.yaml:\d+:\d+ .*nonsense/)
  assert.equal(readFileSync(file, 'utf8'), good)

  for (const [bad, told] of [
    [good.slice(0, good.indexOf('press-2') + 12), /bifrost\.yaml:1[34]:/],
    [
      good.replace('version: 1', 'version: 1\ninclude: loop.yaml'),
      /loop\.yaml:1:\d+.*includes itself: bifrost\.yaml → loop\.yaml → bifrost\.yaml/,
    ],
  ] as const) {
    writeFileSync(join(gateway.folder, 'loop.yaml'), 'include: bifrost.yaml\n')
    writeFileSync(file, bad)
    const refused = await ask(gateway, 'PATCH devices/press-1', { set: { every: '2s' } }, '*')
    assert.deepEqual([refused.status, refused.body.code], [422, 'CONFIG_INVALID'], JSON.stringify(refused.body))
    assert.match(JSON.stringify(refused.body.errors), told)
    assert.equal(readFileSync(file, 'utf8'), bad)
    assert.equal((await ask(gateway, 'GET devices/press-1')).body.owner, 'bifrost.yaml:8', 'what runs is still shown')
  }
  writeFileSync(file, good)
  assert.equal((await ask(gateway, 'PATCH devices/press-1', { set: { every: '2s' } }, '*')).status, 200)
})

test('on trial: no second edit meanwhile; it stays when it is confirmed', async (t) => {
  const gateway = await start(t)
  const set = (every: string, more: object = {}) =>
    ask(gateway, 'PATCH devices/press-2', { set: { every }, ...more }, '*')
  assert.equal((await set('200ms', { confirmWithin: '60s' })).status, 200)
  const busy = await set('300ms')
  assert.deepEqual([busy.status, busy.body.code], [429, 'BUSY'])
  assert.match(busy.body.detail!, /version 2 is on trial/)
  assert.equal((await set('300ms', { dryRun: true })).status, 200)
  assert.equal((await ask(gateway, 'POST confirm', {})).status, 200)
  assert.equal((await set('300ms')).status, 200)
  assert.equal((await set('400ms', { confirmWithin: '1s' })).status, 200)
  const file = join(gateway.folder, 'bifrost.yaml')
  await eventually('it goes back by itself', () => readFileSync(file, 'utf8').includes('every: 300ms'), 15_000)
})

test('devices, sinks and tags come and go; what is secret is never shown', async (t) => {
  const gateway = await start(t)
  const { folder } = gateway
  const sink = {
    name: 'plant',
    sink: 'mqtt',
    enabled: false,
    options: { url: 'mqtt://127.0.0.1:1', username: 'u', password: 'hunter-2', topic: '{device}/{tag}' },
  }
  const edits = [
    { do: 'add', kind: 'sink', entry: sink },
    { do: 'add', kind: 'device', entry: { name: 'press-3', driver: 'simulated' } },
    { do: 'add', kind: 'tag', device: 'press-3', entry: { name: 'a/b', address: 'counter', type: 'uint16' } },
  ]
  const planned = await ask(gateway, 'POST plan', { edits })
  assert.equal(planned.status, 200, JSON.stringify(planned.body))
  assert.doesNotMatch(JSON.stringify(planned.body), /hunter-2/)
  const added = await ask(gateway, 'POST edits', { edits })
  assert.deepEqual(added.body.applied!.changes.slice(0, 2).sort(), ['+ device press-3', '+ sink plant'], JSON.stringify(added.body)) // prettier-ignore
  assert.match(readFileSync(join(folder, 'bifrost.yaml'), 'utf8'), /^version: 1\ninclude: conf\.d\/ui\.yaml\n/)
  const shown = await ask(gateway, 'GET sinks/plant')
  assert.match(shown.body.owner!, /^conf\.d\/ui\.yaml:\d+$/)
  assert.equal(shown.body.settings!.find(({ setting }) => setting === 'options.password')!.value, '***')
  assert.doesNotMatch(JSON.stringify(shown.body), /hunter-2/)
  const blank = await ask(gateway, 'PATCH sinks/plant', { set: { 'options.password': '***' } }, '*')
  const inUrl = await ask(gateway, 'PATCH sinks/plant', { set: { 'options.url': 'mqtt://u:***@127.0.0.1:2' } }, '*')
  for (const { body } of [blank, inUrl]) assert.match(body.detail!, /\*\*\* stands for a secret/)
  // The line beside the password, and the password itself.
  const beside = await ask(gateway, 'PATCH sinks/plant', { set: { 'options.username': 'v' }, dryRun: true })
  assert.match(beside.body.plan!.patch, /^\+ *username: v$/m)
  const itself = await ask(gateway, 'PATCH sinks/plant', { set: { 'options.password': 'hunter-3' }, dryRun: true })
  for (const { body } of [beside, itself]) assert.doesNotMatch(JSON.stringify(body), /hunter/)

  assert.equal((await ask(gateway, 'GET devices/press-3/tags/a%2Fb')).body.owner, 'conf.d/ui.yaml:15')
  const gone = await ask(gateway, 'DELETE devices/press-3/tags/a/b?dryRun=true', undefined, '*')
  assert.equal(gone.body.plan!.lines[0], '- tag press-3/a/b (address counter, type uint16)', JSON.stringify(gone.body))
  assert.equal((await ask(gateway, 'DELETE devices/press-3/tags/a/b', undefined, '*')).status, 200)
  assert.equal((await ask(gateway, 'DELETE sinks/plant', undefined, '*')).status, 200)
  assert.equal((await ask(gateway, 'GET sinks/plant')).status, 404)
  const none = await ask(gateway, 'PATCH devices/press-9', { set: { every: '1s' } }, '*')
  assert.deepEqual([none.status, none.body.code], [404, 'NOT_FOUND'])
})

test('the lines around a change tell no secret of other parts, nor one that somebody has commented out', async (t) => {
  const yaml = `devices:
  # password: hunter-old
  - { name: press-1, driver: simulated, every: 1s, tags: [] }
receive:
  listen: 127.0.0.1:${await freePort()}
  clients:
    - name: edge
      token: hunter-token-of-the-edge-0123456789
`
  const gateway = await startGatewayProcess(t, { yaml })
  const edits = [
    { do: 'set', object: { kind: 'device', name: 'press-1' }, setting: ['every'], value: '2s' },
    { do: 'set', object: { kind: 'section', name: 'receive' }, setting: ['clients', 0, 'name'], value: 'far' },
  ]
  const { status, body } = await ask(gateway, 'POST plan', { edits })
  assert.equal(status, 200, JSON.stringify(body))
  assert.match((body as unknown as { patch: string }).patch, /^\+.*every: 2s/m)
  assert.doesNotMatch(JSON.stringify(body), /hunter/)
})

test('a tag list goes out and comes back without a change, as CSV and as XLSX; one row that is bad stops all', async (t) => {
  const gateway = await start(t)
  const csv = join(gateway.folder, 'press-1.csv')
  writeFileSync(csv, `${CSV}"=odd;1";counter;uint16;"=cmd"\n`)
  const version = async () => (await gateway.get<{ version: number }>('config/status')).version
  await eventually('the file is read', async () => (await version()) === 2)
  const list = `${gateway.url}/api/v1/config/devices/press-1/tags`
  const bring = async (body: Uint8Array | string, query = '', match = '*', type = 'text/csv') => {
    const response = await fetch(`${list}/import${query}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : Buffer.from(body),
      headers: { 'content-type': type, ...(match === '' ? {} : { 'if-match': match }) },
    })
    const answer = (await response.json()) as Answer['body'] & {
      counts: Record<string, number>
      rows: readonly object[]
    }
    return { status: response.status, ...answer }
  }
  const unchanged = { create: 0, update: 0, unchanged: 3, remove: 0, rejected: 0 }
  for (const format of ['csv', 'xlsx']) {
    const out = await fetch(`${list}/export?format=${format}`)
    const bytes = Buffer.from(await out.arrayBuffer())
    if (format === 'csv') assert.match(bytes.toString(), /^"'=odd;1",counter,uint16,'=cmd\r$/m)
    const type = out.headers.get('content-type')!
    const back = await bring(bytes, '?mode=replace', '*', type)
    assert.deepEqual([back.status, back.counts], [200, unchanged], JSON.stringify(back))
    assert.deepEqual([back.applied!.changes, back.rows], [[], []])
  }
  const before = readFileSync(csv, 'utf8')
  const given = 'name,address,type\nlevel,constant:value=5,float64\nnew,counter,uint16\nbad,counter,uint17\n'
  const dry = await bring(given, '?dryRun=true')
  assert.deepEqual(dry.counts, { create: 1, update: 1, unchanged: 0, remove: 0, rejected: 1 })
  assert.deepEqual(dry.rows[0], { action: 'update', place: 'line 2', name: 'level', changes: ['address'] })
  assert.match(dry.plan!.patch, /^\+level;constant:value=5;float64;m$/m)
  const stopped = await bring(given)
  assert.equal(stopped.status, 422)
  assert.match(stopped.errors![0]!.detail, /^line 4, column type: unknown type "uint17"/)
  assert.equal(readFileSync(csv, 'utf8'), before)
  assert.equal((await bring(given, '?mode=replace', '')).status, 428)
  const done = await bring(given, '?skipRejected=true', '')
  assert.equal(done.status, 200, JSON.stringify(done))
  assert.equal(readFileSync(csv, 'utf8'), `${before.replace('value=1', 'value=5')}new;counter;uint16;\n`)
  await eventually('the new tag is read', async () => (await gateway.values()).some(({ tag }) => tag === 'new'))
  const json = await fetch(`${list}/import`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }) // prettier-ignore
  assert.equal(json.status, 415)
  assert.equal((await bring('PK\x03\x04 no zip')).status, 422)
})

test('a tag list out and back by the command line', async (t) => {
  const gateway = await start(t)
  const file = join(gateway.folder, 'list.xlsx')
  const tags = (...args: string[]) => bifrost('tags', ...args, '--url', gateway.url)
  assert.equal((await tags('export', 'press-1', file)).code, 0)
  const same = await tags('import', 'press-1', file, '--replace')
  assert.deepEqual([same.code, same.out], [0, ''], same.err)
  assert.match(same.err, /0 created, 0 updated, 0 removed, 2 unchanged, 0 rejected/)
  const csv = join(gateway.folder, 'list.csv')
  writeFileSync(csv, 'name,unit,address,type\nspeed,rpm,constant:value=3,float64\nnew,,counter,uint17\n')
  const before = readFileSync(join(gateway.folder, 'press-1.csv'), 'utf8')
  const stopped = await tags('import', 'press-1', csv)
  assert.equal(stopped.code, 78)
  assert.match(stopped.err, /line 3, column type: unknown type "uint17"[^]*nothing was changed/)
  const dry = await tags('import', 'press-1', csv, '--dry-run')
  assert.match(dry.out, /^~ speed: unit\n! line 3, column type: unknown type "uint17"/)
  assert.equal(readFileSync(join(gateway.folder, 'press-1.csv'), 'utf8'), before)
  assert.equal((await tags('import', 'press-1', csv, '--skip-rejected')).code, 0)
  assert.match(readFileSync(join(gateway.folder, 'press-1.csv'), 'utf8'), /^speed;.*;rpm$/m)
})

test('the examples of the guide do what they say', { skip: hasCurl ? false : 'curl is not here' }, async (t) => {
  const gateway = await start(t)
  const guide = readFileSync(join(import.meta.dirname, '..', 'docs', 'guide', 'configuration-api.md'), 'utf8')
  const script = /```sh\n([^]*?)```/.exec(guide)![1]!.replaceAll('curl -s ', 'curl -sS --fail-with-body -w "\\n" ')
  const env = { ...process.env, BIFROST_URL: gateway.url }
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', script], { cwd: gateway.folder, env })
  assert.match(stdout, /"lines":\["~ device press-1","    every: 1s → 500ms"/)
  assert.match(stdout, /"changes":\["- device press-9"\]/)
  assert.match(stdout, /"counts":\{"create":0,"update":0,"unchanged":2,"remove":0,"rejected":0\}/)
  const yaml = readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8')
  assert.match(yaml, /every: {3}500ms {5}# was 2s/)
  assert.match(yaml, /maxAge: 60d/)
  assert.match(readFileSync(join(gateway.folder, 'press-1.csv'), 'utf8'), /^level;constant:value=1;float64;mm$/m)
})
