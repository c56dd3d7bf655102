/** The sink suite against brokers that nobody here wrote, decoded by a library that nobody here wrote. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { freePort, needs, temporaryFolder } from '../../testing/peers.ts'
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
  pause?(isPaused: boolean): void
}

async function peerOf(t: TestContext, broker: Broker, options: object): Promise<SinkPeer> {
  const messages = broker.messages ?? (await startSparkplugHost(t, broker.url)).messages
  return {
    options: { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway', ...options },
    delivered: () => messages.filter((message) => message.type === 'DDATA').flatMap(samplesOf),
    gaps: () => messages.filter((message) => message.type === 'NDATA').flatMap(gapsOf),
    start: () => broker.start(),
    stop: () => broker.stop(),
    ...(broker.pause === undefined
      ? {}
      : { standStill: async () => (broker.pause!(true), () => broker.pause!(false)) }),
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
  return peerOf(t, await startAedes(t), { protocolVersion: 4, maxPacket: 4000 })
})

/** aedes on a port of its own, with a record of what is published in it. */
async function startAedes(t: TestContext): Promise<Broker> {
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  const port = await freePort()
  const decoder = new SparkplugDecoder()
  const messages: Seen[] = []
  aedes.on('publish', ({ topic, payload }, client) => {
    if (client !== null) messages.push({ ...placeOf(topic), payload: decoder.decode(topic, Buffer.from(payload)) })
  })
  const sockets = new Set<{ destroy(): void }>()
  let server = createServer()
  const start = () =>
    new Promise<void>((resolve) => {
      server = createServer((socket) => {
        sockets.add(socket)
        aedes.handle(socket)
      })
      server.listen(port, '127.0.0.1', resolve)
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    })
  await start()
  t.after(async () => {
    await stop()
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
  })
  return { url: `mqtt://127.0.0.1:${port}`, messages, start, stop }
}
