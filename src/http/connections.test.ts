/** A device is tried before it is configured: at which stage it fails, why, and that nothing of it stays. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { addressRanges } from '../core/address-range.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { startPlant, type Plant } from '../testing/people.ts'
import { freePort, temporaryFolder } from '../testing/peers.ts'

interface Stage {
  readonly stage: string
  readonly result: string
  readonly ms: number | null
  readonly detail: string | null
  readonly help: string | null
  readonly found?: unknown
}

const PATH = '/api/v1/connections/test'

async function started(t: TestContext, sketch: object = {}) {
  const plant = await startPlant(t, { sketch })
  const anna = await plant.person('anna', 'admin')
  const tryIt = async (body: object) => {
    const answer = await plant.ask(PATH, anna, plant.body('POST', body))
    assert.equal(answer.status, 200, await answer.clone().text())
    const { ok, stages } = (await answer.json()) as { ok: boolean; stages: Stage[] }
    const of = (name: string) => stages.find(({ stage }) => stage === name)!
    return { ok, stages, of, results: stages.map(({ stage, result }) => `${stage} ${result}`).join(', ') }
  }
  return { plant, anna, tryIt }
}

/** Takes connections and says nothing, or what `onSocket` says. */
async function listening(t: TestContext, onSocket: (socket: Socket) => void = () => undefined): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const stateOf = async (plant: Plant) => {
  const devices = plant.gateway.polling.devices.map(({ name }) => name)
  const metrics = await (
    await plant.ask('/metrics', await plant.token(`m-${Math.random()}`, { permissions: ['view'] }))
  ).text()
  return { devices, series: metrics.match(/^bifrost_device_[^\n]*connection test/gm) }
}

test('a Modbus device: every stage with its time, by name and by address, and a first value; nothing of it stays', async (t) => {
  const { plant, tryIt } = await started(t)
  const device = await startDevice(t)
  const byAddress = await tryIt({ driver: 'modbus', options: device.options, address: 'hr:7' })
  assert.equal(byAddress.results, 'dns skipped, tcp ok, tls skipped, session ok, read ok')
  assert.equal(byAddress.of('read').detail, '7 (Good)')
  const identity = { vendor: 'Acme', product: 'PX-7', firmware: 'v2.1' }
  assert.deepEqual(byAddress.of('read').found, { identity, value: { value: 7, type: 'uint16', status: 'Good' } })
  assert.ok(byAddress.of('tcp').ms! >= 0)
  const byName = await tryIt({
    driver: 'modbus',
    options: { ...device.options, host: 'localhost' },
    address: 'hr:8',
    type: 'int16',
  })
  assert.equal(byName.results, 'dns ok, tcp ok, tls skipped, session ok, read ok')
  const asked = await tryIt({ driver: 'modbus', options: device.options })
  assert.match(asked.of('read').detail!, /Acme PX-7/)
  assert.deepEqual(asked.of('read').found, { identity })
  assert.deepEqual(await stateOf(plant), { devices: ['press-1', 'press-2', 'oven'], series: null })
})

test('what fails says where, why and what to do; what comes after is not reached', async (t) => {
  const { tryIt } = await started(t)
  const device = await startDevice(t)
  const modbus = (options: object, more: object = {}) =>
    tryIt({ driver: 'modbus', options: { ...device.options, ...options }, address: 'hr:7', ...more })

  const nobody = await modbus({ port: await freePort() })
  assert.equal(nobody.ok, false)
  assert.equal(nobody.results, 'dns skipped, tcp failed, tls not-reached, session not-reached, read not-reached')
  assert.match(nobody.of('tcp').detail!, /refused the connection; nothing listens on this port/)
  assert.match(nobody.of('tcp').help!, /Check power, cable, address and port/)

  const unknown = await modbus({ host: 'there-is-none.invalid' })
  assert.equal(unknown.results, 'dns failed, tcp not-reached, tls not-reached, session not-reached, read not-reached')
  assert.match(unknown.of('dns').detail!, /name/)

  const refused = await modbus({}, { address: 'hr:700' })
  assert.equal(refused.results, 'dns skipped, tcp ok, tls skipped, session ok, read failed')
  assert.match(refused.of('read').detail!, /Bad/)
  assert.match(refused.of('read').help!, /manual/)

  const silent = await modbus({ port: await listening(t) }, { timeout: '3s' })
  assert.equal(silent.of('tcp').result, 'ok')
  assert.equal(silent.of('read').result, 'failed')

  const startedAt = Date.now()
  const slow = await modbus({ port: await listening(t), timeout: '20s' }, { timeout: 300 })
  assert.match(slow.of('read').detail!, /did not end in the time/)
  assert.ok(Date.now() - startedAt < 5000)
})

