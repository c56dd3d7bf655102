/** Configurations that cannot be edited as they are: each is answered with file and line, and no file is touched. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { GatewayError } from '../../core/errors.ts'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { withoutFolder } from '../../testing/config-rig.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { editConfig } from './edit-config.ts'
import { CsvEdit } from './csv-edit.ts'
import type { ConfigEdit } from './object-name.ts'
import { writeChanges } from './write-changes.ts'

const PRESS =
  '  - { name: press, driver: modbus, options: { host: h }, tags: [{ name: a, address: hr:0, type: int16 }] }\n'
const MAIN = `version: 1\ninclude: [conf.d/*.yaml]\ndevices:\n${PRESS}`
const EVERY: ConfigEdit = { do: 'set', object: { kind: 'device', name: 'press' }, setting: ['every'], value: '5s' }

/** Everything below a folder, with times: what was replaced by the same bytes shows too. */
const snapshot = (folder: string): [string, string, number][] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'latin1'), statSync(join(folder, name)).mtimeMs])

/** The answer to an edit, as code and sentence; nothing may have changed. */
async function answer(t: TestContext, files: Record<string, string>, edit = EVERY): Promise<string> {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const before = snapshot(folder)
  const error = await editConfig(join(folder, 'bifrost.yaml'), [edit], {
    drivers,
    sinks,
    env: {},
    containerSecrets: folder,
  })
    .then(({ changes }) => writeChanges(changes))
    .then(
      () => assert.fail('it is written'),
      (caught: unknown) => caught,
    )
  assert.ok(error instanceof GatewayError, String(error))
  assert.deepEqual(snapshot(folder), before)
  return withoutFolder(`${error.code} ${error.message.split('\n')[1] ?? error.message}`)
}

test('broken YAML in a file that is not even meant', async (t) => {
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN, 'conf.d/b.yaml': 'devices:\n  - { name: b\n' }),
    /^CONFIG_INVALID conf\.d\/b\.yaml:3:1: not YAML: /,
  )
})

test('a file that was not written to its end', async (t) => {
  const half = `${MAIN.slice(0, -10)}\0\0\0\0`
  assert.match(
    await answer(t, { 'bifrost.yaml': half }),
    /^CONFIG_INVALID bifrost\.yaml:4:\d+: this file holds a NUL byte/,
  )
})

test('cyclic includes', async (t) => {
  assert.equal(
    await answer(t, { 'bifrost.yaml': MAIN, 'conf.d/b.yaml': 'include: ../bifrost.yaml\n' }),
    'CONFIG_INVALID conf.d/b.yaml:1:10 include: bifrost.yaml includes itself: bifrost.yaml → b.yaml → bifrost.yaml',
  )
})

test('a template without its parameter', async (t) => {
  const files = {
    'bifrost.yaml': MAIN,
    'conf.d/b.yaml': 'templates: [m.yaml]\ndevices: [{ name: m, template: m }]\n',
    'conf.d/m.yaml.txt': '',
    'm.yaml': '',
  }
  const template =
    'templates:\n  - { name: m, parameters: { host: {} }, driver: modbus, options: { host: "${param:host}" }, tags: [] }\n'
  assert.match(
    await answer(t, { ...files, 'conf.d/b.yaml': `${template}devices: [{ name: m, template: m }]\n` }),
    /^CONFIG_INVALID conf\.d\/b\.yaml:3:11 devices\[0\]: the parameter "host" is missing/,
  )
})

test('a secret that is missing, and a variable that is not set', async (t) => {
  const sink = (password: string) =>
    `sinks: [{ name: p, sink: mqtt, options: { url: "mqtt://h", topic: "{device}/{tag}", username: u, password: "${password}" } }]\n`
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN, 'conf.d/s.yaml': sink('${secret:mqtt}') }),
    /^CONFIG_INVALID conf\.d\/s\.yaml:1:\d+ sinks\[0\]\.options\.password: there is no secret "mqtt": looked in /,
  )
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN, 'conf.d/s.yaml': sink('${NOT_SET}') }),
    /^CONFIG_INVALID conf\.d\/s\.yaml:1:\d+ .*NOT_SET is not set/,
  )
})

test('a new value that brings a secret or a variable which is not there, or a device that is there already', async (t) => {
  const set = (value: string): ConfigEdit => ({
    do: 'set',
    object: { kind: 'device', name: 'press' },
    setting: ['options', 'host'],
    value,
  })
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN }, set('${NOT_SET}')),
    /^CONFIG_INVALID bifrost\.yaml:4:\d+ .*NOT_SET is not set/,
  )
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN }, set('${secret:../../etc/passwd}')),
    /^CONFIG_INVALID bifrost\.yaml:4:\d+ .*is no name of a secret/,
  )
  const twice: ConfigEdit = {
    do: 'add',
    kind: 'device',
    entry: { name: 'press', driver: 'modbus', options: { host: 'h' } },
  }
  assert.match(
    await answer(t, { 'bifrost.yaml': MAIN }, twice),
    /^CONFIG_INVALID conf\.d\/ui\.yaml:3:11 devices\[0\]\.name: the device "press" exists already, at bifrost\.yaml:4:13/,
  )
})

test('a value never adds structure: what looks like YAML or CSV is a text', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(
    file,
    'version: 1\ndevices:\n  - name: press\n    driver: modbus\n    options: { host: h }\n    tags: t.csv\n',
  )
  writeFileSync(join(folder, 't.csv'), 'name,address,type,description\na,hr:0,int16,x\n')
  const evil = 'x" }\n  - { name: evil, driver: modbus }\r\nb,hr:1,int16,"y'
  const { config, changes } = await editConfig(
    file,
    [
      { do: 'set', object: { kind: 'tag', device: 'press', name: 'a' }, setting: ['description'], value: evil },
      { do: 'set', object: { kind: 'device', name: 'press' }, setting: ['area'], value: 'hall # 1: {a}, [b] & c' },
    ],
    { drivers, sinks, env: {} },
  )
  assert.deepEqual(
    config.devices.map(({ name, area }) => [name, area]),
    [['press', 'hall # 1: {a}, [b] & c']],
  )
  assert.deepEqual(
    config.devices[0]!.tags.map(({ settings }) => [settings.name, settings.description]),
    [['a', evil]],
  )
  assert.equal(changes.length, 2)
})

test('a list without names, or that is no CSV, is left alone', () => {
  for (const text of ['', 'address,type\nhr:0,int16\n', 'name,address\n"a,hr:0\n', 'name,address\ra,hr:0\r'])
    assert.throws(() => new CsvEdit(text, 't.csv'), {
      code: 'CONFLICT',
      message: /^t\.csv:1: this is no CSV file with a column "name"/,
    })
})
