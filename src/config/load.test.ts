import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { defineDriver } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { duration } from '../core/duration.ts'
import { defineSink } from '../core/sink.ts'
import { temporaryFolder } from '../testing/peers.ts'
import type { Config } from './config.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problem.ts'

/** A driver with nothing behind it: addresses are `r` and a number, an array `r1[3]` is three tags. */
const reels = defineDriver({
  name: 'reels',
  summary: 'for these tests',
  options: z.object({
    host: z.string(),
    port: z.int().min(1).max(65_535).default(502),
    timeout: duration().prefault('2s'),
    retry: z.boolean().default(true),
    link: z.object({ keepAlive: z.boolean().default(false) }).prefault({}),
    password: z.string().optional().meta({ secret: true }),
  }),
  addressExamples: ['r0', 'r7'],
  parseAddress(text) {
    const match = /^r(\d+)$/.exec(text)
    if (match !== null) return Number(match[1])
    const details = { column: 1 + (/^r\d*/.exec(text)?.[0].length ?? 0), suggestion: '"r5"' }
    throw new GatewayError('CONFIG_INVALID', `"${text}" is not a reel`, { details })
  },
  describeAddress: (address) => `r${address}`,
  expand: (tag) => {
    const match = /^(r)(\d+)\[(\d)\]$/.exec(tag.address)
    if (match === null) return undefined
    return Array.from({ length: Number(match[3]) }, (_, at) => ({
      ...tag,
      name: `${tag.name}[${at}]`,
      address: `r${Number(match[2]) + at}`,
    }))
  },
  check: (address, tag) =>
    address === 9 && tag.type === 'float32' ? 'a float32 does not fit at the last reel' : undefined,
  line: (options) => options.host,
  create: () => assert.fail('nothing is created by a check'),
})

const post = defineSink({
  name: 'post',
  summary: 'for these tests',
  options: z.object({
    url: z.string(),
    topic: z.string().default('{device}/{tag}'),
    qos: z.union([z.literal(0), z.literal(1)]).default(1),
  }),
  conflicts: ({ topic }, tags) =>
    topic.includes('{tag}') || tags.length < 2 ? [] : [`${tags[0]!.name} and ${tags[1]!.name} both go to ${topic}`],
  cautions: (_, tags) =>
    tags.filter(({ name }) => name === name.toUpperCase()).map(({ name }) => `${name} is loud for a post card`),
  create: () => assert.fail('nothing is created by a check'),
})

type Files = Record<string, string>

async function load(t: TestContext, files: Files, env: Record<string, string> = {}): Promise<Config> {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'lists'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return loadConfig(join(folder, 'bifrost.yaml'), { drivers: [reels], sinks: [post], env: { FOLDER: folder, ...env } })
}

