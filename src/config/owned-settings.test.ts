/** Where each setting comes from: a line, a template, a row, the environment, a file of a secret, the default. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { ownedObjects } from './owned-settings.ts'

const FILES = {
  'bifrost.yaml': `version: 1
include: [conf.d/*.yaml]
store: { maxAge: 7d }
templates: [meter.yaml]
devices:
  - name: press
    driver: modbus
    options: { host: "\${HOST}", timeout: 3s }
    every: 250ms
    tags: press.csv
`,
  'press.csv': 'name,address,type,unit\nlevel,hr:0,float32,m\n',
  'meter.yaml':
    'name: meter\nparameters: { host: {} }\ndriver: modbus\noptions: { host: "${param:host}", unit: 7 }\nevery: 5s\ntags: [{ name: p, address: hr:0, type: int16 }]\n',
  'conf.d/meters.yaml': 'devices:\n  - { template: meter, instances: meters.csv }\n',
  'conf.d/meters.csv': 'name,host\nm1,10.0.0.1\n',
  'conf.d/sinks.yaml': `sinks:
  - name: plant
    sink: mqtt
    options: { url: "mqtt://h", topic: "a/{device}/{tag}", username: u, passwordFile: pw }
`,
  'conf.d/pw': 'hidden\n',
}

function shown(t: TestContext, only: string, env: Record<string, string> = {}): Record<string, [unknown, string]> {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const sources = { drivers, sinks, env: { HOST: 'secret-host', ...env } }
  const [object] = ownedObjects(join(folder, 'bifrost.yaml'), sources, only)
  const cut = (text: string) => text.replaceAll(`${folder}/`, '')
  const settings = object!.settings.map(({ setting, value, origin }) => [setting, [value, cut(origin)]] as const)
  assert.doesNotMatch(JSON.stringify(settings), /hidden|secret-host/)
  return { owner: [object!.kind, cut(object!.owner ?? '')], ...Object.fromEntries(settings) }
}

test('a device of a file: what it says, what is default, and a reference as it stands there', (t) => {
  const press = shown(t, 'press')
  assert.deepEqual(press.owner, ['device', 'bifrost.yaml:6'])
  assert.deepEqual(press.driver, ['modbus', 'bifrost.yaml:7:13'])
  assert.deepEqual(press.every, ['250ms', 'bifrost.yaml:9:12'])
  assert.deepEqual(press.enabled, [true, 'default'])
  assert.deepEqual(press['options.host'], ['${HOST}', 'bifrost.yaml:8:22'])
  assert.deepEqual(press['options.timeout'], ['3s', 'bifrost.yaml:8:42'])
  assert.deepEqual(press['options.unit'], [1, 'default'])
  assert.deepEqual(press.tags, [1, 'press.csv:1'])
})

test('a device of a template: its row, and the template', (t) => {
  const meter = shown(t, 'm1')
  assert.deepEqual(meter.owner, ['device', 'conf.d/meters.csv:2'])
  assert.deepEqual(meter['options.host'], [
    '10.0.0.1',
    'conf.d/meters.csv:2:4, options.host of template "meter", at meter.yaml:4:18',
  ])
  assert.deepEqual(meter['options.unit'], [7, 'meter.yaml:4:41, for device "m1", at conf.d/meters.csv:2:1'])
  assert.deepEqual(meter.every, ['5s', 'meter.yaml:5:8, for device "m1", at conf.d/meters.csv:2:1'])
})

test('a sink with a secret from a file, a section with an override, and a tag', (t) => {
  const plant = shown(t, 'plant')
  assert.deepEqual(plant['options.password'], ['***', 'conf.d/sinks.yaml:4:87'])
  assert.deepEqual(plant['replay.order'], ['in-order', 'default'])
  const store = shown(t, 'store')
  assert.deepEqual(
    [store.maxAge, store.maxSize],
    [
      ['7d', 'bifrost.yaml:3:18'],
      ['10GiB', 'default'],
    ],
  )
  assert.deepEqual(shown(t, 'log', { BIFROST_LOG_LEVEL: 'debug' }).level, ['debug', 'environment BIFROST_LOG_LEVEL'])
  assert.deepEqual(shown(t, 'press/level'), {
    owner: ['tag', 'press.csv:2'],
    name: ['level', 'press.csv:2'],
    address: ['hr:0', 'press.csv:2'],
    type: ['float32', 'press.csv:2'],
    unit: ['m', 'press.csv:2'],
    every: ['250ms', 'the device'],
  })
  assert.throws(() => shown(t, 'prss'), /there is no device, sink, section or device\/tag "prss"; did you mean press\?/)
})
