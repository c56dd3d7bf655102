/** The sink suite against brokers that nobody here wrote, decoded by a library that nobody here wrote. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { startAedes } from '../../testing/aedes.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { sequenceOf, SparkplugDecoder } from '../../testing/sparkplug-decoder.ts'
import { placeOf, startSparkplugHost, type SparkplugMessage } from '../../testing/sparkplug-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const noMosquitto = needs('mosquitto', 'openssl')
const SMALL = { extra: ['max_packet_size 4000'] }

type Seen = Pick<SparkplugMessage, 'type' | 'device' | 'payload'>

interface Broker {
  readonly url: string
  /** What the broker itself saw, where it hands on a session's backlog out of order. */
  readonly messages?: readonly Seen[]
  start(): Promise<void>
  stop(): Promise<void>
  pause(isPaused: boolean): void
}

async function peerOf(t: TestContext, broker: Broker, options: object): Promise<SinkPeer> {
  const messages = broker.messages ?? (await startSparkplugHost(t, broker.url)).messages
  return {
    options: { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway', ...options },
    delivered: () => messages.filter((message) => message.type === 'DDATA').flatMap(samplesOf),
    gaps: () => messages.filter((message) => message.type === 'NDATA').flatMap(gapsOf),
    start: () => broker.start(),
    stop: () => broker.stop(),
    standStill: async () => {
      broker.pause(true)
      return () => broker.pause(false)
    },
    refusedValue: 'x'.repeat(5000),
  }
}

function samplesOf({ device, payload }: Seen): Delivered[] {
  const { log, seqs } = sequenceOf(payload)
  return payload.metrics.map(({ name, value, timestamp, isHistorical, properties }, at) => ({
    device: device!,
    tag: name,
    value,
    status: Number(properties.StatusCode?.value ?? 0),
    time: timestamp!,
    log,
    seq: seqs[at]!,
    historical: isHistorical,
  }))
}

const gapsOf = ({ payload }: Seen): ReturnType<SinkPeer['gaps']>[number][] =>
  payload.metrics
    .filter(({ name }) => name === 'Bifrost/Gap')
    .map(({ value }) => JSON.parse(value as string) as ReturnType<SinkPeer['gaps']>[number])

sinkSuite('sparkplug, MQTT 5.0', type, async (t) => peerOf(t, await startMosquitto(t, SMALL), {}), noMosquitto)

sinkSuite(
  'sparkplug, MQTT 3.1.1, names and properties in place of aliases and body',
  type,
  async (t) => {
    const options = { protocolVersion: 4, maxPacket: 4000, aliases: false, sequence: 'property', uint32: 'long_value' }
    return peerOf(t, await startMosquitto(t), options)
  },
  noMosquitto,
)

sinkSuite(
  'sparkplug over TLS, primary host online',
  type,
  async (t) => {
    const folder = temporaryFolder(t)
    const tls = createCertificate(folder, 'broker', createAuthority(folder, 'authority'), 'localhost')
    const broker = await startMosquitto(t, { tls, ...SMALL })
    const host = await startSparkplugHost(t, broker.url)
    await host.publish('spBv1.0/STATE/scada', JSON.stringify({ online: true, timestamp: 1 }), true)
    return peerOf(t, broker, { ca: join(folder, 'authority.crt'), primaryHostId: 'scada' })
  },
  noMosquitto,
)

sinkSuite('sparkplug, aedes', type, async (t) => {
  const decoder = new SparkplugDecoder()
  const messages: Seen[] = []
  const broker = await startAedes(t, (topic, payload) => messages.push({ ...placeOf(topic), payload: decoder.decode(topic, payload) })) // prettier-ignore
  return peerOf(t, { ...broker, messages }, { protocolVersion: 4, maxPacket: 4000 })
})