/** The problems as lines, the folder cut off. */
async function problemsOf(t: TestContext, files: Files, env: Record<string, string> = {}): Promise<string[]> {
  try {
    await load(t, files, env)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => formatProblem(problem).replaceAll(/\/\S*bifrost-test-[^/]*\//g, ''))
    throw error
  }
  return []
}

const device = (lines: string) =>
  `version: 1\ndevices:\n  - name: press-1\n    driver: reels\n${lines.replace(/^/gm, '    ')}\n`
const HOST = 'options: { host: plc }\n'

test('what a sink can have and would rather not is a warning', async (t) => {
  const sinkLines = 'sinks:\n  - name: p\n    sink: post\n    options: { url: u }\n'
  const text = device(`${HOST}tags:\n  - { name: LEVEL, address: r3, type: float32 }\n`) + sinkLines
  const { warnings, sinks } = await load(t, { 'bifrost.yaml': text })
  assert.equal(sinks.length, 1)
  assert.deepEqual(warnings.map(({ message, path }) => [path, message]), [['sinks[0].options', 'LEVEL is loud for a post card']]) // prettier-ignore
})

test('fills in defaults and hands options to the schema of the named type', async (t) => {
  const config = await load(t, {
    'bifrost.yaml': device(
      `${HOST}every: 250ms\ntags:\n  - { name: level, address: r3, type: float32, low: 0, high: 10, deadband: 2% }\n`,
    ),
  })
  assert.deepEqual(config.http, {
    listen: { host: '127.0.0.1', port: 8080 },
    hosts: [],
    access: 'accounts',
    plain: false,
    metrics: { maxDevices: 1000 },
  })
  const bounds = { maxBytes: 10 * 2 ** 30, maxAgeMs: 30 * 86_400_000, policy: 'drop-oldest', thinOneIn: 10 }
  const trends = { maxBytes: 2 * 2 ** 30, maxAgeMs: 365 * 86_400_000 }
  assert.deepEqual(config.store, { syncEveryMs: 200, preallocateBytes: 0, ...bounds, trends })
  assert.ok(config.data.endsWith('/data') && config.data.startsWith('/'))
  const [press] = config.devices
  assert.deepEqual(press!.options, { host: 'plc', port: 502, timeout: 2000, retry: true, link: { keepAlive: false } })
  assert.deepEqual(press!.tags, [
    {
      address: 3,
      settings: {
        name: 'level',
        address: 'r3',
        type: 'float32',
        everyMs: 250,
        low: 0,
        high: 10,
        deadband: { percent: 2 },
        clamp: false,
        writable: false,
      },
    },
  ])
})

test('a CSV file and an inline list give the same tags', async (t) => {
  const csv =
    'name;address;type;every;low;high;clamp;deadband;writable;writeMax;description\nlevel;r3;float32;2s;0;10;true;0,5;yes;9;"the ""big"" tank"\n'.replace(
      '0,5',
      '0.5',
    )
  const inline =
    'tags:\n- { name: level, address: r3, type: float32, every: 2s, low: 0, high: 10, clamp: true, deadband: 0.5, writable: true, writeMax: 9, description: the "big" tank }'
  const fromCsv = await load(t, { 'bifrost.yaml': device(`${HOST}tags: lists/a.csv`), 'lists/a.csv': csv })
  const fromYaml = await load(t, { 'bifrost.yaml': device(`${HOST}${inline}`) })
  assert.deepEqual(fromCsv.devices[0]!.tags, fromYaml.devices[0]!.tags)
  assert.equal(fromCsv.devices[0]!.tags[0]!.settings.everyMs, 2000)
})

test('devices that name the same file share its tags, unless driver or interval differ', async (t) => {
  const one = (name: string, every: string) =>
    `  - { name: ${name}, driver: reels, options: { host: plc }, every: ${every}, tags: lists/kind.csv }\n`
  const config = await load(t, {
    'lists/kind.csv': 'name,address,type\nlevel,r3,float32\n',
    'bifrost.yaml': `version: 1\ndevices:\n${one('a', '1s')}${one('b', '1s')}${one('c', '5s')}`,
  })
  const [a, b, c] = config.devices
  assert.equal(a!.tags[0], b!.tags[0])
  assert.deepEqual([a!.tags[0]!.settings.everyMs, c!.tags[0]!.settings.everyMs], [1000, 5000])
})

test('an array becomes one tag a member', async (t) => {
  const config = await load(t, { 'bifrost.yaml': device(`${HOST}tags: [{ name: t, address: "r3[3]", type: int16 }]`) })
  assert.deepEqual(
    config.devices[0]!.tags.map((tag) => [tag.settings.name, tag.address]),
    [
      ['t[0]', 3],
      ['t[1]', 4],
      ['t[2]', 5],
    ],
  )
})

test('unknown keys are refused at every depth, at the key, with what was meant', async (t) => {
  const text = `version: 1\ndevcies: []\ndevices:\n  - name: a\n    driver: reels\n    evry: 1s\n    options: { host: x, link: { keepalive: true }, prot: 1 }\n`
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }), [
    'bifrost.yaml:2:1 devcies: unknown key "devcies", did you mean "devices"?',
    'bifrost.yaml:6:5 devices[0].evry: unknown key "evry", did you mean "every"?',
    'bifrost.yaml:7:33 devices[0].options.link.keepalive: unknown key "keepalive", did you mean "keepAlive"?',
    'bifrost.yaml:7:52 devices[0].options.prot: unknown key "prot", did you mean "port"?',
  ])
})

