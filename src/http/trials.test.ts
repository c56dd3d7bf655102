/** A device that is not configured: its values tag by tag, its registers and its address space; and that nothing of it stays. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { addressRanges } from '../core/address-range.ts'
import { startFaultyServer } from '../testing/opcua-faulty-server.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { startPlant } from '../testing/people.ts'
import { eventually, freePort } from '../testing/peers.ts'

interface Value {
  readonly index: number
  readonly name: string
  readonly type: string | null
  readonly value: unknown
  readonly rawValue: unknown
  readonly status: { readonly name: string } | null
  readonly reason: string | null
  readonly raw: string | null
  readonly faults: readonly { readonly column: string; readonly message: string }[]
}

const PREVIEW = '/api/v1/connections/preview'
const tool = (name: string): string => `/api/v1/connections/tools/${name}`

async function started(t: TestContext, sketch: object = {}) {
  const plant = await startPlant(t, { sketch })
  const anna = await plant.person('anna', 'engineer')
  const post = (path: string, body: object) => plant.ask(path, anna, plant.body('POST', body))
  const preview = async (body: object) => {
    const answer = await post(PREVIEW, body)
    assert.equal(answer.status, 200, await answer.clone().text())
    return ((await answer.json()) as { values: Value[] }).values
  }
  const run = async <T>(name: string, body: object): Promise<T> => {
    const answer = await post(tool(name), body)
    assert.equal(answer.status, 200, await answer.clone().text())
    return (await answer.json()) as T
  }
  const refused = async (path: string, body: object) => {
    const answer = await post(path, body)
    const { code, detail, errors = [] } = (await answer.json()) as { code: string; detail: string; errors?: { pointer: string }[] } // prettier-ignore
    return { code, detail, pointer: errors[0]?.pointer }
  }
  const tried = async () => {
    const { lines } = await plant.gateway.audit.query({ action: 'connection.try', limit: 50 })
    return lines.map(({ user, object, details }) => `${user} ${object} ${(details as { what: string }).what}`)
  }
  return { plant, post, preview, run, refused, tried }
}

test('each tag for itself: value, type, scale, raw registers, and what is wrong with the others', async (t) => {
  const { preview, tried } = await started(t)
  const { options, bank, server } = await startDevice(t)
  bank.holdingRegisters.set(10, 0x42f6)
  bank.holdingRegisters.set(11, 0xe979)
  const values = await preview({
    driver: 'modbus',
    options,
    tags: [
      { address: 'hr:7' },
      { name: 'volts', address: 'hr:10', type: 'float32', scale: 2 },
      { name: 'gone', address: 'hr:700', type: 'uint16' },
      { name: 'typo', adress: 'hr:1' },
      { name: 'odd', address: 'hr:1', type: 'flot32' },
      { address: 'co:3' },
      { name: 'row', address: 'hr:20[3]', type: 'uint16' },
    ],
  })
  assert.deepEqual(values.map(({ index, name, type, value, raw }) => [index, name, type, value, raw]), [
    [0, 'hr:7', 'uint16', 7, '0007'],
    [1, 'volts', 'float32', values[1]!.value, '42F6E979'],
    [2, 'gone', 'uint16', null, null],
    [3, 'typo', null, null, null],
    [4, 'odd', null, null, null],
    [5, 'co:3', 'bool', false, '00'],
    [6, 'row[0]', 'uint16', 20, '0014'],
    [6, 'row[1]', 'uint16', 21, '0015'],
    [6, 'row[2]', 'uint16', 22, '0016'],
  ]) // prettier-ignore
  assert.ok(Math.abs(Number(values[1]!.value) - 246.912) < 0.001)
  assert.ok(Math.abs(Number(values[1]!.rawValue) - 123.456) < 0.001)
  assert.match(values[2]!.status!.name, /^Bad/)
  assert.match(values[2]!.reason!, /./)
  assert.match(values[3]!.reason!, /unknown key "adress", did you mean "address"/)
  assert.deepEqual([values[4]!.faults[0]!.column, values[4]!.status], ['type', null])
  assert.match(values[4]!.faults[0]!.message, /did you mean "float32"/)
  assert.deepEqual(await tried(), [`anna network 127.0.0.1:${server.port} unit 1 modbus preview of 7 tags`])
})

test('registers, byte order and identity; one connection serves whoever comes again, and ends when a device is configured', async (t) => {
  const { plant, run, tried } = await started(t)
  const { options, server } = await startDevice(t)
  const grid = await run<{ rows: { hex?: string; refused?: string }[] }>('dump', { driver: 'modbus', options, input: { address: 'hr:98', count: 4 } }) // prettier-ignore
  assert.deepEqual(grid.rows.slice(0, 2).map(({ hex }) => hex), ['0062', '0063']) // prettier-ignore
  assert.match(grid.rows[2]!.refused!, /exception 02/)
  const found = await run<{ hex: string; findings: { type: string; order: string; value: unknown; score: number }[] }>('detect', { driver: 'modbus', options, input: { address: 'hr:10' } }) // prettier-ignore
  assert.equal(found.hex, '000A 000B 000C 000D')
  assert.ok(found.findings.length > 10)
  for (const { type, order, score } of found.findings) assert.ok(type !== '' && order !== '' && score >= 0)
  const { objects } = await run<{ objects: { text: string }[] }>('identify', { driver: 'modbus', options })
  assert.equal(objects[0]!.text, 'Acme')
  assert.equal(server.connections, 1)
  assert.equal((await tried()).length, 1)
  await plant.gateway.change(plant.gateway.config)
  // Well before the connection would end by itself.
  await eventually('the connection ends', () => server.connections === 0, 5000)
})

test('what is wrong is pointed at, and what cannot be reached says why; no other may use the connection', async (t) => {
  const { plant, refused } = await started(t)
  const { options } = await startDevice(t)
  const device = { driver: 'modbus', options }
  const dead = { driver: 'modbus', options: { host: '127.0.0.1', port: await freePort(), timeout: '200ms' } }
  const cases = [
    [PREVIEW, { ...device, tags: [] }, 'INVALID_REQUEST', '#/tags'],
    [PREVIEW, { driver: 'modbuss', tags: [{ address: 'hr:0' }] }, 'INVALID_REQUEST', '#/driver'],
    [PREVIEW, { ...dead, tags: [{ address: 'hr:0' }] }, 'NOT_CONNECTED', undefined],
    [tool('dump'), { ...device, input: { address: 'zz:1' } }, 'INVALID_REQUEST', '#/address'],
    [tool('dump'), { ...device, input: { count: 0 } }, 'INVALID_REQUEST', '#/input/address'],
    [tool('dump'), { ...device, options: { unitt: 3 } }, 'INVALID_REQUEST', '#/options'],
    [tool('forget'), device, 'NOT_FOUND', undefined],
    [tool('guess'), device, 'NOT_FOUND', undefined],
    [tool('dump'), { ...dead, input: { address: 'hr:0' } }, 'NOT_CONNECTED', undefined],
  ] as const
  for (const [path, body, code, pointer] of cases) {
    const told = await refused(path, body)
    assert.deepEqual([told.code, told.pointer], [code, pointer], `${path} ${JSON.stringify(body)} ${told.detail}`)
  }
  const crew = await plant.person('carl', 'press-crew')
  for (const [path, more] of [
    [PREVIEW, { tags: [{ address: 'hr:0' }] }],
    [tool('dump'), { input: { address: 'hr:0' } }],
  ] as const)
    assert.equal((await plant.ask(path, crew, plant.body('POST', { ...device, ...more }))).status, 403)
})

test('only what may be dialled, and no longer than the time that there is', async (t) => {
  const device = await startDevice(t)
  const { refused } = await started(t, { network: { allow: [], deny: addressRanges('127.0.0.1/32') } })
  for (const [driver, options, name, input] of [
    ['modbus', device.options, 'dump', { address: 'hr:0' }],
    ['opcua', { endpoint: `opc.tcp://127.0.0.1:${String(device.options.port)}`, securityPolicy: 'None' }, 'browse', {}],
    [
      'opcua',
      { endpoint: `opc.tcp://127.0.0.1:${String(device.options.port)}`, securityPolicy: 'None' },
      'endpoints',
      {},
    ],
  ] as const) {
    const { code, detail } = await refused(tool(name), { driver, options, input })
    assert.equal(code, 'NOT_CONNECTED', detail)
    assert.match(detail, /network\.deny/)
  }
  assert.deepEqual(device.requests, [])
  const open = await started(t)
  device.fault = () => ({ silent: true })
  const slow = { driver: 'modbus', options: { ...device.options, timeout: '20s' }, timeout: 400 }
  assert.equal((await open.refused(tool('dump'), { ...slow, input: { address: 'hr:0' } })).code, 'TIMEOUT')
})

test('OPC UA: a tree is walked in one session; a certificate is never trusted by a look, whatever the options say', async (t) => {
  const server = await startFaultyServer(t, { wide: { folders: 3, each: 2 } })
  const { plant, run, preview, refused } = await started(t)
  const device = { driver: 'opcua', options: { endpoint: server.url, securityPolicy: 'None' } }
  const browse = async (node?: string) =>
    (await run<{ nodes: { node: string; displayName: string }[] }>('browse', { ...device, input: node === undefined ? {} : { node } })).nodes // prettier-ignore
  const times: number[] = []
  const timed = async (node?: string) => {
    const at = performance.now()
    const nodes = await browse(node)
    times.push(Math.round(performance.now() - at))
    return nodes
  }
  assert.ok((await timed()).some(({ displayName }) => displayName === 'Server'))
  const [first, second] = await timed('ns=2;s=Wide/0')
  assert.match(second!.node, /s=Wide\/0\/1$/)
  t.diagnostic(`browse took ${times.join(', ')} ms`)
  assert.equal((await server.ask<{ sessions: number }>('sessions')).sessions, 1)
  const values = await preview({
    ...device,
    tags: [{ name: 'one', address: first!.node }, { address: 'ns=2;s=Nowhere' }],
  })
  assert.deepEqual(values.map(({ type }) => type)[0], 'float64')
  assert.equal(values[0]!.status!.name, 'Good')
  assert.match(values[1]!.status!.name, /^BadNodeId/)

  const secure = {
    driver: 'opcua',
    options: { endpoint: server.url, securityPolicy: 'Basic256Sha256', trustOnFirstUse: true },
  }
  const { code } = await refused(tool('identify'), secure)
  assert.equal(code, 'ACCESS_REFUSED')
  const { certificates } = await plant.json<{ certificates: { state: string }[] }>('/api/v1/certificates', await plant.person('ed', 'engineer')) // prettier-ignore
  assert.deepEqual(certificates.map(({ state }) => state).sort(), ['own', 'rejected'])
})
