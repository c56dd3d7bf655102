/** What comes from other gateways is looked at like anything else, and says of itself when nobody can vouch for it any more. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { TagTable } from '../core/tags.ts'
import { Status } from '../core/status.ts'
import { runCli } from '../cli/cli.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import { bifrost } from '../sinks/bifrost/sink.ts'
import { batchOf, startDelivery, tagSettings, tagTable, type DeliveryRig } from '../testing/delivery-rig.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually } from '../testing/peers.ts'
import { startHttp } from './server.ts'

const KEPT = Status.UncertainNoCommunicationLastUsableValue

async function start(t: TestContext) {
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'own', type: simulated, tags: [{ name: 'wave', address: 'sine:period=10s,min=0,max=10' }] }],
    receive: { clients: ['edge-1', 'edge-2'].map((name) => ({ name, token: undefined })) },
  })
  const http = await startHttp(gateway, {
    host: '127.0.0.1',
    port: 0,
    hosts: [],
    access: 'open',
    limits: { liveConfirmMs: 100 },
  })
  t.after(() => http.close())
  const text = async (path: string) => (await fetch(http.url + path)).text()
  const get = async (path: string) => JSON.parse(await text(path))
  const edge = (tags: TagTable) => {
    const options = { host: '127.0.0.1', port: gateway.receiver!.port, tls: false, gateway: 'edge-1' }
    return startDelivery(t, bifrost, options, { tags })
  }
  return { gateway, http, text, get, edge }
}

const press = () => {
  const tags = new TagTable()
  tags.add({ id: 1, device: 'press', settings: tagSettings('level', 'float64', { unit: 'm', description: 'Oil' }) })
  tags.add({ id: 2, device: 'press', settings: tagSettings('fault') })
  return tags
}

const confirmed = (edge: DeliveryRig) => eventually('all is confirmed', () => edge.cursor.ledger().pending === 0)
const MEASURED = Date.UTC(2026, 10, 23, 10)

test('received tags are in values, devices, history and exports', async (t) => {
  const { get, text, edge, http } = await start(t)
  const sender = edge(press())
  sender.cursor.append(batchOf([[1, 1.5, 0, MEASURED], [2, undefined, Status.BadSensorFailure, MEASURED]])) // prettier-ignore
  await confirmed(sender)

  const { values } = await get('/api/v1/values?device=edge-1.press')
  assert.deepEqual(values.map(({ tag }: { tag: string }) => tag), ['level', 'fault']) // prettier-ignore
  const level = await get('/api/v1/values/edge-1.press/level')
  const { value, unit, status, time, receivedAt, ageMs, writable, reason } = level
  assert.deepEqual([value, unit, status.name, writable, reason], [1.5, 'm', 'Good', false, null])
  assert.equal(time, '2026-11-23T10:00:00.000Z')
  assert.equal(receivedAt, time, 'it is as old as its measurement, however late it came')
  assert.ok(ageMs > 60_000)

  const { devices } = await get('/api/v1/devices')
  const kinds = devices.map(({ name, kind, state }: Record<string, string>) => [name, kind, state])
  assert.deepEqual(kinds, [['own', 'polled', 'Running'], ['edge-1', 'received', 'Running'], ['edge-2', 'received', 'Connecting'], ['edge-1.press', 'received', 'Running']]) // prettier-ignore
  const device = await get('/api/v1/devices/edge-1.press')
  assert.deepEqual([device.driver, device.lastGoodAt, device.reason], ['received', time, null])
  assert.deepEqual(device.tags, { total: 2, good: 1, uncertain: 0, bad: 1 })
  assert.match(device.endpoint, /^edge-1 at 127\.0\.0\.1:\d+$/)

  const query = `from=${MEASURED - 1000}&to=${MEASURED + 1000}`
  const { points } = await get(`/api/v1/history/edge-1.press/level?${query}`)
  assert.deepEqual(points.map((point: unknown[]) => point.slice(0, 2)), [[MEASURED, 1.5]]) // prettier-ignore
  assert.match(await text(`/api/v1/export?${query}&tags=edge-1.press/*`), /10:00:00.000Z,edge-1.press,level,1.5,m,0,/)
  assert.match((await get('/api/v1/values/edge-1.press/nothing')).detail, /device edge-1.press has no tag nothing/)
  assert.match((await get('/api/v1/devices/edge-1.press/trace')).detail, /comes from the gateway edge-1, so ask there/)
  const write = await fetch(`${http.url}/api/v1/values/edge-1.press/level`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"value":1}' }) // prettier-ignore
  assert.deepEqual([write.status, /comes from another gateway/.test(await write.text())], [403, true])
  assert.match((await get('/api/v1/values?device=edge-1.nobody')).detail, /there is no device/)
})

test('while its gateway is away a value is the last usable one, and the log keeps it as it was', async (t) => {
  const { get, text, edge } = await start(t)
  const first = edge(press())
  first.cursor.append(batchOf([[1, 1.5, 0, MEASURED], [2, 7, Status.BadSensorFailure, MEASURED]])) // prettier-ignore
  await confirmed(first)
  assert.equal((await get('/api/v1/values/edge-1/connected')).value, true)
  await first.runner.stop(1000)
  await eventually('it is away', async () => (await get('/api/v1/values/edge-1/connected')).value === false)
  const level = await get('/api/v1/values/edge-1.press/level')
  assert.deepEqual([level.value, level.status.code], [1.5, KEPT])
  assert.match(level.reason, /^edge-1 is away: the client closed the connection$/)
  assert.equal((await get('/api/v1/values/edge-1.press/fault')).status.name, 'BadSensorFailure')
  assert.equal((await get('/api/v1/values/edge-1/connected')).status.code, 0, 'what we say ourselves is good')
  const device = await get('/api/v1/devices/edge-1.press')
  assert.deepEqual([device.state, device.tags.uncertain, device.lastGoodAt], ['Connecting', 1, level.time])
  assert.match(await text('/metrics'), /^bifrost_tags\{quality="uncertain"\} 1$/m)
  assert.deepEqual((await get('/api/v1/values?status=uncertain')).values.map(({ tag }: { tag: string }) => tag), ['level']) // prettier-ignore
  assert.match(await text('/api/v1/export?tags=edge-1.press/level'), /,1.5,m,0,/)
  assert.doesNotMatch(await text('/readyz?verbose'), /^\[-\]/m, 'a gateway that is away is no fault of this one')

  edge(press())
  await eventually('it is here', async () => (await get('/api/v1/values/edge-1.press/level')).status.code === 0)
})

test('how far each gateway is: API, metrics, command line', async (t) => {
  const { get, text, edge, http } = await start(t)
  const sender = edge(press())
  sender.cursor.append(batchOf([[1, 1], [1, 2], [2, 3]])) // prettier-ignore
  await confirmed(sender)
  const { received } = await get('/api/v1/received')
  const [{ since, bytes, from, ...here }, away] = received
  assert.deepEqual(here, { name: 'edge-1', connected: true, reason: null, logId: 'k3f9', upTo: 3, samples: 3, repeated: 0, rejected: 0, leftOut: 0 }) // prettier-ignore
  assert.ok(bytes > 100 && Math.abs(Date.now() - Date.parse(since)) < 10_000 && from.startsWith('127.0.0.1:'))
  assert.deepEqual([away.connected, away.upTo, away.from, away.samples], [false, null, null, 0])
  const never = await get('/api/v1/values/edge-2/connected')
  assert.deepEqual([never.value, never.status.code], [false, 0])
  assert.match(away.reason, /^edge-2 has not connected since this gateway started/)

  const metrics = await text('/metrics')
  const of = (name: string, client: string) => new RegExp(`^bifrost_received_${name}\\{client="${client}"\\} (\\S+)$`, 'm').exec(metrics)?.[1] // prettier-ignore
  assert.deepEqual([of('up', 'edge-1'), of('up', 'edge-2'), of('samples_total', 'edge-1')], ['1', '0', '3'])
  assert.deepEqual([of('samples_repeated_total', 'edge-1'), of('samples_left_out_total', 'edge-2')], ['0', '0'])
  assert.equal(of('bytes_total', 'edge-1'), String((await get('/api/v1/received')).received[0].bytes))

  const lines = await said(t, ['received', '--url', http.url])
  assert.match(lines, /edge-1 {2}connected from 127\.0\.0\.1:\d+ for .*\n {2}log k3f9, here up to 3\n {2}samples 3, /)
  assert.match(lines, /edge-2 {2}away for .*has not connected since/)
  const { received: one } = JSON.parse(await said(t, ['received', 'edge-1', '--json', '--url', http.url]))
  assert.deepEqual(one.map(({ name, upTo }: { name: string; upTo: number }) => [name, upTo]), [['edge-1', 3]]) // prettier-ignore
})

/** What the command prints as its result. */
async function said(t: TestContext, args: string[]): Promise<string> {
  let text = ''
  const write = t.mock.method(process.stdout, 'write', (chunk: unknown) => {
    text += String(chunk)
    return true
  })
  const code = await runCli(args, {}).finally(() => write.mock.restore())
  assert.equal(code, 0)
  return text
}

