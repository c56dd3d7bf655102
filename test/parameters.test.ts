/**
 * Parameter sets end to end, as people use them: the command line, a gateway as a process, and devices that nobody here wrote. What a
 * device holds is looked at by others too: mbpoll, and the OPC UA server itself.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { opcua } from '../src/drivers/opcua/driver.ts'
import { needsAsyncua, startAsyncuaServer, type PeerValue } from '../src/testing/asyncua.ts'
import { bifrost, startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { needsPymodbus, peer, PYTHON, run } from '../src/testing/modbus-strangers.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { ANNA, NEVER, parameterSet } from '../src/testing/parameter-rig.ts'
import { eventually, findCommand, freePort, needs, startProcess } from '../src/testing/peers.ts'

const mbpoll = async (port: number, ...args: string[]): Promise<string> => {
  const line = ['-m', 'tcp', '-p', String(port), '-a', '1', '-0', '-1', '-t', '4', ...args]
  const { stdout } = await run(findCommand('mbpoll') ?? 'mbpoll', line, { timeout: 15_000 })
  return stdout
}

/** Holding registers 50 to 53 as mbpoll reads them. */
async function heldBy(port: number): Promise<number[]> {
  const text = await mbpoll(port, '-r', '50', '-c', '4', '127.0.0.1')
  return [...text.matchAll(/^\[\d+\]:\s+(\d+)/gm)].map((match) => Number(match[1]))
}

async function startDrive(t: TestContext): Promise<number> {
  const port = await freePort()
  await startProcess(t, PYTHON, [peer('pymodbus-server.py'), String(port)]).waitFor(/listening/)
  return port
}

const YAML = (port: number, more = 'parameterWrites: true') => `devices:
  - name: drive
    driver: modbus
    options: { host: 127.0.0.1, port: ${port}, unit: 1 }
    tags: [{ name: speed, address: hr:0, type: uint16 }]
    ${more}
    parameterSets:
      - name: motor
        restore: true
        entries: motor.csv
`
const CSV = 'name,address,type,scale,unit\nmax-speed,hr:50,uint16,0.1,Hz\nramp,hr:51,uint16,,s\ngain,hr:52,float32,,\n'

async function startGateway(t: TestContext, yaml: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(t, { yaml, files: { 'motor.csv': CSV } })
  const state = async () => (await gateway.get<{ devices: { state: string }[] }>('devices')).devices[0]!.state
  await eventually('the device runs', async () => (await state()) === 'Running', 20_000)
  return gateway
}

test(
  'save, replace, compare (5), restore, compare (0): a drive of pymodbus, judged by mbpoll',
  { skip: needsPymodbus() || needs('mbpoll') },
  async (t) => {
    const port = await startDrive(t)
    const gateway = await startGateway(t, YAML(port))
    const say = (...args: string[]) => bifrost('parameters', ...args, '--url', gateway.url)
    await mbpoll(port, '-r', '50', '127.0.0.1', '500', '7', '16320', '0')

    const empty = await say('compare', 'drive')
    assert.deepEqual([empty.code, /nothing is stored of drive\/motor yet: save it first/.test(empty.err)], [1, true])
    const saved = await say('save', 'drive', '--reason', 'commissioned')
    assert.deepEqual([saved.code, saved.out], [0, 'saved 3 of 3 parameters as version 1\n'])
    const read = await say('read', 'drive', 'motor')
    assert.deepEqual([read.code, read.out], [0, 'max-speed  50 Hz\nramp       7 s\ngain       1.5\n'])
    assert.equal((await say('compare', 'drive')).code, 0)

    await mbpoll(port, '-r', '50', '127.0.0.1', '0', '7', '0', '0')
    const different = await say('compare', 'drive')
    assert.equal(different.code, 5)
    assert.equal(different.out, 'max-speed  different  50 Hz -> 0 Hz\ngain       different  1.5 -> 0\n')
    const json = JSON.parse((await say('compare', 'drive', '--json')).out) as { differences: number; identity: object }
    assert.equal(json.differences, 2)

    const dry = await say('restore', 'drive')
    assert.deepEqual([dry.code, /2 would be written; say --write/.test(dry.err)], [0, true])
    assert.deepEqual(await heldBy(port), [0, 7, 0, 0], 'a dry run writes nothing')
    const restored = await say('restore', 'drive', '--write', '--reason', 'replaced')
    assert.deepEqual(
      [restored.code, restored.err.includes('2 written; the device holds all of it')],
      [0, true],
      restored.err,
    )
    assert.deepEqual(await heldBy(port), [500, 7, 16320, 0])
    assert.equal((await say('compare', 'drive')).code, 0)

    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    assert.match(metrics, /^bifrost_parameters_different\{device="drive",set="motor"\} 0$/m)
    assert.match(metrics, /^bifrost_parameters_compared_timestamp_seconds\{device="drive",set="motor"\} 1\d{9}/m)
    for (const [args, code, words] of [
      [['restore', 'drive', 'mtoor'], 1, /drive has no parameter set mtoor: it has motor/],
      [['read', 'dirve'], 1, /there is no device dirve/],
      [['compare', 'drive', '--stored', 'two'], 2, /--stored two is no number of a version/],
      [['compare', 'drive', '--stored', '9'], 1, /there is no version 9 of drive\/motor: there are 1/],
    ] as const) {
      const { code: got, err } = await say(...args)
      assert.deepEqual([got, words.test(err)], [code, true], err)
    }
  },
)

