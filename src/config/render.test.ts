/** What is written out loads to the same configuration, and shows no secret. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import type { Config } from './config.ts'
import { loadConfig } from './load.ts'
import { renderConfig } from './render.ts'

const ENV = { MQTT_PASSWORD: 'hunter2', SITE: 'oslo', METER_HOST: '10.1.1.1', PORT: '1502' }
const SOURCES = { drivers, sinks, env: ENV }

const CONFIG = `version: 1
data: \${DATA:-./data}
http: { listen: 127.0.0.1:8081, hosts: [gateway.example.com] }
store: { maxAge: 7d }
templates:
  - name: meter
    driver: modbus
    parameters:
      host: {}
      unit: { type: number }
      ratio: { type: number, default: 1 }
    options: { host: "plc-\${param:host}", unit: "\${param:unit}", timeout: 1500ms, proxy: { listen: "127.0.0.1:1502" } }
    every: 90s
    tags:
      - { name: power, address: "ir:12[3]", type: float32, unit: W, scale: "\${param:ratio}", deadband: 2%, low: 0, high: 10 }
      - { name: energy, address: 30073, type: float32, unit: kWh, every: 1500ms, staleAfter: 10m, description: "costs $$" }
      - { name: limit, address: hr:0, type: uint16, writable: true, writeMin: 0, writeMax: 9, writeEvery: 90s, critical: true, swingingDoor: 0.5 }
devices:
  - { template: meter, instances: [{ name: a, unit: 1 }, { name: b, unit: 2, enabled: false }], parameters: { host: x } }
  - name: c
    template: meter
    parameters: { host: "\${METER_HOST}", unit: 3, ratio: 40 }
    options: { port: "\${PORT}", proxy: { maxClients: 2 } }
    tags: [{ name: energy, enabled: false }]
  - { name: plain, driver: simulated, every: 1h, tags: [{ name: s, address: "sine:period=60s,min=1,max=2", type: float64 }] }
sinks:
  - name: plant
    sink: mqtt
    options: { url: "mqtt://broker-\${SITE}", topic: "acme/{device}/{tag}", username: u, password: "\${MQTT_PASSWORD}" }
receive:
  listen: 127.0.0.1:7180
  clients: [{ name: edge-1, token: correct-horse }, { name: edge-2, token: "\${MQTT_PASSWORD}" }]
`

async function render(
  t: TestContext,
  text: string,
  only?: string,
): Promise<{ text: string; before: Config; folder: string }> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, text)
  return { text: await renderConfig(file, SOURCES, only), before: await loadConfig(file, SOURCES), folder }
}

/** What is written in other places is the same. */
function withoutOwners(config: Config) {
  const { file: _file, files: _files, templates: _templates, roles: _roles, warnings: _warnings, ...rest } = config
  const devices = rest.devices.map(({ origin: _origin, tagsOrigin: _tagsOrigin, ...device }) => device)
  return { ...rest, devices, sinks: rest.sinks.map(({ origin: _origin, ...sink }) => sink) }
}

test('a rendered configuration loads to the same configuration', async (t) => {
  const { text, before, folder } = await render(t, CONFIG)
  const again = join(folder, 'rendered.yaml')
  writeFileSync(again, text)
  const after = await loadConfig(again, SOURCES)
  // The token that stood in plain text is blanked.
  const received = { ...before.receive, clients: [{ name: 'edge-1', token: '***' }, before.receive!.clients[1]] }
  assert.deepEqual(withoutOwners(after), { ...withoutOwners(before), receive: received }, text)
  assert.equal(after.devices[0]!.tags.length, 5)
  assert.doesNotMatch(text, /templates:|param:/)
  assert.match(text, /# from \S*bifrost\.yaml:\d+:\d+, template meter \(\S*bifrost\.yaml\)\n/)
})

test('no secret is rendered: references stay, what stands in plain text is blanked', async (t) => {
  const plain = CONFIG.replace('"${MQTT_PASSWORD}"', 'swordfish')
  const { text } = await render(t, plain)
  assert.doesNotMatch(text, /hunter2|swordfish|correct-horse|10\.1\.1\.1|oslo/)
  assert.match((await render(t, CONFIG)).text, /password: \$\{MQTT_PASSWORD\}/)
})

test('one device alone, and the nearest name where there is none', async (t) => {
  const { text } = await render(t, CONFIG, 'c')
  assert.match(text, /name: c\n/)
  assert.doesNotMatch(text, /name: a\n|sinks/)
  await assert.rejects(render(t, CONFIG, 'plian'), { code: 'NOT_FOUND', message: /did you mean plain/ })
})