interface Message {
  readonly type: string
  readonly values: never[]
  readonly devices: readonly { readonly name: string; readonly state: string }[]
}

test('a page that is open sees tags that come, and sees them lose their gateway', async (t) => {
  const { gateway, http, edge } = await start(t)
  const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/v1/live?interval=50ms`)
  t.after(() => socket.terminate())
  const messages: Message[] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message))
  socket.once('open', () => socket.send('{"type":"subscribe"}'))
  const of = (type: string) => messages.filter((message) => message.type === type)
  await eventually('the first snapshot', () => of('snapshot').length === 1)
  const sender = edge(tagTable('press/level'))
  sender.cursor.append(batchOf([[1, 1.5]]))
  const isThere = () => of('snapshot').some(({ values }) => (values as { device: string }[]).some(({ device }) => device === 'edge-1.press')) // prettier-ignore
  await eventually('a snapshot with the new tag', isThere)
  const { id } = gateway.store.tags.find('edge-1.press', 'level')!
  const statuses = () => of('delta').flatMap(({ values }) => (values as number[][]).filter((row) => row[0] === id).map((row) => row[2])) // prettier-ignore
  await sender.runner.stop(1000)
  await eventually('its status says so', () => statuses().at(-1) === KEPT)
  await eventually('its device says so', () => of('devices').some(({ devices }) => devices.some(({ name, state }) => name === 'edge-1.press' && state === 'Connecting'))) // prettier-ignore
  const snapshots = of('snapshot').length
  edge(tagTable('press/level'))
  await eventually('and is good again', () => statuses().at(-1) === 0)
  assert.equal(of('snapshot').length, snapshots, 'the same tags are nothing new')
})
