/**
 * Who has no OPC UA pays nothing for it: no module of node-opcua is loaded and no worker is started; who has it pays in a worker thread
 * alone. Told by hooks on every module that a real `bifrost run` loads.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { eventually, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'bifrost')
const HOOKS = new URL('../src/testing/module-watch.ts', import.meta.url).href

function watch(t: TestContext) {
  const file = join(temporaryFolder(t), 'modules.txt')
  const lines = () => readFileSync(file, 'utf8').trim().split('\n')
  return {
    env: { NODE_OPTIONS: `--import=${HOOKS}`, MODULE_WATCH: file },
    modules: (thread: 'main' | 'worker', pattern = /node-opcua/) =>
      lines().filter((line) => line.startsWith(`${thread} `) && pattern.test(line)),
    workers: () => lines().filter((line) => line === 'worker started').length,
  }
}

test('a gateway without OPC UA devices loads no module of node-opcua and starts no worker', async (t) => {
  const { env, modules, workers } = watch(t)
  const device = `{ name: press, driver: modbus, options: { host: 127.0.0.1, port: 1 }, tags: [{ name: level, address: 'hr:0', type: uint16 }] }`
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n  - ${device}\n`, env })
  // What could load it late: the pages and the API that look at every driver.
  assert.equal((await gateway.values()).length, 1)
  await gateway.get('devices')
  assert.equal((await fetch(`${gateway.url}/api/openapi.json`)).status, 200)
  await gateway.stop()
  assert.deepEqual(modules('main'), [])
  assert.deepEqual(modules('worker'), [])
  assert.equal(workers(), 0)
  assert.ok(modules('main', /src\/drivers\/opcua\/driver\.ts/).length > 0, 'the hooks see what is loaded')
})

test('a gateway with an OPC UA device loads node-opcua in one worker and nowhere else', async (t) => {
  const { env, modules, workers } = watch(t)
  const server = await startFaultyServer(t)
  const device = (name: string, how = '') =>
    `{ name: ${name}, driver: opcua, options: { endpoint: '${server.url}', securityPolicy: None }, every: 100ms, tags: [{ name: c, address: '${how}ns=2;s=Counters/0', type: float64 }] }`
  const gateway = await startGatewayProcess(t, {
    yaml: `devices:\n  - ${device('a')}\n  - ${device('b', 'poll ')}\n`,
    env,
  })
  await eventually('values of both', async () => (await gateway.values()).every(({ status }) => status.name === 'Good'), 20_000) // prettier-ignore
  await gateway.get('devices')
  assert.ok(modules('worker').length > 50, 'it is there that it is loaded')
  assert.deepEqual(modules('main'), [])
  assert.equal(workers(), 1, 'one worker for all devices')
  // What the library has to say about it goes nowhere but into the log.
  await server.ask('fault', { service: 'Read', itemStatus: 0x8abc0000 })
  await server.ask('asked', { reset: true })
  await eventually('the server was asked', async () => ((await server.ask<Record<string, number>>('asked')).Read ?? 0) > 4, 20_000) // prettier-ignore
  const strange = gateway.output().trim().split('\n').filter((line) => !line.startsWith('{')) // prettier-ignore
  assert.deepEqual(strange.filter((line) => /StatusCode|node-opcua/i.test(line)), []) // prettier-ignore
  await gateway.stop()
})

test('a command ends the worker that it started, and loads node-opcua nowhere else', async (t) => {
  const { env, modules, workers } = watch(t)
  const server = await startFaultyServer(t)
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\ndevices:\n  - { name: ua, driver: opcua, options: { endpoint: '${server.url}', securityPolicy: None }, tags: [{ name: level, address: 'ns=2;s=Scalars/Int16', type: int16 }] }\n`) // prettier-ignore
  const reading = startProcess(t, LAUNCHER, ['read', '-c', file, 'ua/level'], { env })
  assert.equal((await reading.exited).code, 0, reading.output())
  assert.match(reading.output(), /-32768/)
  assert.equal(workers(), 1)
  assert.deepEqual(modules('main'), [])
  const helping = startProcess(t, LAUNCHER, ['--help'], { env })
  assert.equal((await helping.exited).code, 0)
  assert.equal(workers(), 1)
})