test(
  'where the configuration does not allow it nothing is written: exit 4, and mbpoll finds the registers as they were',
  { skip: needsPymodbus() || needs('mbpoll') },
  async (t) => {
    const port = await startDrive(t)
    const gateway = await startGateway(t, YAML(port, 'enabled: true'))
    const say = (...args: string[]) => bifrost('parameters', ...args, '--url', gateway.url)
    assert.equal((await say('save', 'drive')).code, 0)
    await mbpoll(port, '-r', '50', '127.0.0.1', '1', '2', '3', '4')
    for (const args of [
      ['restore', 'drive'],
      ['restore', 'drive', '--write', '--force'],
    ]) {
      const { code, err } = await say(...args)
      assert.deepEqual([code, /parameterWrites: true/.test(err)], [4, true], err)
    }
    assert.deepEqual(await heldBy(port), [1, 2, 3, 4])
  },
)

test(
  'a gateway that is killed leaves what was saved; a stored file that was edited is refused by name',
  { skip: needsPymodbus() },
  async (t) => {
    const port = await startDrive(t)
    const first = await startGateway(t, YAML(port))
    assert.equal((await bifrost('parameters', 'save', 'drive', '--url', first.url)).code, 0)
    await first.stop('SIGKILL')
    const folder = join(first.folder, 'data', 'parameters', 'drive', 'motor')
    assert.deepEqual(readdirSync(folder), ['000001.json'])
    const gateway = await startGatewayProcess(t, { yaml: YAML(port), folder: first.folder })
    await eventually(
      'it compares',
      async () => (await bifrost('parameters', 'compare', 'drive', '--url', gateway.url)).code === 0,
      20_000,
    )
    const path = join(folder, '000001.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"raw":150', '"raw":151'))
    const { code, err } = await bifrost('parameters', 'compare', 'drive', '--url', gateway.url)
    assert.deepEqual([code, /000001\.json is damaged or was edited/.test(err)], [1, true], err)
  },
)

test(
  'an OPC UA server: nodes are saved, restored and read back by the server itself',
  { skip: needsAsyncua() },
  async (t) => {
    const server = await startAsyncuaServer(t, { policies: ['None'], di: true })
    const node = (name: string): string => `ns=2;s=Writable/${name}`
    const set = parameterSet(opcua, [
      { name: 'count', address: node('UInt64'), type: 'uint64' },
      { name: 'gain', address: node('Float'), type: 'float32' },
      { name: 'label', address: node('String'), type: 'string' },
      { name: 'on', address: node('Boolean'), type: 'bool' },
      { name: 'fixed', address: 'ns=2;s=ReadOnly', type: 'int32', readOnly: true },
    ])
    const { gateway, device } = await startOpcuaRig(t, server.url, [{ name: 'ns=2;s=Analog' }], {}, 1000, {
      parameters: { writes: true, sets: [set] },
    })
    await eventually('the device runs', () => device.state === 'Running', 20_000)
    const held = async (name: string) => (await server.ask<PeerValue>('get', { node: `Writable/${name}` })).value
    const put = (name: string, value: unknown) => server.ask('set', { node: `Writable/${name}`, value, type: name })
    const names = ['UInt64', 'Float', 'String', 'Boolean']
    const before = new Map(await Promise.all(names.map(async (name) => [name, await held(name)] as const)))
    const { saved } = await gateway.parameters.save('ua', 'motor', { ...ANNA, partial: false }, NEVER)
    assert.deepEqual([saved.parameters, saved.unreadable], [5, 0])
    assert.deepEqual([saved.identity.vendor, saved.identity.product], ['Acme', 'P-200'], 'the device, not the server')
    await put('Float', 7.5)
    await put('String', 'new')
    await put('Boolean', before.get('Boolean') !== true)
    const { parameters } = await gateway.parameters.compare('ua', 'motor', undefined, NEVER)
    const states = (all: readonly { name: string; state: string }[]) => all.map(({ name, state }) => `${name} ${state}`)
    assert.deepEqual(states(parameters), [
      'count equal',
      'gain different',
      'label different',
      'on different',
      'fixed equal',
    ])
    const done = await gateway.parameters.restore('ua', 'motor', { ...ANNA, dryRun: false, force: false }, NEVER)
    assert.deepEqual(states(done.parameters), [
      'count equal',
      'gain written',
      'label written',
      'on written',
      'fixed equal',
    ])
    assert.equal(done.outcome, 'restored')
    for (const [name, value] of before) assert.deepEqual(await held(name), value, name)
  },
)
