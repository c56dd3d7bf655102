/**
 * Samples through runner and mqtt sink to mosquitto with QoS 1, one a message and many a message, each beside the bare mqtt.js client
 * doing the same work: same broker, topics, window and payloads, made by JSON.stringify, every message confirmed. Under a minute.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { SampleBatch } from '../src/core/batch.ts'
import type { SinkType } from '../src/core/sink.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { findCommand, freePort } from '../src/testing/peers.ts'
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
export async function run(): Promise<readonly Rate[]> {
  if (findCommand('mosquitto') === undefined) {
    console.log('mqtt: skipped, mosquitto is not installed')
    return []
  }
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const { port, broker } = await startBroker(folder)
  const url = `mqtt://127.0.0.1:${port}`
  try {
    const one = { url, window: WINDOW, retain: false }
    const many = { ...one, samplesPerMessage: TOGETHER }
    const single = await compared(url, MESSAGES, one, singleMessages)
    report('mqtt, one sample a message', 'messages', single, WANTED_MESSAGES)
    const shared = await compared(url, SAMPLES, many, sharedMessages)
    report('mqtt, many samples a message', 'samples', shared, WANTED_SAMPLES)
    return [...single, ...shared]
  } finally {
    broker.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

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

async function startBroker(folder: string): Promise<{ port: number; broker: ChildProcess }> {
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const lines = [
    'allow_anonymous true',
    'set_tcp_nodelay true',
    'max_inflight_messages 0',
    `user ${userInfo().username}`,
  ]
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...lines, ''].join('\n'))
  const broker = spawn(findCommand('mosquitto')!, ['-c', file], { stdio: 'ignore' })
  for (let tries = 0; tries < 100 && !(await listens(port)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 30))
  return { port, broker }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket.end() !== undefined))
    socket.once('error', () => resolve(false))
  })
}

if (import.meta.main) await run()
