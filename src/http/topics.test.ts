/** The tree of topics over the API, against what a real broker was told. */
/* oxlint-disable typescript/no-explicit-any -- answers are looked at as whoever scripts them does, without their types */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulated } from '../drivers/simulated/driver.ts'
import { mqtt } from '../sinks/mqtt/sink.ts'
import { sparkplug } from '../sinks/sparkplug/sink.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { startMosquitto } from '../testing/mosquitto.ts'
import { recordMqtt, type MqttRecorder } from '../testing/mqtt-recorder.ts'
import { eventually, needs } from '../testing/peers.ts'
import { startHttp } from './server.ts'

const REPLAY = { order: 'in-order' as const, makeUpRowsPerSecond: undefined }
const skip = needs('mosquitto')

async function start(t: TestContext) {
  const broker = await startMosquitto(t)
  const tag = (name: string, address: string) => ({ name, address, type: 'float64' as const })
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'press-1',
        type: simulated,
        tags: [tag('level', 'counter:period=50ms'), tag('fixed', 'constant:value=7')],
        everyMs: 50,
      },
      { name: 'press-2', type: simulated, tags: [tag('level', 'constant:value=2')], everyMs: 200 },
    ],
    sinks: [
      {
        name: 'plant',
        type: mqtt as never,
        options: mqtt.options.parse({ url: broker.url, topic: 'acme/{device}/{tag}' }),
        enabled: true,
        replay: REPLAY,
      },
      {
        name: 'spark',
        type: sparkplug as never,
        options: sparkplug.options.parse({ urls: broker.url, groupId: 'plant', edgeNodeId: 'gw' }),
        enabled: true,
        replay: REPLAY,
      },
    ] as never,
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const get = async (path: string) => {
    const response = await fetch(http.url + path)
    return { status: response.status, body: (await response.json()) as any }
  }
  await eventually('both sinks run', () => gateway.runners.every((runner) => runner.status().state === 'Running'))
  return { gateway, broker, get }
}

/** The broker handed on the very message. */
const heard = ({ messages }: MqttRecorder, { place, text }: { place: string; text: string }): boolean =>
  messages.some(({ topic, retained: _retained, ...said }) => topic === place && JSON.stringify(said) === text)

test('one level at a time, and leaves with the payload that the broker got', { skip }, async (t) => {
  const { gateway, broker, get } = await start(t)
  const recorder = await recordMqtt(t, broker.url, 'acme/#')
  const { body: first } = await get('/api/v1/topics?sink=plant')
  assert.deepEqual(first.sinks, [
    { name: 'plant', kind: 'mqtt' },
    { name: 'spark', kind: 'sparkplug' },
  ])
  assert.deepEqual(
    first.nodes.map(({ segment, tags, children, leaf }: any) => [segment, tags, children, leaf]),
    [['acme', 3, 2, null]],
  )
  const { body: second } = await get('/api/v1/topics?sink=plant&prefix=acme&limit=1')
  assert.equal(second.nodes[0].path, 'acme/press-1')
  const { body: rest } = await get(
    `/api/v1/topics?sink=plant&prefix=acme&limit=1&cursor=${encodeURIComponent(second.next)}`,
  )
  assert.deepEqual([rest.nodes[0].path, rest.nodes[0].tags, rest.next], ['acme/press-2', 1, null])
  const { body: leaves } = await get('/api/v1/topics?sink=plant&prefix=acme/press-1')
  const level = leaves.nodes.find(({ segment }: any) => segment === 'level')
  assert.deepEqual(level.leaf.producers, [{ device: 'press-1', tag: 'level' }])
  const { last } = level.leaf
  assert.deepEqual([last.message.facts.qos, last.message.facts.retained], [1, true])
  await eventually('the broker had the same bytes', () => heard(recorder, last.message))
  // Its confirmation may still be on the way.
  await eventually('it is confirmed', () => gateway.runners[0]!.fateOf(last.seq) === 'delivered')
  await eventually('the topic says so', async () => {
    const { body } = await get('/api/v1/topics?sink=plant&prefix=acme/press-1')
    return body.nodes.find(({ segment }: any) => segment === 'level').leaf.last.fate === 'delivered'
  })
})

test('a topic with the message before it, and the busiest topics while somebody watches', { skip }, async (t) => {
  const { broker, get } = await start(t)
  const recorder = await recordMqtt(t, broker.url, 'acme/#')
  await eventually(
    'some were heard',
    () => recorder.messages.filter(({ topic }) => topic === 'acme/press-1/level').length > 3,
  )
  const { body } = await get('/api/v1/topics/message?sink=plant&topic=acme/press-1/level')
  const [now, before] = [body.last, body.previous].map(({ message }) => JSON.parse(message.text))
  assert.ok(before.seq < now.seq && before.t < now.t, 'the one before is older')
  await eventually('the broker had both', () =>
    [body.last, body.previous].every(({ message }) => heard(recorder, message)),
  )
  assert.equal(body.perMinute, null)
  assert.equal((await get('/api/v1/topics/message?sink=plant&topic=acme/none')).status, 404)
  const { body: found } = await get('/api/v1/topics/search?sink=plant&q=PRESS-1%20level')
  assert.deepEqual(found.topics, [
    { topic: 'acme/press-1/level', tags: 1, producers: [{ device: 'press-1', tag: 'level' }] },
  ])
  await get('/api/v1/topics/busiest?sink=plant')
  let busiest: any
  await eventually('there are rates', async () => {
    busiest = (await get('/api/v1/topics/busiest?sink=plant&limit=2')).body
    return busiest.watchedSeconds > 2
  })
  const [first, second] = busiest.topics
  assert.equal(busiest.topics.length, 2)
  assert.match(first.topic, /^acme\/press-1\//)
  assert.ok(first.perMinute > 200 && first.perMinute >= second.perMinute, JSON.stringify(first))
})

test('Sparkplug: one topic a device, its payload in words', { skip }, async (t) => {
  const { get } = await start(t)
  let found: any
  await eventually('there is data', async () => {
    found = (await get('/api/v1/topics/message?sink=spark&topic=spBv1.0/plant/DDATA/gw/press-1')).body
    return found.last !== null
  })
  const { tags, last, producers } = found
  assert.deepEqual([tags, producers.length], [2, 2])
  const { metrics } = last.message.decoded
  assert.deepEqual(
    metrics.map(({ name }: any) => name),
    ['level', 'fixed'],
  )
  assert.equal(metrics[1].value, 7)
  assert.equal(last.message.text, null)
  assert.match(last.message.hex, /^[0-9A-F]+$/)
})
