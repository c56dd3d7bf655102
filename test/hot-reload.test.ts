/**
 * A running gateway gets another configuration: what differs is touched, and nothing else. Judged by the far sides: the connections that
 * a Modbus server counts, what an MQTT broker received, the ledger of the sink.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config, SinkConfig } from '../src/config/config.ts'
import { defineDriver } from '../src/core/driver.ts'
import { silentLog, type Log } from '../src/core/log.ts'
import { Status } from '../src/core/status.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'
import { simulated } from '../src/drivers/simulated/driver.ts'
import type { Gateway } from '../src/gateway.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { startAedes } from '../src/testing/aedes.ts'
import { deviceConfig, startTestGateway, type DeviceSketch, type TagSketch } from '../src/testing/gateway-fixture.ts'
import { startDevice, type Device } from '../src/testing/modbus-device.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { eventually } from '../src/testing/peers.ts'

const sketchOf = (name: string, server: Device, tags: readonly TagSketch[], more: Record<string, unknown> = {}) => ({
  name,
  type: modbus,
  options: { ...server.options, ...more },
  tags,
})
const register = (name: string, address: string): TagSketch => ({ name, address, type: 'uint16' })

/** What runs, with other devices or sinks. */
const withDevices = (gateway: Gateway, devices: readonly DeviceSketch[], more: Partial<Config> = {}): Config => ({
  ...gateway.config,
  devices: devices.map(deviceConfig),
  ...more,
})

function latest(gateway: Gateway, device: string, tag: string) {
  const info = gateway.store.tags.find(device, tag)
  return info === undefined ? undefined : gateway.store.latest.get(info.id)
}

const reads = (gateway: Gateway, device: string, tag: string, value: unknown) =>
  eventually(
    () => `${device}/${tag} is ${String(latest(gateway, device, tag)?.value)}, not ${String(value)}`,
    () => latest(gateway, device, tag)?.value === value,
  )

test('one tag of one device changes: its socket stays, and nobody else notices', async (t) => {
  const [one, two] = [await startDevice(t), await startDevice(t)]
  const others = [register('x', 'hr:7')]
  const gateway = await startTestGateway(t, {
    devices: [sketchOf('one', one, [register('a', 'hr:1'), register('b', 'hr:2')]), sketchOf('two', two, others)],
  })
  await reads(gateway, 'one', 'b', 2)
  await reads(gateway, 'two', 'x', 7)
  const [session, neighbour] = [gateway.polling.device('one')!, gateway.polling.device('two')!]
  const ids = ['a', 'b'].map((tag) => gateway.store.tags.find('one', tag)!.id)
  const polls = session.stats.polls

  const report = await gateway.change(
    withDevices(gateway, [
      sketchOf('one', one, [register('a', 'hr:1'), register('b', 'hr:42'), register('c', 'hr:3')]),
      sketchOf('two', two, others),
    ]),
  )

  assert.deepEqual(report.devices, {
    added: [],
    changed: [{ name: 'one', how: 'kept', what: ['tags'], tags: { added: 1, changed: 1, removed: 0 } }],
    removed: [],
    untouched: 1,
  })
  // The value of the old address is not shown for the new one.
  assert.notEqual(latest(gateway, 'one', 'b')?.value, 2)
  assert.equal(latest(gateway, 'one', 'a')?.value, 1)
  await reads(gateway, 'one', 'b', 42)
  await reads(gateway, 'one', 'c', 3)
  assert.deepEqual(
    ['a', 'b'].map((tag) => gateway.store.tags.find('one', tag)!.id),
    ids,
  )
  assert.equal(gateway.polling.device('one'), session)
  assert.equal(gateway.polling.device('two'), neighbour)
  assert.ok(session.stats.polls > polls)
  assert.deepEqual([one.server.connections, one.server.stats.connections], [1, 1])
  assert.deepEqual([two.server.connections, two.server.stats.connections], [1, 1])
})

