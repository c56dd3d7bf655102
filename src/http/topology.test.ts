/** The picture of the flow, and what the list of sinks tells beside its account. */
/* oxlint-disable typescript/no-explicit-any -- answers are looked at as whoever scripts them does, without their types */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulated } from '../drivers/simulated/driver.ts'
import { file } from '../sinks/file/sink.ts'
import { mqtt } from '../sinks/mqtt/sink.ts'
import { startTestGateway, type DeviceSketch } from '../testing/gateway-fixture.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { startHttp } from './server.ts'
import { sinkEndpoint } from './sink-endpoint.ts'

const REPLAY = { order: 'in-order' as const, makeUpRowsPerSecond: undefined }

async function start(t: TestContext, devices: readonly DeviceSketch[]) {
  const sink = (name: string, type: unknown, options: unknown) => ({
    name,
    type,
    options,
    enabled: true,
    replay: REPLAY,
  })
  const sinks = [
    sink('kept', file, file.options.parse({ folder: temporaryFolder(t) })),
    sink('away', mqtt, mqtt.options.parse({ url: 'mqtt://127.0.0.1:1', username: 'me', password: 'hunter2' })),
  ]
  const gateway = await startTestGateway(t, { devices, sinks: sinks as never })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const get = async (path: string) => (await (await fetch(http.url + path)).json()) as any
  return { gateway, get }
}

const wave = { name: 'wave', address: 'counter:period=50ms' }

test('devices, the gateway and sinks, with what flows and since when it does not', async (t) => {
  const { get } = await start(t, [
    { name: 'press-1', type: simulated, tags: [wave], everyMs: 50, area: 'hall-1' },
    { name: 'gone', type: simulated, options: { online: false }, tags: [wave], area: 'hall-1' },
  ])
  let found: any
  await eventually('there are rates', async () => {
    found = await get('/api/v1/topology')
    return found.edges[0].samplesPerSecond > 5
  })
  assert.deepEqual(
    found.nodes.map(({ id }: any) => id),
    ['device:press-1', 'device:gone', 'gateway', 'sink:kept', 'sink:away'],
  )
  assert.deepEqual([found.grouping, found.devices, found.leftOut], ['none', 2, 0])
  const [press, gone, , , away] = found.nodes
  assert.deepEqual([press.state, press.tags, press.type], ['Running', 1, 'simulated'])
  assert.notEqual(gone.state, 'Running')
  assert.ok(away.pending > 0)
  const [, fromGone, toKept] = found.edges
  assert.deepEqual([fromGone.lastAt, fromGone.ageMs], [null, null])
  assert.deepEqual([toKept.from, toKept.to], ['gateway', 'sink:kept'])
  const grouped = await get('/api/v1/topology?group=area')
  assert.deepEqual(grouped.nodes[0], {
    ...grouped.nodes[0],
    id: 'area:hall-1',
    kind: 'group',
    devices: 2,
    tags: 2,
    state: grouped.nodes[0].states.Failed === undefined ? 'Connecting' : 'Failed',
  })
  assert.equal(grouped.nodes[0].states.Running, 1)
})

test('more devices than a picture has room for are put together', async (t) => {
  const devices = Array.from({ length: 600 }, (_, at) => ({
    name: `d${at}`,
    type: simulated,
    tags: [{ name: 'fixed', address: 'constant:value=1', everyMs: 60_000 }],
  }))
  const { get } = await start(t, devices)
  const { grouping, nodes, leftOut } = await get('/api/v1/topology')
  assert.deepEqual([grouping, nodes[0].devices, nodes.length, leftOut], ['line', 600, 4, 0])
  const all = await get('/api/v1/topology?group=none')
  assert.deepEqual([all.nodes.length, all.leftOut], [500 + 3, 100])
})

test('a sink says where it is without secrets, when it tries again and what went wrong', async (t) => {
  const { get } = await start(t, [{ name: 'press-1', type: simulated, tags: [wave], everyMs: 50 }])
  let sinks: any
  await eventually('both have news', async () => {
    sinks = (await get('/api/v1/sinks')).sinks
    return sinks[1].lastError !== null && sinks[0].lastDeliveryAt !== null && sinks[0].outPerSecond > 0
  })
  const [kept, away] = sinks
  assert.equal(away.endpoint, 'mqtt://127.0.0.1:1')
  assert.match(away.lastError.reason, /127\.0\.0\.1:1/)
  assert.equal(JSON.stringify(sinks).includes('hunter2'), false)
  assert.ok(kept.writes.ok > 0 && kept.inPerSecond > 0)
  assert.equal(away.lastDeliveryAt, null)
  assert.deepEqual(Object.keys(away.capacity), ['hoursLeft', 'hoursHeld'])
  await eventually('it says when it tries again', async () => {
    const { nextAttemptAt } = (await get('/api/v1/sinks')).sinks[1]
    return nextAttemptAt !== null && Date.parse(nextAttemptAt) > Date.now() - 1000
  })
})

test('the place of a sink has no user, no password and no query', () => {
  assert.equal(sinkEndpoint({ url: 'https://me:pa@ss@plant:8086/api?token=abc' }), 'https://plant:8086/api')
  assert.equal(sinkEndpoint({ servers: ['nats://a:1', 'nats://u:p@b:2'] }), 'nats://a:1, nats://b:2')
  assert.equal(sinkEndpoint({ host: '0.0.0.0', port: 4840 }), '0.0.0.0:4840')
  assert.equal(sinkEndpoint({ folder: '/data/out' }), '/data/out')
  assert.equal(sinkEndpoint(undefined), null)
})
