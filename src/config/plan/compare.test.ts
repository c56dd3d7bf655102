/** What differs between two configurations, told by device, tag, sink and section; never a secret. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { loadFiles } from '../../testing/config-rig.ts'
import { compareConfigs, countDifferences } from './compare.ts'
import { differenceLines } from './plan-lines.ts'
import { differingOptions } from './shown-options.ts'

const BEFORE = `version: 1
store: { maxSize: 1GiB }
devices:
  - { name: a, driver: modbus, options: { host: h, timeout: 2s }, tags: a.csv }
  - { name: gone, driver: modbus, options: { host: h2 }, tags: a.csv }
sinks:
  - { name: plant, sink: mqtt, options: { url: "mqtt://h", topic: "a/{device}/{tag}", username: u, password: hidden1 } }
`
const CSV = 'name,address,type,unit,deadband,low,high\nlevel,hr:0,float32,m,2%,0,10\nold,hr:2,int16,,,,\n'

async function lines(t: TestContext, before: Record<string, string>, after: Record<string, string>, env = {}) {
  const [a, b] = [await loadFiles(t, before, { env }), await loadFiles(t, after, { env })]
  return differenceLines(compareConfigs({ ...a, data: '', file: '' }, { ...b, data: '', file: '' }))
}

test('the same configuration has no differences, however it is written', async (t) => {
  const block = `version: 1
include: [more.yaml]
store: { maxSize: 1024MiB }   # the same
devices:
  - name: a
    driver: modbus
    options: { timeout: 2000, host: h, port: 502, unit: 1 }
    every: 1000ms
    tags:
      - { name: level, address: hr:0, type: float32, unit: m, deadband: 2%, low: 0, high: 10 }
      - { name: old, address: hr:2, type: int16 }
`
  const more = BEFORE.slice(BEFORE.indexOf('sinks:'))
  const after = { 'bifrost.yaml': block, 'more.yaml': more }
  const before = BEFORE.replace(/.*gone.*\n/, '').replace('timeout: 2s', 'port: 502, timeout: 2s')
  assert.deepEqual(await lines(t, { 'bifrost.yaml': before, 'a.csv': CSV }, after), [])
})

test('each object that comes, changes and goes, with every setting before and after', async (t) => {
  const after = BEFORE.replace('1GiB', '2GiB')
    .replace(/.*gone.*\n/, '  - { name: new, driver: simulated, tags: [{ name: s, address: sine, type: float64 }] }\n')
    .replace('timeout: 2s }', 'timeout: 5s, unit: 3 }, every: 5s')
    .replace('topic: "a/', 'qos: 0, topic: "b/')
  const csv = 'name,address,type,unit,deadband,low,high\nlevel,hr:0,float32,cm,,0,10\nnew,hr:4,int16,,,,\n'
  const found = await lines(t, { 'bifrost.yaml': BEFORE, 'a.csv': CSV }, { 'bifrost.yaml': after, 'a.csv': csv })
  assert.deepEqual(found, [
    '~ device a',
    '    every: 1s → 5s',
    '    options.unit: 1 → 3',
    '    options.timeout: 2s → 5s',
    '~ tag a/level',
    '    unit: m → cm',
    '    deadband: 2% → (not set)',
    '+ tag a/new (address hr:4, type int16)',
    '- tag a/old (address hr:2, type int16)',
    '+ device new (driver simulated, tags 1)',
    '- device gone (driver modbus, tags 2)',
    '~ sink plant',
    '    options.topic: a/{device}/{tag} → b/{device}/{tag}',
    '    options.qos: (not set) → 0',
    '~ section store',
    '    maxSize: 1GiB → 2GiB',
  ])
})

test('a secret that differs is told and not shown, nor is what came from the environment', async (t) => {
  const after = BEFORE.replace('hidden1', 'hidden2')

    .replace('host: h,', 'host: "${HOST}",')
  const env = { HOST: 'from-outside' }
  const found = await lines(t, { 'bifrost.yaml': BEFORE, 'a.csv': CSV }, { 'bifrost.yaml': after, 'a.csv': CSV }, env)
  assert.deepEqual(found, [
    '~ device a',
    '    options.host: h → ***',
    '~ sink plant',
    '    options.password: differs (kept secret)',
  ])
  assert.doesNotMatch(JSON.stringify(found), /hidden|from-outside/)
})

test('counts, and 100,000 tags of which one differs', async (t) => {
  const rows = Array.from({ length: 100_000 }, (_, at) => `t${at},r:${at},float32\n`)
  const csv = (all: readonly string[]) => `name,address,type\n${all.join('')}`
  const yaml = 'version: 1\ndevices: [{ name: a, driver: simulated, tags: a.csv }]\n'
  const cell = rows.map((row) => row.replace(/r:\d+/, 'sine'))
  const changed = cell.with(77_777, 't77777,square,float32\n')
  const [a, b] = [
    await loadFiles(t, { 'bifrost.yaml': yaml, 'a.csv': csv(cell) }),
    await loadFiles(t, { 'bifrost.yaml': yaml, 'a.csv': csv(changed) }),
  ]
  const differences = compareConfigs(a, { ...b, data: a.data })
  assert.deepEqual(countDifferences(differences), { added: 0, changed: 1, removed: 0 })
  assert.deepEqual(differences[0], {
    sign: '~',
    kind: 'tag',
    name: 'a/t77777',
    changes: [{ setting: 'address', before: 'sine', after: 'square' }],
  })
})

test('passwords in URLs and what only looks like a secret are not shown either', () => {
  const side = (word: string) => ({
    schema: z.object({ url: z.string(), headers: z.record(z.string(), z.string()), wait: duration() }),
    options: { url: `redis://u:${word}@h`, headers: { 'X-Token': word, Accept: word }, wait: word.length * 1500 },
    outside: [],
  })
  assert.deepEqual(differingOptions(side('first'), side('second')), [
    { setting: 'url', before: 'redis://u:***@h', after: 'redis://u:***@h' },
    { setting: 'headers.X-Token', before: '***', after: '***' },
    { setting: 'headers.Accept', before: 'first', after: 'second' },
    { setting: 'wait', before: '7500ms', after: '9s' },
  ])
})

test('a net of aliases with a value from the environment costs no more than its text', async (t) => {
  const steps = Array.from({ length: 40 }, (_, at) => `  - &a${at + 1} { x: *a${at}, y: *a${at} }\n`)
  const yaml = `version: 1\ndevices: [{ name: a, driver: modbus, options: { host: h, proxy: *a40 } }]\n`
  const net = `nets:\n  - &a0 { z: "\${HOST}" }\n${steps.join('')}`
  const start = performance.now()
  await assert.rejects(loadFiles(t, { 'bifrost.yaml': `${net}${yaml}` }, { env: { HOST: 'h' } }), {
    code: 'CONFIG_INVALID',
  })
  assert.ok(performance.now() - start < 30_000)
})
