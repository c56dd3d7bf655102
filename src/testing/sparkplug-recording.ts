/**
 * One session of a Sparkplug edge node from CONNECT to its clean end, as it went over the wire: births, data, bad quality, a gap, a
 * device that is lost and comes back, more messages than the sequence number has values, a rebirth.
 */
import type { TestContext } from 'node:test'
import type { Packet } from 'mqtt'
import type { SinkType } from '../core/sink.ts'
import { Status } from '../core/status.ts'
import type { TagTable } from '../core/tags.ts'
import { batchOf, memoryLatest, sinkContext, typedTable, type Row } from './delivery-rig.ts'
import { startMosquitto } from './mosquitto.ts'
import { startMqttWire } from './mqtt-wire.ts'
import { SparkplugDecoder, type DecodedMetric, type DecodedPayload } from './sparkplug-decoder.ts'
import { placeOf, startSparkplugHost } from './sparkplug-host.ts'

type PacketOf<Command extends Packet['cmd']> = Extract<Packet, { cmd: Command }>

/** A message of the edge node, in the order of sending. */
export interface SentMessage {
  /** Its place among all packets. */
  readonly at: number
  readonly topic: string
  readonly type: string
  readonly device: string | undefined
  readonly qos: number
  readonly retain: boolean
  readonly bytes: Buffer
  readonly payload: DecodedPayload
}

export interface SparkplugRecording {
  /** Everything that the client sent. */
  readonly packets: readonly Packet[]
  /** The same as the bytes on the wire. */
  readonly bytes: Buffer
  readonly connect: PacketOf<'connect'>
  readonly subscribe: PacketOf<'subscribe'>
  readonly disconnect: PacketOf<'disconnect'>
  readonly will: DecodedPayload
  readonly messages: readonly SentMessage[]
  of(type: string, device?: string): SentMessage[]
  /** When it began and ended, ms since 1970. */
  readonly began: number
  readonly ended: number
}

export const GROUP = 'Plant 1'
export const NODE = 'Gateway ä'

const recordedTags = (): TagTable =>
  typedTable(
    ['press-1/level', 'float64', { unit: 'm', low: 0, high: 10 }],
    ['press-1/count', 'int32'],
    ['press-1/state', 'string'],
    ['press-1/running', 'bool'],
    ['press-1/never', 'uint32'],
    ['press-2/temp', 'float32'],
    ['press-2/Zähler/Σ', 'int64', { writable: true }],
  )

const T = 1_732_356_000_000
const lost = Status.BadNoCommunication

/** What is written, one write each. */
const WRITES: readonly (readonly Row[])[] = [
  [[1, 1.5, 0, T + 10], [2, -7, 0, T + 5], [3, 'läuft', 0, T + 7], [4, false, 0, T + 20], [6, 21.5, 0, T + 1]], // prettier-ignore
  [[1, 2.5, 0, T + 30], [1, 2.25, 0, T + 29], [2, 8, Status.BadDeviceFailure, T + 31]], // prettier-ignore
  [[1, 11, Status.UncertainEngineeringUnitsExceeded, T + 40], [5, undefined, Status.BadNotReadable, T + 41]], // prettier-ignore
  [[1, 9, Status.UncertainLastUsableValue, T + 50], [1, 9.5, 0, T + 45, true]], // prettier-ignore
  [[6, undefined, lost, T + 60], [7, undefined, lost, T + 60]], // prettier-ignore
  [[6, 22, 0, T + 70], [7, 5n, 0, T + 70]], // prettier-ignore
  ...Array.from({ length: 300 }, (_, at): Row[] => [[1, at, 0, T + 100 + at]]),
]

/** Records a session of this sink at mosquitto. */
export async function recordSession(t: TestContext, type: SinkType, options: object): Promise<SparkplugRecording> {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const host = await startSparkplugHost(t, broker.url)
  const latest = memoryLatest()
  const values = [1, 4, 'steht', true, undefined, 20.5, 1n << 40n]
  values.forEach((value, at) => (value === undefined ? undefined : latest.set(at + 1, value, 0, T - at)))
  const context = sinkContext({ tags: recordedTags(), latest })
  const given = { urls: wire.url, groupId: GROUP, edgeNodeId: NODE, commands: true, ...options }
  const sink = type.create(type.options.parse(given), context)
  const { signal } = new AbortController()
  const began = Date.now()
  await sink.connect(signal)
  let seq = 1
  for (const [at, rows] of WRITES.entries()) {
    await sink.write(batchOf(rows, seq), signal)
    seq += rows.length
    if (at === 1)
      await sink.gap!({ fromSeq: 90, toSeq: 99, samples: 10, reason: 'age', fromTime: 1, toTime: 2 }, signal)
  }
  await host.command([{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }], `spBv1.0/${GROUP}/NCMD/${NODE}`)
  await host.wait('NBIRTH', 2)
  await host.wait('DBIRTH/press-2', 3)
  await sink.write(batchOf([[1, 77, 0, T + 900]], seq), signal)
  await sink.close()
  const packets = wire.sent.map(({ packet }) => packet)
  return recordingOf(packets, Buffer.concat(wire.bytes[0]!), began)
}

function recordingOf(packets: readonly Packet[], bytes: Buffer, began: number): SparkplugRecording {
  const decoder = new SparkplugDecoder()
  const messages = packets.flatMap((packet, at): SentMessage[] => {
    if (packet.cmd !== 'publish') return []
    const { topic, payload, qos, retain } = packet
    const body = Buffer.from(payload)
    return [{ at, topic, ...placeOf(topic), qos, retain, bytes: body, payload: decoder.decode(topic, body) }]
  })
  const first = <Command extends Packet['cmd']>(cmd: Command) =>
    packets.find((packet) => packet.cmd === cmd) as PacketOf<Command>
  const connect = first('connect')
  return {
    packets,
    bytes,
    connect,
    subscribe: first('subscribe'),
    disconnect: first('disconnect'),
    will: new SparkplugDecoder().decode(connect.will!.topic, Buffer.from(connect.will!.payload)),
    messages,
    of: (type, device) =>
      messages.filter((message) => message.type === type && (device === undefined || message.device === device)),
    began,
    ended: Date.now(),
  }
}

/** The metric of this name; fails where there is none. */
export function metricOf(message: { payload: DecodedPayload }, name: string): DecodedMetric {
  const metric = message.payload.metrics.find((each) => each.name === name)
  if (metric === undefined) throw new Error(`there is no metric ${name}`)
  return metric
}
