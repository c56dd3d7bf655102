/** What the far side knows of devices and tags: deaths and births of devices, history, tags of earlier configurations, limits. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { TagTable, type TagInfo } from '../../core/tags.ts'
import {
  batchOf,
  startDelivery,
  tagSettings,
  tagTable,
  typedTable,
  type DeliveryRig,
} from '../../testing/delivery-rig.ts'
import { startMosquitto, type Mosquitto, type MosquittoOptions } from '../../testing/mosquitto.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { startSparkplugHost, type SparkplugHost } from '../../testing/sparkplug-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const options = { skip: needs('mosquitto'), timeout: 30_000 }
const lost = Status.BadNoCommunication
const T = 1_732_356_000_000

interface Plant {
  readonly broker: Mosquitto
  readonly host: SparkplugHost
  readonly rig: DeliveryRig
}

async function start(
  t: TestContext,
  tags: TagTable,
  more: object = {},
  before: (rig: DeliveryRig) => void = () => undefined,
  mosquitto: MosquittoOptions = {},
): Promise<Plant> {
  const broker = await startMosquitto(t, mosquitto)
  const host = await startSparkplugHost(t, broker.url)
  const rig = startDelivery(t, type, { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway', ...more }, { tags })
  before(rig)
  await host.wait('NBIRTH')
  await eventually('running', () => rig.runner.status().state === 'Running')
  return { broker, host, rig }
}

const delivered = (rig: DeliveryRig) => eventually('all is delivered', () => rig.cursor.ledger().pending === 0)
const order = ({ messages }: SparkplugHost) => messages.map(({ type: its, device }) => `${its} ${device ?? ''}`.trim())

test('a device dies with its last tag, and is born before its next data; others go on', options, async (t) => {
  const { host, rig } = await start(t, tagTable('a/x', 'a/y', 'b/x'))
  rig.cursor.append(batchOf([[1, undefined, lost]]))
  await host.wait('DDATA')
  rig.cursor.append(batchOf([[2, undefined, Status.BadTimeout], [3, 7]])) // prettier-ignore
  await host.wait('DDEATH/a')
  await host.wait('DDATA/b')
  rig.cursor.append(batchOf([[2, 8]]))
  await host.wait('DBIRTH/a', 2)
  await delivered(rig)
  await host.wait('DDATA/a', 3)
  assert.deepEqual(order(host), ['NBIRTH', 'DBIRTH a', 'DBIRTH b', 'DDATA a', 'DDATA a', 'DDEATH a', 'DDATA b', 'DBIRTH a', 'DDATA a']) // prettier-ignore
  assert.deepEqual(host.of('DDEATH')[0]!.payload.metrics, [])
})

test('lost and back within one batch is told in order', options, async (t) => {
  const { host, rig } = await start(t, tagTable('a/x', 'a/y'))
  rig.cursor.append(batchOf([[1, 1], [1, undefined, lost], [2, undefined, lost], [1, 2], [2, 3]])) // prettier-ignore
  await delivered(rig)
  await host.wait('DDATA/a', 2)
  const tail = order(host).slice(2)
  // The rows may come as one batch or as several.
  assert.deepEqual(tail.filter((each) => each !== 'DDATA a'), ['DDEATH a', 'DBIRTH a']) // prettier-ignore
  const values = host.of('DDATA').flatMap(({ payload }) => payload.metrics.map(({ value }) => value))
  assert.deepEqual(values, [1, 1, null, 2, 3])
})

test('a device that cannot be reached at the birth is told, and dead', options, async (t) => {
  const { host, rig } = await start(t, tagTable('a/x', 'b/x'), {}, ({ latest }) => {
    latest.set(1, 5, 0, T, Status.UncertainNoCommunicationLastUsableValue)
    latest.set(2, 6, 0, T)
  })
  await host.wait('DDEATH/a')
  assert.deepEqual(order(host), ['NBIRTH', 'DBIRTH a', 'DBIRTH b', 'DDEATH a'])
  const [x] = host.of('DBIRTH/a')[0]!.payload.metrics
  assert.deepEqual([x!.value, x!.timestamp, x!.properties.Quality!.value], [5, T, 500])
  // Another way of being lost is told too: birth, data, death.
  rig.cursor.append(batchOf([[1, undefined, Status.BadNotConnected]]))
  await host.wait('DDEATH/a', 2)
  assert.deepEqual(order(host).slice(4), ['DBIRTH a', 'DDATA a', 'DDEATH a'])
})

test('a tag never read is null and stale', options, async (t) => {
  const { host } = await start(t, typedTable(['a/x', 'uint64']))
  const [birth] = await host.wait('DBIRTH')
  const [x] = birth!.payload.metrics
  assert.deepEqual([x!.type, x!.isNull, x!.hasValue, x!.properties.Quality!.value], ['UInt64', true, false, 500])
})

test('what was stored before the birth told something newer is history, with its own time', options, async (t) => {
  const { host, rig, broker } = await start(t, tagTable('a/x', 'a/y'))
  rig.cursor.append(batchOf([[1, 1]]))
  await delivered(rig)
  await broker.stop()
  await eventually('the connection is lost', () => rig.runner.status().state !== 'Running')
  rig.cursor.append(batchOf([[1, 2, 0, T + 1], [1, 3, 0, T + 2], [2, 9, 0, T + 3], [1, 4, 0, T + 4]])) // prettier-ignore
  rig.latest.set(1, 4, 5, T + 4)
  rig.latest.set(2, 9, 4, T + 3)
  await broker.start()
  await delivered(rig)
  await host.wait('NBIRTH', 2)
  await host.wait('DDATA', 2)
  const born = host
    .of('DBIRTH')
    .at(-1)!
    .payload.metrics.map(({ name, value, timestamp }) => [name, value, timestamp])
  assert.deepEqual(born, [['y', 9, T + 3], ['x', 4, T + 4]]) // prettier-ignore
  const told = host.of('DDATA').slice(1).flatMap(({ payload }) => payload.metrics.map(({ value, timestamp, isHistorical }) => [value, timestamp, isHistorical])) // prettier-ignore
  assert.deepEqual(told, [[2, T + 1, true], [3, T + 2, true], [9, T + 3, false], [4, T + 4, false]]) // prettier-ignore
  const seqs = host.messages.slice(host.messages.findLastIndex((each) => each.type === 'NBIRTH')).map(({ payload }) => payload.seq) // prettier-ignore
  assert.deepEqual(seqs, seqs.map((_, at) => at)) // prettier-ignore
})

test('samples of tags that are no longer configured come with a birth of theirs', options, async (t) => {
  const former = new Map<number, TagInfo>([
    [7, { id: 7, device: 'a', settings: tagSettings('gone', 'int16') }],
    [8, { id: 8, device: 'a', settings: tagSettings('x', 'string') }],
    [9, { id: 9, device: 'old/name', settings: tagSettings('x') }],
  ])
  const tags = new TagTable((id) => former.get(id))
  tags.add({ id: 1, device: 'a', settings: tagSettings('x') })
  const { host, rig } = await start(t, tags)
  rig.cursor.append(batchOf([[1, 1], [7, 12.5], [8, 'text'], [9, 1], [10, 1], [1, 2]])) // prettier-ignore
  await delivered(rig)
  await host.wait('NBIRTH', 2)
  const names = host
    .of('DBIRTH')
    .at(-1)!
    .payload.metrics.map(({ name, type: its }) => [name, its])
  assert.deepEqual(names.map(String).toSorted(), ['gone,Double', 'x (string),String', 'x,Double']) // prettier-ignore
  await eventually('the data', () => host.of('DDATA').flatMap(({ payload }) => payload.metrics).length >= 4)
  const values = host.of('DDATA').flatMap(({ payload }) => payload.metrics.map(({ name, value }) => [name, value]))
  assert.deepEqual(values, [['x', 1], ['gone', 12.5], ['x (string)', 'text'], ['x', 2]]) // prettier-ignore
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 2 })
})

test('samples of a device that is gone: it is born for them, and dies behind them', options, async (t) => {
  const former = new Map<number, TagInfo>([[7, { id: 7, device: 'old', settings: tagSettings('x') }]])
  const tags = new TagTable((id) => former.get(id))
  tags.add({ id: 1, device: 'a', settings: tagSettings('x') })
  const { host, rig } = await start(t, tags)
  rig.cursor.append(batchOf([[7, 1], [1, 2], [7, 3]])) // prettier-ignore
  await delivered(rig)
  await host.wait('DDEATH/old')
  rig.cursor.append(batchOf([[7, 4]]))
  await host.wait('DDEATH/old', 2)
  const ofOld = host.messages.filter(({ device }) => device === 'old').map(({ type: its }) => its)
  assert.deepEqual(ofOld, ['DBIRTH', 'DDATA', 'DDEATH', 'DBIRTH', 'DDATA', 'DDEATH'])
})

test('scaled tags are Doubles whatever the device has', options, async (t) => {
  const tags = typedTable(
    ['a/plain', 'int16'],
    ['a/scaled', 'int16', { scale: 0.1 }],
    ['a/cut', 'uint8', { clamp: true, low: 0.5, high: 9 }],
  )
  const { host, rig } = await start(t, tags)
  const types = (await host.wait('DBIRTH'))[0]!.payload.metrics.map(({ name, type: its }) => [name, its])
  assert.deepEqual(types.toSorted(), [['cut', 'Double'], ['plain', 'Int16'], ['scaled', 'Double']]) // prettier-ignore
  rig.cursor.append(batchOf([[1, -5], [2, 12.3], [3, 0.5], [1, 1.5]])) // prettier-ignore
  await delivered(rig)
  // A number that the type cannot hold is put aside, not cut.
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
  const values = (await host.wait('DDATA')).flatMap(({ payload }) => payload.metrics.map(({ value }) => value))
  assert.deepEqual(values, [-5, 12.3, 0.5])
})

test('a long text does not make the birth too large for the broker', options, async (t) => {
  const tags = typedTable(['a/text', 'string'], ['a/x', 'float64'])
  const before = ({ latest }: DeliveryRig) => {
    latest.set(1, 'x'.repeat(5000), 0, T)
    latest.set(2, 3, 0, T)
  }
  const { host } = await start(t, tags, {}, before, { extra: ['max_packet_size 4000'] })
  const [birth] = await host.wait('DBIRTH')
  assert.deepEqual(birth!.payload.metrics.map(({ name, value }) => [name, value]), [['text', null], ['x', 3]]) // prettier-ignore
})

test('a birth that is too large for the broker is named, with its device', options, async (t) => {
  const broker = await startMosquitto(t, { extra: ['max_packet_size 2000'] })
  const tags = tagTable(...Array.from({ length: 200 }, (_, at) => `big/tag-${at}`))
  const rig = startDelivery(t, type, { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway' }, { tags })
  await eventually('it is told', () => /birth of "big" with 200 metrics has \d+ bytes/.test(rig.runner.status().reason ?? '')) // prettier-ignore
  assert.equal(rig.runner.status().state, 'Failed')
})

test('a batch of one device that is larger than the broker takes is sent in parts', options, async (t) => {
  const { host, rig } = await start(t, tagTable('a/x'), {}, undefined, { extra: ['max_packet_size 2000'] })
  rig.cursor.append(batchOf(Array.from({ length: 1000 }, (_, at) => [1, at])))
  await delivered(rig)
  const values = () => host.of('DDATA').flatMap(({ payload }) => payload.metrics.map(({ value }) => value))
  await eventually('all', () => values().length === 1000)
  assert.deepEqual(values(), Array.from({ length: 1000 }, (_, at) => at)) // prettier-ignore
  assert.ok(host.of('DDATA').length > 10)
})