test('a device comes, another goes, a third begins anew: the socket of a shared line stays for the others', async (t) => {
  const [shared, own] = [await startDevice(t), await startDevice(t)]
  const tags = [register('a', 'hr:1')]
  const first = sketchOf('first', shared, tags)
  const second = sketchOf('second', shared, tags, { unit: 2 })
  const gateway = await startTestGateway(t, { devices: [first, second, sketchOf('own', own, tags)] })
  for (const device of ['first', 'second', 'own']) await reads(gateway, device, 'a', 1)
  const session = gateway.polling.device('first')

  const report = await gateway.change(
    withDevices(gateway, [
      first,
      sketchOf('own', own, tags, { timeout: '250ms' }),
      sketchOf('new', shared, tags, { unit: 2 }),
    ]),
  )

  assert.deepEqual(report.devices.added, ['new'])
  assert.deepEqual(report.devices.removed, ['second'])
  assert.deepEqual(report.devices.changed, [{ name: 'own', how: 'restarted', what: ['options.timeout'] }])
  await reads(gateway, 'new', 'a', 1)
  await reads(gateway, 'own', 'a', 1)
  assert.equal(gateway.polling.device('first'), session)
  assert.equal(latest(gateway, 'second', 'a'), undefined)
  assert.deepEqual([shared.server.connections, shared.server.stats.connections], [1, 1])
  assert.deepEqual([own.server.connections, own.server.stats.connections], [1, 2])
  assert.deepEqual(
    gateway.polling.devices.map(({ name }) => name),
    ['first', 'own', 'new'],
  )
  assert.equal(gateway.polling.lines.length, 2)
  assert.deepEqual(
    gateway.polling.lines.find(({ units }) => units.some(({ device }) => device === 'first'))!.units.map(({ device }) => device).sort(), // prettier-ignore
    ['first', 'new'],
  )
})

test('a subscription of OPC UA on a device that did not change is not made anew', async (t) => {
  const server = await startFaultyServer(t, { counters: 2, intervalMs: 100 })
  const other = await startDevice(t)
  const ua = {
    name: 'ua',
    type: opcua,
    options: { endpoint: server.url, securityPolicy: 'None' },
    tags: [{ name: 'ramp', address: 'ns=2;s=Counters/0', type: 'float64' as const }],
  }
  const gateway = await startTestGateway(t, { devices: [ua, sketchOf('plc', other, [register('a', 'hr:1')])] })
  await eventually(
    () => `${gateway.polling.device('ua')!.state}: ${gateway.polling.device('ua')!.reason}`,
    () => typeof latest(gateway, 'ua', 'ramp')?.value === 'number',
    20_000,
  )
  await eventually('it has subscriptions', () => gateway.polling.device('ua')!.liveness() !== undefined)
  const before = { ...gateway.polling.device('ua')!.liveness()! }
  await gateway.change(withDevices(gateway, [ua, sketchOf('plc', other, [register('a', 'hr:9')])]))
  await reads(gateway, 'plc', 'a', 9)
  const value = latest(gateway, 'ua', 'ramp')!.value
  await eventually('the value moves on', () => latest(gateway, 'ua', 'ramp')!.value !== value, 10_000)
  const after = gateway.polling.device('ua')!.liveness()!
  assert.deepEqual([after.subscriptions, after.rebuilds], [before.subscriptions, before.rebuilds])
  assert.equal(gateway.polling.device('ua')!.stats.reconnects, 0)

  // Other tags: the session stays, the subscription follows.
  await gateway.change(
    withDevices(gateway, [
      { ...ua, tags: [...ua.tags, { name: 'again', address: 'ns=2;s=Counters/0', type: 'float64' as const }] },
      sketchOf('plc', other, [register('a', 'hr:9')]),
    ]),
  )
  await eventually('the new tag has a value', () => typeof latest(gateway, 'ua', 'again')?.value === 'number', 10_000)
  assert.equal(gateway.polling.device('ua')!.stats.reconnects, 0)
})

const ticking = (name: string, everyMs = 20): DeviceSketch => ({
  name,
  type: simulated,
  everyMs,
  tags: [
    { name: 'a', address: 'sine' },
    { name: 'b', address: 'sine' },
  ],
})

const sinkOf = (url: string, more: Record<string, unknown> = {}): SinkConfig => ({
  name: 'plant',
  type: mqtt,
  options: mqtt.options.parse({ url, topic: 'acme/{device}/{tag}', payload: 'uns-json', protocolVersion: 4, ...more }),
  enabled: true,
  replay: { order: 'in-order' },
})

function ledgerHolds(gateway: Gateway): void {
  for (const runner of gateway.runners) {
    const { routed, delivered, pending, dropped } = runner.status()
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(routed, delivered + pending + lost, JSON.stringify(runner.status()))
  }
}