test('wrong types, missing options and unknown plug-ins are told at their place', async (t) => {
  const text = `version: 2\ndevices:\n  - { name: a, driver: reels, options: { port: high, timeout: 5 parsecs } }\n  - { name: b, driver: reel }\n  - { driver: reels, options: { host: x } }\nsinks:\n  - { name: s, sink: post, options: { url: x, qos: 7 } }\n  - { name: s2, sink: fax }\n`
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }), [
    'bifrost.yaml:1:10 version: expected 1, got 2',
    'bifrost.yaml:3:40 devices[0].options.host: host is missing: expected a text',
    'bifrost.yaml:3:48 devices[0].options.port: expected a number, got "high"',
    'bifrost.yaml:3:63 devices[0].options.timeout: expected a duration such as 250ms, 2s, 5m, 1h or 7d, got "5 parsecs"',
    'bifrost.yaml:4:24 devices[1].driver: unknown driver "reel", did you mean "reels"?',
    'bifrost.yaml:5:5 devices[2].name: name is missing: expected a text',
    'bifrost.yaml:7:52 sinks[0].options.qos: expected 0 or 1, got 7',
    'bifrost.yaml:8:23 sinks[1].sink: unknown sink "fax"; known are post',
  ])
})

test('names: twice, empty, with a slash; any script is fine', async (t) => {
  const entry = (name: string) => `  - { name: ${name}, driver: reels, options: { host: x } }\n`
  assert.deepEqual(
    await problemsOf(t, {
      'bifrost.yaml': `version: 1\ndevices:\n${['a', 'プレス', 'a', '""', 'x/y'].map(entry).join('')}`,
    }),
    [
      `bifrost.yaml:5:13 devices[2].name: the device "a" exists already, at bifrost.yaml:3:13`,
      'bifrost.yaml:6:13 devices[3].name: a device needs a name',
      'bifrost.yaml:7:13 devices[4].name: the name of a device has no slash: device/tag is how values are named',
    ],
  )
})

test('a bad address is told at the very character, in CSV, in quotes and inline', async (t) => {
  const rows = Array.from({ length: 35 }, (_, at) => `tag-${at},int16,r${at}`).join('\n')
  const csv = `name,type,address\n${rows}\nodd,int16,r3x\nquoted,int16,"r3x"\nlast,float32,r9\n`
  const inline = `tags:\n- { name: a, type: int16, address: r3x }\n- { name: b, type: int16, address: "r3x" }`
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: list.csv`), 'list.csv': csv }), [
    'list.csv:37:13 row 37, address: "r3x" is not a reel, did you mean "r5"?',
    'list.csv:38:17 row 38, address: "r3x" is not a reel, did you mean "r5"?',
    'list.csv:39:14 row 39, address: a float32 does not fit at the last reel',
  ])
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}${inline}`) }), [
    'bifrost.yaml:7:42 devices[0].tags[0].address: "r3x" is not a reel, did you mean "r5"?',
    'bifrost.yaml:8:43 devices[0].tags[1].address: "r3x" is not a reel, did you mean "r5"?',
  ])
})

test('a CSV file: unknown, double and missing columns, too many cells, cells that do not read, names twice', async (t) => {
  const csv = 'name,adress,type,unit,unit\n'
  const cells =
    'name,address,type,low,high,deadband,writable\na,r1,real,0,10,2%,true\nb,r1,int16,,,2%,perhaps\nb,r2,int16,"1,5",0\nb,r2,int16\nc,r2,int16,0,1,0,no,more\n,r3,int16\n'
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: list.csv`), 'list.csv': csv }), [
    'list.csv:1:6 header: unknown column "adress", did you mean "address"?',
    'list.csv:1:23 header: the column "unit" comes twice, first at column 18',
  ])
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: list.csv`), 'list.csv': cells }), [
    'list.csv:2:6 row 2, type: unknown type "real"; known are bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64, string, bytes, did you mean "float32"?',
    'list.csv:3:14 row 3, deadband: a deadband in percent needs low and high',
    'list.csv:3:17 row 3, writable: expected true or false, got "perhaps"',
    'list.csv:4:13 row 4, low: expected a number, got "1,5", did you mean "1.5"?',
    'list.csv:6:21 row 6: this row has 8 cells, the header 7; a cell with a separator inside stands in quotes',
    'list.csv:7:1 row 7, name: name is missing',
  ])
  const twice = 'name,address,type\na,r1,int16\nb,r1,int16\na,r2,int16\n'
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: list.csv`), 'list.csv': twice }), [
    'list.csv:4:1 row 4, name: the tag "a" exists already, at list.csv:2:1',
  ])
})

test('a CSV file that is missing, empty or in another encoding', async (t) => {
  const files = { 'bifrost.yaml': device(`${HOST}tags: lists/pres.csv`), 'lists/press.csv': '' }
  assert.deepEqual(await problemsOf(t, files), [
    'bifrost.yaml:6:11 devices[0].tags: there is no file lists/pres.csv, did you mean lists/press.csv?',
  ])
  assert.match(
    (await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: a.csv`), 'a.csv': '' }))[0]!,
    /^a.csv:1:1: this file is empty/,
  )
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'a.csv'), Buffer.from('name,address,type\na,r1,int16\nf\xfcll,r2,int16\n', 'latin1'))
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': device(`${HOST}tags: ${folder}/a.csv`) }), [
    'a.csv:3:1: this file is not UTF-8; save it as "CSV UTF-8"',
  ])
})

