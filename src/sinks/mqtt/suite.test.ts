/** The sink suite against brokers that nobody here wrote: Debian's mosquitto (5.0, 3.1.1, TLS) and aedes in this process. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { startAedes } from '../../testing/aedes.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { subscribeMqtt, type MqttMessage, type MqttSubscriber } from '../../testing/mqtt-subscriber.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { mqtt } from './sink.ts'

const type = mqtt as unknown as SinkType
const noMosquitto = needs('mosquitto', 'openssl')

interface Broker {
  readonly url: string
  /** What the broker itself saw, where a subscriber's session would be drained out of order. */
  readonly subscriber?: Pick<MqttSubscriber, 'messages'>
  start(): Promise<void>
  stop(): Promise<void>
  pause(isPaused: boolean): void
}

async function peerOf(t: TestContext, broker: Broker, options: object): Promise<SinkPeer> {
  const subscriber = broker.subscriber ?? (await subscribeMqtt(t, broker.url))
  return {
    options: { url: broker.url, retain: false, ...options },
    delivered: () => samplesOf(subscriber),
    gaps: () => ofTopic(subscriber, /^_gateway\/gap$/) as ReturnType<SinkPeer['gaps']>,
    start: () => broker.start(),
    stop: () => broker.stop(),
    standStill: async () => {
      broker.pause(true)
      return () => broker.pause(false)
    },
    refusedValue: 'x'.repeat(5000),
  }
}

interface UnsJson {
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly h?: boolean
}

/** Messages of many samples, one topic for all. */
async function batchedPeerOf(t: TestContext, broker: Broker): Promise<SinkPeer> {
  const subscriber = await subscribeMqtt(t, broker.url)
  const peer = await peerOf(t, { ...broker, subscriber }, { topic: 'all/samples', samplesPerMessage: 100, gapTopic: '_gateway/gap' }) // prettier-ignore
  const delivered = (): Delivered[] =>
    subscriber.messages
      .filter(({ topic }) => topic === 'all/samples')
      .flatMap(({ text }) => {
        const { log, samples } = JSON.parse(text) as { log: string; samples: (UnsJson & { device: string; tag: string })[] } // prettier-ignore
        return samples.map(({ device, tag, v, t: time, q, seq, h }) => ({ device, tag, value: v, status: q, time, log, seq, historical: h === true })) // prettier-ignore
      })
  return { ...peer, delivered }
}

function samplesOf({ messages }: Pick<MqttSubscriber, 'messages'>): Delivered[] {
  return messages
    .filter(({ topic }) => !topic.startsWith('_gateway/'))
    .map(({ topic, text }) => {
      const { v, t, q, log, seq, h } = JSON.parse(text) as UnsJson
      const [device, tag] = topic.split('/')
      return { device: device!, tag: tag!, value: v, status: q, time: t, log, seq, historical: h === true }
    })
}

const ofTopic = ({ messages }: Pick<MqttSubscriber, 'messages'>, topic: RegExp): unknown[] =>
  messages.filter((message) => topic.test(message.topic)).map(({ text }) => JSON.parse(text) as unknown)

sinkSuite(
  'mqtt 5.0, mosquitto',
  type,
  async (t) => peerOf(t, await startMosquitto(t, { extra: ['max_packet_size 4000'] }), {}),
  noMosquitto,
)

sinkSuite(
  'mqtt 3.1.1, mosquitto',
  type,
  async (t) => peerOf(t, await startMosquitto(t), { protocolVersion: 4, maxPacket: 4000 }),
  noMosquitto,
)

sinkSuite(
  'mqtt 5.0 with QoS 0, mosquitto',
  type,
  async (t) => peerOf(t, await startMosquitto(t, { extra: ['max_packet_size 4000'] }), { qos: 0 }),
  noMosquitto,
)

sinkSuite(
  'mqtt 5.0 with QoS 2 over TLS, mosquitto',
  type,
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const tls = createCertificate(folder, 'broker', authority, 'localhost')
    const broker = await startMosquitto(t, { tls, extra: ['max_packet_size 4000'] })
    return peerOf(t, broker, { ca: join(folder, 'authority.crt'), qos: 2 })
  },
  noMosquitto,
)

sinkSuite(
  'mqtt 5.0, many samples a message, mosquitto',
  type,
  async (t) => batchedPeerOf(t, await startMosquitto(t, { extra: ['max_packet_size 4000'] })),
  noMosquitto,
)

// What arrives is recorded inside it: it hands on a session's backlog out of order.
sinkSuite('mqtt 3.1.1, aedes', type, async (t) => {
  const messages: MqttMessage[] = []
  const broker = await startAedes(t, (topic, payload, retained) => messages.push({ topic, text: payload.toString(), retained })) // prettier-ignore
  return peerOf(t, { ...broker, subscriber: { messages } }, { protocolVersion: 4, maxPacket: 4000 })
})
