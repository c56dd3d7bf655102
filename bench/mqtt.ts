/**
 * QoS 1 messages a second through runner and sink to mosquitto, beside the bare mqtt.js client doing the same work: same broker,
 * same topics, payloads and window, every message confirmed. Also what the encoder alone does. A few seconds in all.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import type { Cursor } from '../src/core/cursor.ts'
import { silentLog } from '../src/core/log.ts'
import type { TagTable } from '../src/core/tags.ts'
import { createDeadLetters } from '../src/delivery/dead-letters.ts'
import { createRunner } from '../src/delivery/runner.ts'
import { MessageEncoder } from '../src/sinks/encode/message-encoder.ts'
import { parseTopic } from '../src/sinks/encode/topic.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { sinkContext, tagTable } from '../src/testing/delivery-rig.ts'
import { findCommand, freePort } from '../src/testing/peers.ts'

const MESSAGES = 40_000
const ROWS = 1000
const WINDOW = 500
const TAGS = 100
const ENCODED = 500_000

interface Rate {
  readonly what: string
  readonly perSecond: number
  /** CPU of this process, µs a message. */
  readonly cpuMicros: number
}

/** Runs all three and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  if (findCommand('mosquitto') === undefined) {
    console.log('mqtt: skipped, mosquitto is not installed')
    return []
  }
  const tags = tagTable(...Array.from({ length: TAGS }, (_, at) => `press-${at % 10}/tag-${at}`))
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const { port, broker } = await startBroker(folder)
  const url = `mqtt://127.0.0.1:${port}`
  try {
    const rates = [
      await measured('encode uns-json', ENCODED, () => encodeOnly(tags)),
      await measured('bare mqtt.js, QoS 1', MESSAGES, () => bareClient(url, tags)),
      await measured('runner + mqtt sink, QoS 1', MESSAGES, () => throughRunner(url, tags, folder)),
    ]
    for (const { what, perSecond, cpuMicros } of rates) {
      console.log(
        `mqtt: ${what.padEnd(28)} ${Math.round(perSecond).toString().padStart(9)}/s ${cpuMicros.toFixed(1).padStart(6)} µs CPU each`,
      )
    }
    return rates
  } finally {
    broker.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measured(what: string, messages: number, work: () => void | Promise<void>): Promise<Rate> {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { what, perSecond: messages / seconds, cpuMicros: (user + system) / messages }
}

/** Rows of all tags in turn, every value new. */
function batchFrom(seq: number): SampleBatch {
  const batch = new SampleBatch(ROWS, Date.now())
  batch.seq = new Float64Array(ROWS)
  for (let row = 0; row < ROWS; row++) {
    batch.seq[row] = seq + row
    batch.push(1 + ((seq + row) % TAGS), (seq + row) / 8, 0)
  }
  return batch
}

const encoderOf = (tags: TagTable) =>
  new MessageEncoder({
    topic: parseTopic('{device}/{tag}'),
    slashes: 'replace',
    payload: 'uns-json',
    logId: 'k3f9',
    clientId: 'bench',
    tags,
  })

function encodeOnly(tags: TagTable): void {
  const encoder = encoderOf(tags)
  let bytes = 0
  for (let seq = 1; seq <= ENCODED; seq += ROWS) {
    for (const payload of encoder.encode(batchFrom(seq)).payloads) bytes += Buffer.byteLength(payload)
  }
  if (bytes < ENCODED * 30) throw new Error('nothing was encoded')
}

async function bareClient(url: string, tags: TagTable): Promise<void> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
  const encoder = encoderOf(tags)
  for (let seq = 1; seq <= MESSAGES; seq += ROWS) {
    const { topics, payloads } = encoder.encode(batchFrom(seq))
    await publishAll(topics, payloads, (topic, payload, done) =>
      client.publish(topic, payload, { qos: 1, retain: true }, done),
    )
  }
  await client.endAsync()
}

/** Sends all of them, so many at once as the window lets; resolves when each is confirmed. */
export function publishAll(
  topics: readonly string[],
  payloads: readonly string[],
  publish: (topic: string, payload: string, done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let confirmed = 0
    const send = () => {
      while (next < topics.length && next - confirmed < WINDOW) publish(topics[next]!, payloads[next++]!, onDone)
    }
    const onDone = (error?: Error | null) => {
      if (error) return reject(error)
      if (++confirmed === topics.length) return resolve()
      send()
    }
    send()
  })
}

async function throughRunner(url: string, tags: TagTable, folder: string): Promise<void> {
  const sink = mqtt.create(mqtt.options.parse({ url, window: WINDOW }), sinkContext({ tags }))
  const deadLetters = createDeadLetters({ folder, sink: 'bench', logId: 'k3f9', tags, clock: systemClock })
  const { cursor, finished } = generatedCursor()
  const runner = createRunner({
    name: 'bench',
    type: 'mqtt',
    sink,
    cursor,
    clock: systemClock,
    log: silentLog,
    deadLetters,
  })
  runner.start()
  await finished
  const { writes, retries } = runner.status()
  await runner.stop(2000)
  if (retries > 0 || writes !== MESSAGES / ROWS) throw new Error(`${writes} writes, ${retries} retries`)
}

/** A log that makes its rows as they are read; `finished` when all are acknowledged. */
function generatedCursor(): { cursor: Cursor; finished: Promise<void> } {
  let read = 1
  let acked = 0
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const cursor: Cursor = {
    next: (_maxRows, signal) => {
      if (read > MESSAGES)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const batch = batchFrom(read)
      read += ROWS
      return Promise.resolve(batch)
    },
    ack: (seq) => {
      acked = seq
      if (acked === MESSAGES) setImmediate(resolve)
    },
    rewind: () => (read = acked + 1),
    purge: () => 0,
    ledger: () => ({
      routed: MESSAGES,
      delivered: acked,
      pending: MESSAGES - acked,
      dropped: {},
      oldestPendingTime: undefined,
    }),
    close: () => Promise.resolve(),
  }
  return { cursor, finished }
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