test('tags that collide at a sink are told by the sink', async (t) => {
  const text = `${device(`${HOST}tags: [{ name: a, address: r1, type: int16 }, { name: b, address: r2, type: int16 }]`)}sinks:\n  - name: s\n    sink: post\n    options: { url: x, topic: all }\n`
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }), [
    'bifrost.yaml:10:5 sinks[0].options: a and b both go to all',
  ])
})

test('values of the environment take the type that the schema wants, and never add structure', async (t) => {
  const text = device('options: { host: "${HOST}", port: "${PORT:-503}", retry: "${RETRY}", timeout: "${WAIT}" }')
  const config = await load(t, { 'bifrost.yaml': text }, { HOST: '1234', RETRY: 'false', WAIT: '3s' })
  assert.deepEqual(config.devices[0]!.options, {
    host: '1234',
    port: 503,
    timeout: 3000,
    retry: false,
    link: { keepAlive: false },
  })
  const injected = await load(t, { 'bifrost.yaml': device('options: { host: "${HOST}" }') }, { HOST: 'a, port: 9 }' })
  assert.deepEqual((injected.devices[0]!.options as { host: string }).host, 'a, port: 9 }')
})

test('what the environment does not give is a problem, and its values are not shown', async (t) => {
  const text = device('options: { host: "${NOWHERE}", port: "${PORT}" }')
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }, { PORT: 'pssst' }), [
    'bifrost.yaml:5:22 devices[0].options.host: the environment variable NOWHERE is not set; set it, or write ${NOWHERE:-default}',
    'bifrost.yaml:5:42 devices[0].options.port: expected a number, got the value from the environment',
  ])
})

test('a secret comes from a file beside the configuration; in plain text it is warned about', async (t) => {
  const fromFile = await load(t, {
    'bifrost.yaml': device('options: { host: x, passwordFile: lists/pw }'),
    'lists/pw': 'hunter2\n',
  })
  assert.equal((fromFile.devices[0]!.options as { password: string }).password, 'hunter2')
  assert.deepEqual(fromFile.warnings, [])
  const plain = await load(t, { 'bifrost.yaml': device('options: { host: x, password: hunter2 }') })
  assert.match(formatProblem(plain.warnings[0]!), /:5:35 devices\[0\]\.options\.password: a secret in plain text/)
  const both = await problemsOf(t, { 'bifrost.yaml': device('options: { host: x, password: a, passwordFile: none }') })
  assert.match(both.join('\n'), /5:38 .*not both[^]*the file of passwordFile cannot be read/)
})

test('what others can reach wants accounts, and TLS or a word that it ends elsewhere', async (t) => {
  const [problem] = await problemsOf(t, {
    'bifrost.yaml': 'version: 1\nhttp: { listen: 0.0.0.0:8080, access: accounts }\n',
  })
  assert.match(problem!, /^bifrost.yaml:2:17 http.listen: 0.0.0.0 can be reached from the network, and passwords/)
  const open = await problemsOf(t, {
    'bifrost.yaml': 'version: 1\nhttp: { listen: ":80", access: open, plain: true }\n',
  })
  assert.match(open[0]!, /^bifrost.yaml:2:17 http.listen: every address of this machine .* asks nobody who they are/)
  const plain = await load(t, {
    'bifrost.yaml': 'version: 1\nhttp: { listen: ":80", access: accounts, plain: true }\n',
  })
  assert.deepEqual([plain.http?.access, plain.http?.plain], ['accounts', true])
  assert.deepEqual((await load(t, { 'bifrost.yaml': 'version: 1\nhttp: { listen: "[::1]:81" }\n' })).http?.listen, {
    host: '::1',
    port: 81,
  })
  assert.equal((await load(t, { 'bifrost.yaml': 'version: 1\nhttp: { enabled: false }\n' })).http, undefined)
})

