/** Rebirth on request (Sparkplug 3.0, 5.16): at once, whole, within the same session, and never a storm. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, startDelivery, tagTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startMqttWire, type MqttWire } from '../../testing/mqtt-wire.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { startSparkplugHost, type SparkplugHost } from '../../testing/sparkplug-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const options = { skip: needs('mosquitto'), timeout: 30_000 }
const NCMD = 'spBv1.0/plant/NCMD/gateway'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Plant {
  readonly host: SparkplugHost
  readonly wire: MqttWire
  readonly rig: DeliveryRig
}

async function start(t: TestContext, devices = 3): Promise<Plant> {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const host = await startSparkplugHost(t, broker.url)
  const tags = tagTable(...Array.from({ length: devices * 2 }, (_, at) => `press-${at >> 1}/tag-${at % 2}`))
  const rig = startDelivery(t, type, { urls: wire.url, groupId: 'plant', edgeNodeId: 'gateway' }, { tags })
  await host.wait('DBIRTH', devices)
  await eventually('running', () => rig.runner.status().state === 'Running')
  return { host, wire, rig }
}

/** The sequence numbers go on without a gap, from 0 at each NBIRTH. */
function unbroken({ host }: Plant): void {
  let last = 0
  for (const { type: its, payload } of host.messages) {
    if (its === 'NDEATH') continue
    const expected = its === 'NBIRTH' ? 0 : (last + 1) % 256
    assert.equal(payload.seq, expected, its)
    last = expected
  }
}

/** No data between an NBIRTH and the last of its DBIRTHs. */
function whole({ host }: Plant, devices: number): void {
  host.messages.forEach(({ type: its }, at) => {
    if (its !== 'NBIRTH') return
    const births = host.messages.slice(at + 1, at + 1 + devices).map((message) => message.type)
    assert.deepEqual(
      births,
      Array.from({ length: devices }, () => 'DBIRTH'),
    )
  })
}

test(
  'a request is answered with all births, the same bdSeq and no death; it shows in the facts',
  options,
  async (t) => {
    const plant = await start(t)
    await pause(1000)
    const asked = performance.now()
    await plant.host.rebirth()
    const births = await plant.host.wait('NBIRTH', 2)
    assert.ok(births[1]!.at - asked < 500, 'long after the last birth it is answered at once')
    await plant.host.wait('DBIRTH', 6)
    assert.equal(plant.host.of('NDEATH').length, 0)
    const bdSeq = births.map(({ payload }) => payload.metrics.find(({ name }) => name === 'bdSeq')!.value)
    assert.deepEqual(bdSeq, ['0', '0'])
    const { facts } = plant.rig.runner.status()
    assert.deepEqual([facts.rebirths, facts.bdSeq, facts.seq, facts.born], [1, 0, 3, true])
    assert.match(String(facts['last rebirth']), /^20\d\d-/)
    unbroken(plant)
  },
)

test('a storm of requests: one birth a second, and data goes on between them', options, async (t) => {
  const plant = await start(t)
  const began = performance.now()
  let asked = 0
  let value = 0
  while (performance.now() - began < 3500) {
    for (let each = 0; each < 20; each++, asked++) void plant.host.rebirth()
    plant.rig.cursor.append(batchOf([[1, value++]]))
    await pause(10)
  }
  assert.ok(asked > 2000)
  await eventually('all is delivered', () => plant.rig.cursor.ledger().pending === 0)
  const births = plant.host.of('NBIRTH').map(({ at }) => at)
  assert.ok(births.length >= 3 && births.length <= 6, `${births.length} births`)
  births.slice(1).forEach((at, before) => assert.ok(at - births[before]! >= 900, 'two births within a second'))
  // The first rebirth of the storm may stop the data until it comes; after it they come all the time.
  const data = plant.host.of('DDATA').filter(({ at }) => at > births[1]! && at < began + 3500)
  const longest = Math.max(...data.slice(1).map(({ at }, before) => at - data[before]!.at))
  assert.ok(data.length > 50 && longest < 500, `${data.length} data, and once none for ${longest} ms`)
  unbroken(plant)
  whole(plant, 3)
})

test('under load: nothing comes between the births, nothing is lost, the numbers go on', options, async (t) => {
  const plant = await start(t)
  const rows: Row[] = Array.from({ length: 60_000 }, (_, at) => [1 + (at % 6), at])
  const feed = (async () => {
    for (let at = 0; at < rows.length; at += 500) {
      plant.rig.cursor.append(batchOf(rows.slice(at, at + 500)))
      if (at % 2500 === 0) await pause(30)
    }
  })()
  for (let each = 0; each < 3; each++) {
    await pause(200)
    await plant.host.rebirth()
  }
  await feed
  await eventually('all is delivered', () => plant.rig.cursor.ledger().pending === 0)
  const valuesOf = () => plant.host.of('DDATA').flatMap(({ payload }) => payload.metrics.map(({ value }) => value))
  await eventually('all has come', () => valuesOf().length >= 60_000)
  const values = valuesOf()
  assert.equal(new Set(values).size, 60_000)
  assert.equal(values.length, 60_000, 'a rebirth repeats no data')
  assert.ok(plant.host.of('NBIRTH').length >= 2)
  unbroken(plant)
  whole(plant, 3)
})

test('a request right behind the birth stops the data until it is answered', options, async (t) => {
  const plant = await start(t)
  await plant.host.rebirth()
  await pause(100)
  plant.rig.cursor.append(batchOf([[1, 1]]))
  await plant.host.wait('DDATA')
  assert.deepEqual(
    plant.host.messages.map((message) => message.type),
    ['NBIRTH', 'DBIRTH', 'DBIRTH', 'DBIRTH', 'NBIRTH', 'DBIRTH', 'DBIRTH', 'DBIRTH', 'DDATA'],
  )
})

test('what is no request is passed over: false, another metric, nonsense, a retained one', options, async (t) => {
  const plant = await start(t)
  const { host } = plant
  await pause(1000)
  await host.command([{ name: 'Node Control/Rebirth', type: 'Boolean', value: false }])
  await host.command([{ name: 'Node Control/Reboot', type: 'Boolean', value: true }])
  await host.command([{ name: 'Node Control/Rebirth', type: 'Int32', value: 1 }])
  await host.command([{ alias: 4_000_000_000, type: 'Boolean', value: true }])
  for (const hex of ['ff', '12', '1203', '0801120a', 'ffffffffffffffffffffff', '12ffffffff0f', '0b0c'])
    await host.publish(NCMD, Buffer.from(hex, 'hex'))
  await host.publish(NCMD, '')
  await pause(300)
  assert.equal(host.of('NBIRTH').length, 1)
  assert.equal(plant.rig.runner.status().state, 'Running')
  await host.rebirth()
  await host.wait('NBIRTH', 2)
})

test('a retained request is not answered at every connection', options, async (t) => {
  const broker = await startMosquitto(t)
  const host = await startSparkplugHost(t, broker.url)
  await host.command([{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }], NCMD, true)
  const tags = tagTable('press/level')
  startDelivery(t, type, { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway' }, { tags })
  await host.wait('DBIRTH')
  await pause(1300)
  assert.equal(host.of('NBIRTH').length, 1)
})