test('TLS: an authority that is not known, and one that is', async (t) => {
  const { tryIt } = await started(t)
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const pair = createCertificate(folder, 'plc', authority, '127.0.0.1')
  const server = createTlsServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (socket) => socket.on('error', () => undefined).destroy()) // prettier-ignore
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const options = { transport: 'tls', host: '127.0.0.1', port }
  const stranger = await tryIt({ driver: 'modbus', options })
  assert.equal(stranger.results, 'dns skipped, tcp ok, tls failed, session not-reached, read not-reached')
  assert.match(stranger.of('tls').detail!, /authority is unknown/)
  const known = await tryIt({ driver: 'modbus', options: { ...options, tls: { ca: authority.cert } } })
  assert.equal(known.of('tls').result, 'ok')
  const none = await tryIt({ driver: 'modbus', options: { ...options, tls: { ca: `${folder}/none.pem` } } })
  assert.match(none.stages.find(({ result }) => result === 'failed')!.detail!, /none\.pem/)
})

test('only what may be dialled: network.deny holds here, too, before anything is sent', async (t) => {
  const device = await startDevice(t)
  const { tryIt } = await started(t, { network: { allow: [], deny: addressRanges('127.0.0.1/32') } })
  for (const [driver, options] of [
    ['modbus', device.options],
    ['opcua', { endpoint: `opc.tcp://127.0.0.1:${String(device.options.port)}`, securityPolicy: 'None' }],
  ] as const) {
    const { stages, ok } = await tryIt({ driver, options })
    const failed = stages.find(({ result }) => result === 'failed')!
    assert.equal(ok, false)
    assert.equal(failed.stage, 'tcp')
    assert.match(failed.detail!, /may not be dialled: 127\.0\.0\.1 is among network\.deny/)
    assert.match(failed.help!, /network\.allow/)
  }
  assert.deepEqual(device.requests, [])
})

test('OPC UA: a port where nothing listens, and one that speaks something else', async (t) => {
  const { tryIt } = await started(t)
  const options = (port: number) => ({ endpoint: `opc.tcp://127.0.0.1:${port}`, securityPolicy: 'None' })
  const nobody = await tryIt({ driver: 'opcua', options: options(await freePort()) })
  assert.equal(nobody.results, 'dns skipped, tcp failed, tls not-reached, session not-reached, read not-reached')
  const web = await listening(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const other = await tryIt({ driver: 'opcua', options: options(web) })
  assert.equal(other.results, 'dns skipped, tcp ok, tls skipped, session failed, read not-reached')
  assert.match(other.of('session').help!, /speaks the protocol/)
})

test('a device that needs no network, as lines of NDJSON; wrong options, drivers and addresses are pointed at', async (t) => {
  const { plant, anna } = await started(t)
  const body = { driver: 'simulated', address: 'constant:value=5', type: 'float64' }
  const answer = await plant.ask(PATH, { ...anna, accept: 'application/x-ndjson' }, plant.body('POST', body))
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  const lines = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Stage)
  assert.deepEqual(lines.map(({ stage, result }) => `${stage} ${result}`), ['dns skipped', 'tcp skipped', 'tls skipped', 'session ok', 'read ok']) // prettier-ignore
  for (const [wrong, pointer, detail] of [
    [{ driver: 'modbuss' }, '#/driver', /there is no driver modbuss; there are/],
    [{ driver: 'modbus', options: { prot: 1 } }, '#/options', /prot/],
    [{ driver: 'modbus', options: { host: 'a' }, address: 'xx:1' }, '#/address', /xx:1/],
    [{ driver: 'modbus', options: { host: 'a' }, address: 'hr:65535', type: 'float32' }, '#/address', /./],
  ] as const) {
    const refused = await plant.ask(PATH, anna, plant.body('POST', wrong))
    assert.equal(refused.status, 400)
    const { errors } = (await refused.json()) as { errors: { pointer: string; detail: string }[] }
    assert.ok(errors[0]!.pointer.startsWith(pointer), `${errors[0]!.pointer} ${pointer}`)
    assert.match(errors[0]!.detail, detail)
  }
})

test('who may diagnose some devices only may not try what is no device yet', async (t) => {
  const { plant } = await started(t)
  const crew = await plant.person('carl', 'press-crew')
  const answer = await plant.ask(PATH, crew, plant.body('POST', { driver: 'simulated' }))
  assert.equal(answer.status, 403)
  assert.match(await answer.text(), /for every device/)
})
