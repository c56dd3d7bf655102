/**
 * Samples through runner and mqtt sink to mosquitto with QoS 1, one a message and many a message, each beside the bare mqtt.js client
 * doing the same work: same broker, topics, window and payloads, made by JSON.stringify, every message confirmed. Under a minute.
 */
import type { SampleBatch } from '../src/core/batch.ts'
import type { SinkType } from '../src/core/sink.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { withBroker } from './broker.ts'
import { batchFrom, interleaved, report, throughRunner, type Rate } from './sinks/delivery.ts'

const MESSAGES = 40_000
const SAMPLES = 400_000
const ROWS = 1000
const TOGETHER = 500
const WINDOW = 500
const ROUNDS = 3
const WANTED_MESSAGES = 15_000
const WANTED_SAMPLES = 100_000

const type = mqtt as unknown as SinkType

type Message = readonly [topic: string, payload: string]

/** Runs all and prints two tables; resolves with the rates. */
export const run = (): Promise<readonly Rate[] | undefined> =>
  withBroker('mqtt', ['max_inflight_messages 0'], async (url) => {
    const one = { url, window: WINDOW, retain: false }
    const many = { ...one, samplesPerMessage: TOGETHER }
    const single = await compared(url, MESSAGES, one, singleMessages)
    report('mqtt, one sample a message', 'messages', single, WANTED_MESSAGES)
    const shared = await compared(url, SAMPLES, many, sharedMessages)
    report('mqtt, many samples a message', 'samples', shared, WANTED_SAMPLES)
    return [...single, ...shared]
  })

const compared = (url: string, samples: number, options: object, encode: (batch: SampleBatch) => Message[]) =>
  interleaved(
    [
      {
        what: 'runner + mqtt sink, QoS 1',
        prepare: async () => undefined,
        run: () => throughRunner(type, options, samples),
      },
      {
        what: 'bare mqtt.js + JSON.stringify, QoS 1',
        prepare: async () => undefined,
        run: () => bareClient(url, samples, encode),
      },
    ],
    samples,
    ROUNDS,
  )

const deviceOf = (tag: number): string => `press-${(tag - 1) % 10}`

/** What a program of its own would send, one message a sample. */
function singleMessages(batch: SampleBatch): Message[] {
  return Array.from({ length: batch.length }, (_, row) => {
    const tag = batch.tag[row]!
    const { value, time, status } = batch
    const sample = { v: value[row], t: time[row], q: status[row], log: 'k3f9', seq: batch.seq![row] }
    return [`${deviceOf(tag)}/tag-${tag - 1}`, JSON.stringify(sample)]
  })
}

/** The same with one message a device. */
function sharedMessages(batch: SampleBatch): Message[] {
  const byDevice = new Map<string, object[]>()
  for (let row = 0; row < batch.length; row++) {
    const tag = batch.tag[row]!
    const device = deviceOf(tag)
    const samples = byDevice.get(device) ?? []
    byDevice.set(device, samples)
    const { value, time, status } = batch
    samples.push({
      device,
      tag: `tag-${tag - 1}`,
      v: value[row],
      t: time[row],
      q: status[row],
      seq: batch.seq![row],
    })
  }
  return [...byDevice].map(([device, samples]) => [device, JSON.stringify({ log: 'k3f9', samples })])
}

async function bareClient(url: string, samples: number, encode: (batch: SampleBatch) => Message[]): Promise<void> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
  for (let seq = 1; seq <= samples; seq += ROWS) {
    await publishAll(encode(batchFrom(seq, ROWS)), (topic, payload, done) =>
      client.publish(topic, payload, { qos: 1 }, done),
    )
  }
  await client.endAsync()
}

function publishAll(
  messages: readonly Message[],
  publish: (topic: string, payload: string, done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let confirmed = 0
    const send = () => {
      while (next < messages.length && next - confirmed < WINDOW) publish(...messages[next++]!, onDone)
    }
    const onDone = (error?: Error | null) => {
      if (error) return reject(error)
      if (++confirmed === messages.length) return resolve()
      send()
    }
    send()
  })
}

if (import.meta.main) await run()
