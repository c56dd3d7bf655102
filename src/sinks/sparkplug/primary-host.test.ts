/** The primary host application (Sparkplug 3.0, 5.4, 5.6 and 5.14): births wait for it, its death sends the edge node on. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, sinkContext, startDelivery, tagTable, type DeliveryRig } from '../../testing/delivery-rig.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startMqttWire } from '../../testing/mqtt-wire.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { startSparkplugHost, type SparkplugHost } from '../../testing/sparkplug-host.ts'
import { PrimaryHost } from './primary-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const options = { skip: needs('mosquitto'), timeout: 30_000 }
const T = 1_732_356_000_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const bytes = (text: string) => Buffer.from(text)
const state = (online: boolean, timestamp: number) => JSON.stringify({ online, timestamp })
const say = (host: SparkplugHost, online: boolean, timestamp: number, id = 'scada') =>
  host.publish(`spBv1.0/STATE/${id}`, state(online, timestamp), true)

async function place(t: TestContext) {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  return { broker, wire, host: await startSparkplugHost(t, broker.url) }
}

const deliver = (t: TestContext, urls: string | string[], more: object = {}): DeliveryRig =>
  startDelivery(
    t,
    type,
    { urls, groupId: 'plant', edgeNodeId: 'gateway', primaryHostId: 'scada', hostTimeout: 300, ...more },
    { tags: tagTable('press/level') },
  )

const hostFact = (rig: DeliveryRig) => rig.runner.status().facts['primary host']

describe('one broker', options, () => {
  test(
    'tck-id-message-flow-edge-node-birth-publish-phid-wait, tck-id-operational-behavior-edge-node-birth-sequence-wait: births wait until the host is online',
    options,
    async (t) => {
      const { wire, host } = await place(t)
      const rig = deliver(t, wire.url)
      rig.cursor.append(batchOf([[1, 1]]))
      await eventually('subscribed', () => wire.of('subscribe').length === 1)
      await pause(700)
      assert.equal(host.messages.length, 0)
      assert.equal(hostFact(rig), 'scada: says nothing')
      assert.equal(wire.of('connect').length, 1, 'it stays connected: there is no other broker')
      await say(host, true, T)
      await host.wait('DDATA')
      assert.deepEqual(host.messages.map((message) => message.type), ['NBIRTH', 'DBIRTH', 'DDATA']) // prettier-ignore
      assert.equal(hostFact(rig), 'scada: online')
    },
  )

  test('tck-id-message-flow-edge-node-birth-publish-phid-wait-id: another host does not count', options, async (t) => {
    const { wire, host } = await place(t)
    deliver(t, wire.url)
    await say(host, true, T, 'scada-2')
    await say(host, true, T, 'other')
    await pause(600)
    assert.equal(host.messages.length, 0)
    await say(host, true, T)
    await host.wait('DBIRTH')
  })

  test(
    'tck-id-message-flow-edge-node-birth-publish-phid-wait-online: offline, and what is no STATE, do not count',
    options,
    async (t) => {
      const { wire, host } = await place(t)
      deliver(t, wire.url)
      await say(host, false, T)
      await host.publish('spBv1.0/STATE/scada', '{"online":"true","timestamp":1732356000001}')
      await host.publish('spBv1.0/STATE/scada', '{"online":true}')
      await host.publish('spBv1.0/STATE/scada', 'ONLINE')
      await host.publish('spBv1.0/STATE/scada', Buffer.from([0xff, 0x00]))
      await pause(500)
      assert.equal(host.messages.length, 0)
      await say(host, true, T + 1)
      await host.wait('DBIRTH')
    },
  )

  test(
    'tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp: online with an older time than seen does not count',
    options,
    async (t) => {
      const { wire, host } = await place(t)
      deliver(t, wire.url)
      await eventually('subscribed', () => wire.of('subscribe').length === 1)
      await say(host, false, T)
      await say(host, true, T - 1)
      await pause(500)
      assert.equal(host.messages.length, 0)
      await say(host, true, T)
      await host.wait('DBIRTH')
    },
  )

  test(
    'tck-id-message-flow-edge-node-birth-publish-phid-offline, tck-id-operational-behavior-edge-node-termination-host-offline: offline ends the session with a death, then all begins anew',
    options,
    async (t) => {
      const { wire, host } = await place(t)
      await say(host, true, T)
      const rig = deliver(t, wire.url)
      await host.wait('DBIRTH')
      await eventually('running', () => rig.runner.status().state === 'Running')
      await say(host, false, T)
      const [death] = await host.wait('NDEATH')
      assert.equal(death!.payload.metrics[0]!.value, '0')
      await eventually('connected again', () => wire.of('connect').length === 2)
      const sent = wire.sent.filter(({ connection }) => connection === 0).map(({ packet }) => packet.cmd)
      assert.deepEqual(sent.filter((cmd) => cmd !== 'pingreq' && cmd !== 'puback').slice(-2), ['publish', 'disconnect'])
      assert.match(rig.runner.status().reason ?? '', /primary host scada went offline/)
      rig.cursor.append(batchOf([[1, 5]]))
      await pause(300)
      assert.equal(host.of('NBIRTH').length, 1)
      assert.equal(rig.cursor.ledger().pending, 1)
      await say(host, true, T + 1000)
      await host.wait('DDATA')
      assert.equal(host.of('NBIRTH')[1]!.payload.metrics.find(({ name }) => name === 'bdSeq')!.value, '1')
      await eventually('delivered', () => rig.cursor.ledger().pending === 0)
    },
  )

  test(
    'tck-id-operational-behavior-edge-node-termination-host-offline-timestamp: an older death is that of an older session',
    options,
    async (t) => {
      const { wire, host } = await place(t)
      await say(host, true, T)
      const rig = deliver(t, wire.url)
      await host.wait('DBIRTH')
      await say(host, false, T - 1)
      await pause(400)
      assert.equal(host.of('NDEATH').length, 0)
      assert.equal(rig.runner.status().state, 'Running')
      rig.cursor.append(batchOf([[1, 5]]))
      await host.wait('DDATA')
    },
  )

  test('offline in the middle of a write: the batch comes again when the host is back', options, async (t) => {
    const { wire, host } = await place(t)
    await say(host, true, T)
    const rig = deliver(t, wire.url)
    await host.wait('DBIRTH')
    for (let batch = 0; batch < 40; batch++)
      rig.cursor.append(batchOf(Array.from({ length: 1000 }, (_, at) => [1, batch * 1000 + at])))
    await host.wait('DDATA')
    await say(host, false, T + 1)
    await host.wait('NDEATH')
    await eventually('connected again', () => wire.of('connect').length === 2)
    await say(host, true, T + 2)
    await eventually('all is delivered', () => rig.cursor.ledger().pending === 0)
    await eventually('all has come', () => {
      const values = new Set(host.of('DDATA').flatMap(({ payload }) => payload.metrics.map(({ value }) => value)))
      return values.size === 40_000
    })
    assert.equal(rig.cursor.ledger().delivered, 40_000)
  })
})

test('the next connection waits until the one before has ended', options, async (t) => {
  const { wire, host } = await place(t)
  await say(host, true, T)
  const given = { urls: wire.url, groupId: 'plant', edgeNodeId: 'gateway', primaryHostId: 'scada' }
  const sink = type.create(type.options.parse(given), sinkContext({ tags: tagTable('press/level') }))
  const { signal } = new AbortController()
  const lost = Promise.withResolvers<void>()
  sink.onLost!(() => lost.resolve(sink.connect(signal)))
  await sink.connect(signal)
  await host.wait('DBIRTH')
  await say(host, false, T)
  await eventually('it connects again', () => wire.of('subscribe').length === 2)
  assert.equal(wire.mostOpen, 1)
  await say(host, true, T + 1)
  await lost.promise
  await sink.close()
})

describe('several brokers', options, () => {
  test(
    'tck-id-operational-behavior-primary-application-state-with-multiple-servers-state-subs, tck-id-operational-behavior-primary-application-state-with-multiple-servers-walk, tck-id-operational-behavior-primary-application-state-with-multiple-servers-single-server, tck-id-operational-behavior-edge-node-termination-host-offline-reconnect: the edge node goes where the host is',
    options,
    async (t) => {
      const [one, two] = [await place(t), await place(t)]
      await say(one.host, false, T)
      await say(two.host, true, T)
      const rig = deliver(t, [one.wire.url, two.wire.url])
      await two.host.wait('DBIRTH')
      assert.equal(one.host.of('NBIRTH').length, 0)
      for (const { wire } of [one, two]) {
        assert.deepEqual(wire.of('subscribe')[0]!.subscriptions.map(({ topic, qos }) => [topic, qos]), [['spBv1.0/plant/NCMD/gateway', 1], ['spBv1.0/STATE/scada', 1]]) // prettier-ignore
      }
      assert.equal(rig.runner.status().facts.broker, two.wire.url)
      await say(one.host, true, T + 10)
      await say(two.host, false, T + 10)
      await one.host.wait('DBIRTH')
      await two.host.wait('NDEATH')
      assert.equal(rig.runner.status().facts.broker, one.wire.url)
      assert.ok(one.wire.mostOpen <= 1 && two.wire.mostOpen <= 1)
      assert.equal(one.wire.open + two.wire.open, 1)
      rig.cursor.append(batchOf([[1, 5]]))
      await one.host.wait('DDATA')
    },
  )

  test('a host that says nothing is waited for a while, then the next broker is tried', options, async (t) => {
    const [one, two] = [await place(t), await place(t)]
    await say(two.host, true, T)
    deliver(t, [one.wire.url, two.wire.url])
    await two.host.wait('DBIRTH')
    assert.equal(one.wire.of('publish').length, 0)
  })

  test('without a primary host a broker that is gone is left for the next', options, async (t) => {
    const [one, two] = [await place(t), await place(t)]
    const rig = deliver(t, [one.wire.url, two.wire.url], { primaryHostId: undefined })
    await one.host.wait('DBIRTH')
    await one.broker.stop('SIGKILL')
    await two.host.wait('DBIRTH')
    rig.cursor.append(batchOf([[1, 5]]))
    await two.host.wait('DDATA')
    await eventually('running', () => rig.runner.status().state === 'Running')
  })
})

describe('STATE of version 2.2', () => {
  for (const stateCompat of ['v2.2', 'both']) {
    test(`${stateCompat}: ONLINE and OFFLINE on STATE/scada count`, options, async (t) => {
      const { wire, host } = await place(t)
      deliver(t, wire.url, { stateCompat })
      await host.publish('STATE/scada', 'OFFLINE', true)
      await pause(300)
      assert.equal(host.messages.length, 0)
      await host.publish('STATE/scada', 'ONLINE', true)
      await host.wait('DBIRTH')
      await host.publish('STATE/scada', 'OFFLINE', true)
      await host.wait('NDEATH')
    })
  }

  test('v3 does not listen to it', () => {
    const host = new PrimaryHost('scada', 'v3')
    assert.deepEqual(host.topics, ['spBv1.0/STATE/scada'])
    assert.equal(host.receive('STATE/scada', bytes('ONLINE')), false)
    assert.equal(host.online, undefined)
  })

  test('both: a host that speaks version 3 is believed in that alone', () => {
    const host = new PrimaryHost('scada', 'both')
    host.receive('STATE/scada', bytes('OFFLINE'))
    assert.equal(host.online, false)
    host.receive('spBv1.0/STATE/scada', bytes(state(true, T)))
    assert.equal(host.online, true)
    assert.equal(host.receive('STATE/scada', bytes('OFFLINE')), false)
    assert.equal(host.online, true)
  })

  test('the first word counts whatever its time, and equal times count', () => {
    const host = new PrimaryHost('scada', 'v3')
    const receive = (online: boolean, time: number) => host.receive('spBv1.0/STATE/scada', bytes(state(online, time)))
    assert.equal(receive(false, T), true)
    assert.equal(receive(true, T - 1), false)
    assert.equal(receive(true, T), true)
    assert.equal(receive(false, T - 1), false)
    assert.equal(receive(false, T), true)
  })
})