test('a sink that changes while samples wait goes on at its place: nothing is lost, and its ledger holds', async (t) => {
  const seen = new Set<number>()
  let doubled = 0
  const broker = await startAedes(t, (topic, payload) => {
    if (topic.includes('_gateway')) return
    const { seq } = JSON.parse(payload.toString()) as { seq: number }
    if (seen.has(seq)) doubled++
    seen.add(seq)
  })
  const gateway = await startTestGateway(t, { devices: [ticking('d')], sinks: [sinkOf(broker.url)] })
  await eventually(
    () => `samples arrive: ${JSON.stringify(gateway.runners[0]!.status())}`,
    () => seen.size > 20,
  )
  broker.pause(true)
  await eventually('samples wait', () => gateway.runners[0]!.status().pending > 200)
  const routed = gateway.runners[0]!.status().routed

  const report = await gateway.change({ ...gateway.config, sinks: [sinkOf(broker.url, { clientId: 'another' })] })

  assert.deepEqual(report.sinks.changed, [{ name: 'plant', how: 'restarted', what: ['options.clientId'] }])
  ledgerHolds(gateway)
  assert.ok(gateway.runners[0]!.status().routed >= routed)
  broker.pause(false)
  await eventually(
    () => `caught up: ${JSON.stringify(gateway.runners[0]!.status())}`,
    () => gateway.runners[0]!.status().state === 'Running' && gateway.runners[0]!.status().pending < 50,
    20_000,
  )
  ledgerHolds(gateway)
  const { delivered, dropped } = gateway.runners[0]!.status()
  assert.deepEqual(dropped, {})
  await eventually(
    () => `${seen.size} of ${delivered} arrived`,
    () => seen.size >= delivered,
    5000,
  )
  const numbers = [...seen].sort((a, b) => a - b)
  assert.equal(numbers.at(-1)! - numbers[0]! + 1, numbers.length, 'a sample is missing')
  // At least once: what was in flight when the broker stood still may come again.
  assert.ok(doubled <= 1000, `${doubled} came twice`)
})

test('a sink that does not change keeps its connection; one that is removed goes on where it was when it comes again', async (t) => {
  let clients = 0
  const seqs: number[] = []
  const broker = await startAedes(t, (topic, payload) => {
    if (!topic.includes('_gateway')) seqs.push((JSON.parse(payload.toString()) as { seq: number }).seq)
  })
  const gateway = await startTestGateway(t, { devices: [ticking('d')], sinks: [sinkOf(broker.url)] })
  const [runner] = gateway.runners
  await eventually('samples arrive', () => seqs.length > 20)
  clients = runner!.status().reconnects
  await gateway.change(withDevices(gateway, [ticking('d'), ticking('e')]))
  await eventually('the new device arrives', () => gateway.polling.device('e')!.stats.samples > 10)
  assert.equal(gateway.runners[0], runner)
  assert.equal(runner!.status().reconnects, clients)

  await gateway.change({ ...gateway.config, sinks: [] })
  assert.deepEqual(gateway.runners, [])
  const before = gateway.store.info().nextSeq
  await eventually('samples go on', () => gateway.store.info().nextSeq > before + 100)
  await gateway.change({ ...gateway.config, sinks: [sinkOf(broker.url)] })
  await eventually(
    'it has caught up',
    () => gateway.runners[0]!.status().pending < 20 && (seqs.at(-1) ?? 0) > before + 100,
    10_000,
  )
  ledgerHolds(gateway)
  const numbers = [...new Set(seqs)].sort((a, b) => a - b)
  assert.equal(numbers.at(-1)! - numbers[0]! + 1, numbers.length, 'a sample is missing')
})

test('a device that cannot be made refuses the whole change, and everything goes on as it was', async (t) => {
  const server = await startDevice(t)
  const broken = defineDriver({
    ...simulated,
    name: 'broken',
    create: () => {
      throw new Error('no licence')
    },
  })
  const good = sketchOf('good', server, [register('a', 'hr:1')])
  const gateway = await startTestGateway(t, { devices: [good] })
  await reads(gateway, 'good', 'a', 1)
  const session = gateway.polling.device('good')
  const next = withDevices(gateway, [
    sketchOf('good', server, [register('a', 'hr:2')]),
    { name: 'bad', type: broken, tags: [] },
  ])
  await assert.rejects(gateway.change(next), { code: 'CONFIG_INVALID', message: /nothing was changed: no licence/ })
  assert.equal(gateway.polling.device('good'), session)
  assert.equal(gateway.polling.device('bad'), undefined)
  assert.equal(gateway.config.devices.length, 1)
  assert.equal(latest(gateway, 'good', 'a')!.value, 1)
  assert.equal(gateway.store.tags.find('good', 'a')!.settings.address, 'hr:1')
  const { polls } = session!.stats
  await eventually('it is polled on', () => session!.stats.polls > polls + 2)
  assert.equal(server.server.stats.connections, 1)
  // The next change is not hindered by it.
  await gateway.change(withDevices(gateway, [sketchOf('good', server, [register('a', 'hr:2')])]))
  await reads(gateway, 'good', 'a', 2)
})

test('changes wait for each other; none is taken while the gateway stops', async (t) => {
  const gateway = await startTestGateway(t, { devices: [ticking('d')] })
  const all = ['e', 'f', 'g'].map((name) => gateway.change(withDevices(gateway, [ticking('d'), ticking(name)])))
  const reports = await Promise.all(all)
  assert.deepEqual(
    reports.map(({ devices }) => [devices.added, devices.removed]),
    [
      [['e'], []],
      [['f'], ['e']],
      [['g'], ['f']],
    ],
  )
  const stopped = gateway.stop()
  await assert.rejects(gateway.change(gateway.config), { code: 'SHUTTING_DOWN' })
  await stopped
})

