/** `bifrost scan` as a process: what it prints where, and its exit codes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { drivers } from '../drivers/index.ts'
import { loadConfig } from '../config/load.ts'
import { systemClock } from '../core/clock.ts'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import { waitingEvents } from '../testing/audit-lines.ts'
import { temporaryFolder } from '../testing/peers.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

/** Not `spawnSync`: the server that is scanned lives in this process. */
function bifrost(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args])
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

async function plant(t: TestContext, discovery: string, devices = '[]', product = 'PX-7') {
  const bank = new RegisterBank({
    holdingRegisters: [{ address: 0, count: 4 }],
    identification: { 0: 'Acme', 1: product },
  })
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  const port = await server.listen(0, '127.0.3.1')
  t.after(() => server.close())
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\n${discovery}devices: ${devices.replace('PORT', `${port}`)}\n`)
  return { server, port, file }
}

test('what is found goes to stdout, as YAML it is a device that loads; progress goes to stderr', async (t) => {
  const { port, file, server } = await plant(t, 'discovery: { networks: [127.0.3.0/29] }\n')
  const args = ['scan', 'modbus', '127.0.3.0/30', '--port', `${port}`, '--unit', '1', '-c', file, '--timeout', '200ms']
  const yaml = await bifrost(...args, '--yaml')
  assert.equal(yaml.code, 0, yaml.err)
  assert.match(yaml.err, /asking 2 addresses at port \d+, read only[^]*1 found/)
  const found = join(temporaryFolder(t), 'found.yaml')
  writeFileSync(found, `version: 1\ndevices:\n${yaml.out}`)
  const config = await loadConfig(found, { drivers, sinks: [], env: {} })
  assert.deepEqual(config.devices[0]!.tags.map(({ settings }) => settings.address), ['hr:0', 'hr:1', 'hr:2', 'hr:3']) // prettier-ignore
  assert.equal(parse(yaml.out)[0].options.host, '127.0.3.1')
  const json = await bifrost(...args, '--json')
  const [device] = JSON.parse(json.out).devices
  assert.deepEqual(device.identity, { vendor: 'Acme', product: 'PX-7' })
  assert.equal(server.stats.connections, 2, 'one a scan')
})

test('a scan is on record beside the writes, before and after; without a data folder there is none', async (t) => {
  const { port, file } = await plant(t, 'discovery: { networks: [127.0.3.0/29] }\n')
  const args = ['scan', 'modbus', '127.0.3.1', '--port', `${port}`, '--unit', '1', '-c', file, '--timeout', '200ms']
  assert.equal((await bifrost(...args)).code, 0)
  const data = join(dirname(file), 'data')
  assert.ok(!existsSync(data), 'a scan makes no data folder')
  mkdirSync(data)
  assert.equal((await bifrost(...args)).code, 0)
  const lines = waitingEvents(data)
  assert.deepEqual(lines.map(({ action, outcome }) => `${action} ${outcome}`), ['scan requested', 'scan 1 found']) // prettier-ignore
  assert.equal(lines[0]!.id, lines[1]!.id)
  assert.match(lines[0]!.what!, new RegExp(`^modbus 127\\.0\\.3\\.1, port ${port}, at most 20 new`))
  assert.match(`${lines[0]!.user} ${lines[0]!.from}`, /^host \S+ command line at \S+$/)
  // A file in the place of the folder: nothing can be written, and it is said.
  rmSync(join(data, 'audit'), { recursive: true })
  writeFileSync(join(data, 'audit'), '')
  const unrecorded = await bifrost(...args)
  assert.equal(unrecorded.code, 0)
  assert.match(unrecorded.err, /the scan is not on record: .*audit/)
})

test('a network that is not allowed is exit 4 and not one connection; nothing found is exit 3; nonsense is exit 2', async (t) => {
  const { port, file, server } = await plant(t, 'discovery: { networks: [127.0.3.4/30] }\n')
  const args = ['--port', `${port}`, '-c', file, '--timeout', '100ms']
  const refused = await bifrost('scan', 'modbus', '127.0.3.1', ...args)
  assert.equal(refused.code, 4)
  assert.match(
    refused.err,
    /127\.0\.3\.1 may not be scanned: allowed are 127\.0\.3\.4\/30[^]*discovery: \{ networks: \[127\.0\.3\.1\] \}/,
  )
  assert.equal((await bifrost('scan', 'modbus', '127.0.3.5', ...args)).code, 3)
  for (const wrong of [
    ['modbus'],
    ['modbus', '127.0.3.5/24'],
    ['simulated', '127.0.3.5'],
    ['modbus', '127.0.3.5', '--unit', '1-300'],
    ['modbus', '127.0.3.5', '--rate', '5-10'],
    ['modbus', '127.0.3.5', '--concurrency', '0'],
  ])
    assert.equal((await bifrost('scan', ...wrong, ...args)).code, 2, wrong.join(' '))
  assert.equal(server.stats.connections, 0)
})

test('without `discovery` nothing may be scanned; a wrong network is file:line:column, exit 78', async (t) => {
  const { file } = await plant(t, '')
  const none = await bifrost('scan', 'modbus', '127.0.3.1', '-c', file)
  assert.equal(none.code, 4)
  assert.match(none.err, /nothing may be scanned yet/)
  writeFileSync(file, 'version: 1\ndiscovery:\n  networks: [10.0.1.5/24]\n')
  const wrong = await bifrost('scan', 'modbus', '127.0.3.1', '-c', file)
  assert.equal(wrong.code, 78)
  assert.match(wrong.err, /bifrost\.yaml:3:14.*within 10\.0\.1\.0\/24/)
})

test('a configured device is not connected to, disabled or not', async (t) => {
  const device = '[{ name: a, driver: modbus, enabled: false, options: { host: 127.0.3.1, port: PORT }, tags: [] }]'
  const { port, file, server } = await plant(t, 'discovery: { networks: [127.0.3.0/24] }\n', device)
  const { code, err } = await bifrost('scan', 'modbus', '127.0.3.1', '--port', `${port}`, '-c', file)
  assert.equal(code, 3)
  assert.match(err, /is left alone: a device of the configuration is there/)
  assert.equal(server.stats.connections, 0)
})

test('what a device says of itself is text: it begins no line of the configuration, and moves no cursor', async (t) => {
  const evil = 'PX\n- name: evil\n  driver: modbus\u001b[2J'
  const { port, file } = await plant(t, 'discovery: { networks: [127.0.3.1] }\n', '[]', evil)
  const args = ['scan', 'modbus', '127.0.3.1', '--port', `${port}`, '--unit', '1', '-c', file, '--timeout', '200ms']
  const yaml = await bifrost(...args, '--yaml')
  assert.equal(parse(yaml.out).length, 1)
  const plain = await bifrost(...args)
  for (const { out } of [yaml, plain])
    assert.match(out, /Acme PX\\u000a- name: evil\\u000a  driver: modbus\\u001b\[2J$/m)
})