test('the environment goes before the file', async (t) => {
  const env = { BIFROST_HTTP_LISTEN: '127.0.0.1:9', BIFROST_DATA: '/var/lib/x', BIFROST_LOG_LEVEL: 'debug' }
  const config = await load(t, { 'bifrost.yaml': 'version: 1\n' }, env)
  assert.deepEqual([config.http?.listen.port, config.data, config.log.level], [9, '/var/lib/x', 'debug'])
  assert.match(
    (await problemsOf(t, { 'bifrost.yaml': 'version: 1\n' }, { BIFROST_LOG_LEVEL: 'warm' }))[0]!,
    /BIFROST_LOG_LEVEL: expected one of .*did you mean warn\?/,
  )
})

test('anchors and merge keys keep their places, a cycle and bad YAML are told', async (t) => {
  const text = `version: 1\ndevices:\n  - &one { name: a, driver: reels, options: { host: x } }\n  - { <<: *one, name: b, evry: 1 }\n`
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }), [
    'bifrost.yaml:4:26 devices[1].evry: unknown key "evry", did you mean "every"?',
  ])
  assert.match(
    (await problemsOf(t, { 'bifrost.yaml': 'version: 1\ndevices: &d [ *d ]\n' }))[0]!,
    /2:15 devices\[0\]: this alias refers to what it is a part of/,
  )
  assert.match(
    (await problemsOf(t, { 'bifrost.yaml': 'version: 1\nversion: 1\n' }))[0]!,
    /^bifrost.yaml:2:1: not YAML: Map keys must be unique/,
  )
  assert.match((await problemsOf(t, { 'bifrost.yaml': '' }))[0]!, /expected a mapping that begins with `version: 1`/)
})

test('a reference inside braces is told to stand in quotes, once', async (t) => {
  const text = device('options: { host: x, port: ${PORT} }')
  assert.deepEqual(await problemsOf(t, { 'bifrost.yaml': text }), [
    'bifrost.yaml:5:32: not YAML: inside { } and [ ] a reference stands in quotes, did you mean "${PORT}"?',
  ])
})

test('a file that is not there', async () => {
  await assert.rejects(
    loadConfig('/nowhere/bifrost.yaml', { drivers: [], sinks: [], env: {} }),
    /\/nowhere\/bifrost.yaml:1:1: there is no such file/,
  )
})

test('a list with nothing but problems ends after a thousand', async (t) => {
  const rows = (address: (at: number) => string) =>
    `name,address,type\n${Array.from({ length: 5000 }, (_, at) => `t${at},${address(at)},int16`).join('\n')}\n`
  const files = { 'bifrost.yaml': device(`${HOST}tags: a.csv`) }
  assert.equal((await problemsOf(t, { ...files, 'a.csv': rows((at) => `x${at}`) })).length, 1001)
  const alike = await problemsOf(t, { ...files, 'a.csv': rows(() => 'x') })
  assert.equal(alike.length, 11, 'the very same ten times, then how often')
  assert.match(alike[9]!, /^a\.csv:11:4 .*; and 990 more like this, the last in line 1001/)
})

test('what the log does at its bound, and how a sink makes up for what it missed, is configured', async (t) => {
  const sinks = 'sinks:\n  - { name: a, sink: post, options: { url: x } }\n'
  const live = '  - { name: b, sink: post, options: { url: x }, replay: { order: live-first, rate: 5000 } }\n'
  const store =
    'store: { sync: each, whenFull: thin-oldest, thinOneIn: 20, trends: { maxSize: 64MiB, maxAge: 730d } }\n'
  const config = await load(t, { 'bifrost.yaml': `version: 1\n${store}${sinks}${live}` })
  assert.deepEqual([config.store.syncEveryMs, config.store.policy, config.store.thinOneIn], [0, 'thin-oldest', 20])
  assert.deepEqual(config.store.trends, { maxBytes: 64 * 2 ** 20, maxAgeMs: 730 * 86_400_000 })
  assert.deepEqual(
    config.sinks.map(({ replay }) => replay),
    [
      { order: 'in-order', makeUpRowsPerSecond: undefined },
      { order: 'live-first', makeUpRowsPerSecond: 5000 },
    ],
  )
})