test('what only a restart can carry out is said and not half done; the level of the log and the bounds of the log change at once', async (t) => {
  const levels: string[] = []
  const log: Log = { ...silentLog, child: () => log, setLevel: (level) => void levels.push(level) }
  const gateway = await startTestGateway(t, { devices: [ticking('d')], log })
  const { config } = gateway
  const next: Config = {
    ...config,
    data: '/elsewhere',
    log: { level: 'debug', format: 'human' },
    store: { ...config.store, maxBytes: 128 * 2 ** 20, syncEveryMs: 50 },
  }
  const report = await gateway.change(next)
  assert.deepEqual(report.settings, ['log.level', 'store.maxBytes'])
  assert.deepEqual(report.needsRestart, ['data', 'log.format', 'store.syncEveryMs'])
  assert.deepEqual(levels, ['debug'])
  assert.equal(gateway.config.data, config.data)
  assert.deepEqual(gateway.config.log, { level: 'debug', format: 'json' })
  assert.equal(gateway.config.store.maxBytes, 128 * 2 ** 20)
  assert.equal(gateway.config.store.syncEveryMs, 20)
})

test('what the pipeline remembers of a tag stays with it, and begins anew with other settings', async (t) => {
  const constant = (more: Partial<TagSketch>): DeviceSketch => ({
    name: 'd',
    type: simulated,
    everyMs: 20,
    tags: [
      { name: 'kept', address: 'constant:value=5', deadband: { absolute: 1 } },
      { name: 'other', address: 'constant:value=5', deadband: { absolute: 1 }, ...more },
    ],
  })
  const gateway = await startTestGateway(t, { devices: [constant({})] })
  const rows: string[] = []
  await eventually('both have a value', () => latest(gateway, 'd', 'kept')?.value === 5)
  gateway.onBatch((batch) => {
    for (const { tag, value, status } of batch)
      rows.push(`${gateway.store.tags.get(tag)!.settings.name} ${String(value)} ${status === Status.Good}`)
  })
  await gateway.change(withDevices(gateway, [constant({ address: 'constant:value=6' })]))
  await eventually('the other one has its new value', () => rows.includes('other 6 true'))
  const { polls } = gateway.polling.device('d')!.stats
  await eventually('it is polled on', () => gateway.polling.device('d')!.stats.polls > polls + 3)
  assert.deepEqual(rows, ['other 6 true'])
})

test('random changes under load: the ledger holds, and every tag has the value of its address', async (t) => {
  let received = 0
  const broker = await startAedes(t, () => void received++)
  const servers = [await startDevice(t), await startDevice(t), await startDevice(t)]
  let seed = 20_261_129
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  const randomDevices = (): DeviceSketch[] =>
    servers.flatMap((server, at) =>
      [1, 2].flatMap((unit) => {
        if (random(4) === 0) return []
        const tags = Array.from({ length: 1 + random(6) }, (_, tag) => register(`t${tag}`, `hr:${random(90)}`))
        return [
          {
            ...sketchOf(`d${at}-${unit}`, server, tags, { unit, timeout: `${150 + random(2)}ms` }),
            everyMs: [20, 50][random(2)]!,
          },
        ]
      }),
    )
  const gateway = await startTestGateway(t, { devices: randomDevices(), sinks: [sinkOf(broker.url)] })
  for (let round = 0; round < 40; round++) {
    const sinks = random(3) === 0 ? [sinkOf(broker.url, { clientId: `c${random(2)}` })] : gateway.config.sinks
    const next = withDevices(gateway, randomDevices(), { sinks })
    await gateway.change(next)
    ledgerHolds(gateway)
    if (random(2) === 0) await new Promise((resolve) => setTimeout(resolve, random(60)))
  }
  for (const { name, tags } of gateway.config.devices)
    for (const { settings } of tags) await reads(gateway, name, settings.name, Number(settings.address.slice(3)))
  assert.deepEqual(
    gateway.polling.devices.map(({ name, points }) => [name, points.length]),
    gateway.config.devices.map(({ name, tags }) => [name, tags.length]),
  )
  assert.equal(
    gateway.store.tags.size,
    gateway.config.devices.reduce((sum, { tags }) => sum + tags.length, 0),
  )
  await eventually('the sink has caught up', () => gateway.runners[0]!.status().pending < 50, 20_000)
  ledgerHolds(gateway)
  assert.deepEqual(gateway.runners[0]!.status().dropped, {})
  assert.ok(received > 100)
  for (const { server } of servers) assert.ok(server.connections <= 1, `${server.connections} sockets to one server`)
})
