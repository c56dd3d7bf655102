/** bdSeq: one more at each CONNECT, 0 after 255, on disk before it is sent, the same in will and NBIRTH (Sparkplug 3.0, 4.3.1 and 5.4). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SinkContext, SinkType } from '../../core/sink.ts'
import { memoryState, sinkContext, tagTable } from '../../testing/delivery-rig.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startMqttWire, type MqttWire } from '../../testing/mqtt-wire.ts'
import { freePort, needs } from '../../testing/peers.ts'
import { SparkplugDecoder } from '../../testing/sparkplug-decoder.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const skip = needs('mosquitto')
const { signal } = new AbortController()

const sinkAt = (urls: string | string[], state = memoryState(), more: Partial<SinkContext> = {}, options = {}) =>
  type.create(
    type.options.parse({ urls, groupId: 'plant', edgeNodeId: 'gateway', ...options }),
    sinkContext({ tags: tagTable('press/level'), state, ...more }),
  )

async function wireOf(t: TestContext): Promise<MqttWire> {
  return startMqttWire(t, (await startMosquitto(t)).port)
}

const bdSeqIn = (topic: string, payload: Uint8Array) =>
  Number(new SparkplugDecoder().decode(topic, payload).metrics.find(({ name }) => name === 'bdSeq')?.value)

const inWills = (wire: MqttWire) =>
  wire.of('connect').map(({ will }) => bdSeqIn(will!.topic, Buffer.from(will!.payload)))

const inBirths = (wire: MqttWire) =>
  wire
    .of('publish')
    .filter(({ topic }) => topic.includes('/NBIRTH/'))
    .map(({ topic, payload }) => bdSeqIn(topic, Buffer.from(payload)))

for (const protocolVersion of [5, 4]) {
  test(
    `tck-id-topics-nbirth-bdseq-increment, tck-id-message-flow-edge-node-birth-publish-will-message-payload-bdSeq: ` +
      `over 257 connections of MQTT ${protocolVersion} it counts from 0 to 255, then 0 again`,
    { skip, timeout: 60_000 },
    async (t) => {
      const wire = await wireOf(t)
      const state = memoryState()
      let sink = sinkAt(wire.url, state, {}, { protocolVersion })
      for (let count = 0; count < 257; count++) {
        // A restart of the gateway now and then.
        if (count % 50 === 49) sink = sinkAt(wire.url, state, {}, { protocolVersion })
        await sink.connect(signal)
        await sink.close()
      }
      const expected = Array.from({ length: 257 }, (_, at) => at % 256)
      assert.deepEqual(inWills(wire), expected)
      assert.deepEqual(inBirths(wire), expected)
      assert.equal(wire.mostOpen, 1)
    },
  )
}

test('it is on disk before CONNECT is sent', { skip }, async (t) => {
  const wire = await wireOf(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  const kept = memoryState()
  const sink = sinkAt(wire.url, { load: () => kept.load(), save: (next) => promise.then(() => kept.save(next)) })
  const connected = sink.connect(signal)
  await new Promise((done) => setTimeout(done, 200))
  assert.equal(wire.sent.length, 0)
  resolve()
  await connected
  assert.deepEqual(kept.load(), { bdSeq: 0 })
  assert.deepEqual(inWills(wire), [0])
  await sink.close()
})

test('a disk that does not take it: no CONNECT is sent, and the error says why', { skip }, async (t) => {
  const wire = await wireOf(t)
  const sink = sinkAt(wire.url, { load: () => undefined, save: () => Promise.reject(new Error('no space left')) })
  await assert.rejects(sink.connect(signal), /no space left/)
  assert.equal(wire.sent.length, 0)
})

test(
  'an attempt that sends no CONNECT does not count; what is on disk and no number begins at 0',
  { skip },
  async (t) => {
    const state = memoryState()
    const nobody = await freePort()
    await assert.rejects(sinkAt(`mqtt://127.0.0.1:${nobody}`, state).connect(signal), /refused the connection/)
    assert.equal(state.load(), undefined)
    const wire = await wireOf(t)
    await state.save({ bdSeq: 'seven' })
    const sink = sinkAt(wire.url, state)
    await sink.connect(signal)
    assert.deepEqual(inWills(wire), [0])
    await sink.close()
  },
)

test('a connection that is cut has its death published by the broker, with its own bdSeq', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const { startSparkplugHost } = await import('../../testing/sparkplug-host.ts')
  const host = await startSparkplugHost(t, broker.url)
  const sink = sinkAt(wire.url)
  await sink.connect(signal)
  await host.wait('NBIRTH')
  wire.cut()
  const [death] = await host.wait('NDEATH')
  assert.equal(death!.payload.metrics[0]!.value, '0')
  await sink.connect(signal)
  await host.wait('NBIRTH', 2)
  assert.deepEqual(inWills(wire), [0, 1])
  await sink.close()
})
