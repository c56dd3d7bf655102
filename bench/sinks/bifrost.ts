/**
 * Edge to cloud: from a log on disk through runner and bifrost sink into the durable log of a receiver in another process, beside what one
 * would do otherwise with the same samples: one message of uns-json each, QoS 1, bare mqtt.js to mosquitto. Samples a second, and bytes a
 * sample, TCP payload of both directions counted by a relay: while catching up, and live at a steady 2,000 a second. Under a minute.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRunner, type Runner } from '../../src/delivery/runner.ts'
import { MessageEncoder } from '../../src/sinks/encode/message-encoder.ts'
import { parseTopic } from '../../src/sinks/encode/topic.ts'
import { bifrost } from '../../src/sinks/bifrost/sink.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { sinkContext } from '../../src/testing/delivery-rig.ts'
import { needs } from '../../src/testing/peers.ts'
import { startMosquitto } from '../../src/testing/mosquitto.ts'
import { publishAll } from '../mqtt.ts'
import { Plant, plantTable, PLANT_TAGS } from '../plant.ts'
import { startReceiver, startRelay, type Relay } from './edge-link.ts'

const CATCH_UP = 240_000
const MESSAGES = 30_000
const LIVE_PER_SECOND = 2000
const LIVE_MS = 10_000
const TICK_MS = 10
const BATCH = 5000

interface Measured {
  readonly perSecond: number
  readonly bytes: number
}

interface Figure extends Measured {
  readonly what: string
}

/** Runs everything and prints a table; resolves with the figures. */
export async function run(): Promise<readonly Figure[]> {
  const cleanups: (() => unknown)[] = []
  const after = (clean: () => unknown) => cleanups.push(clean)
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const broker = needs('mosquitto') === false ? await startMosquitto({ after } as never) : undefined
  try {
    const figures = [
      await throughLink(join(folder, 'catch-up'), 'catching up, frames of 400 samples', catchUp),
      await throughLink(join(folder, 'live'), 'live, 2,000 a second', live),
      await throughLink(join(folder, 'thin'), 'live, 2,000 a second, sendEvery 5s', live, { sendEvery: '5s' }),
      ...(broker === undefined ? [] : [await throughMqtt(broker.port)]),
    ]
    for (const { what, perSecond, bytes } of figures)
      console.log(
        `bifrost: ${what.padEnd(42)} ${Math.round(perSecond).toString().padStart(8)} samples/s ${bytes.toFixed(2).padStart(7)} bytes a sample`,
      )
    const [ours] = figures
    const other = broker === undefined ? undefined : figures.at(-1)
    if (other === undefined) console.log('bifrost: mosquitto is not installed, so there is nothing beside it')
    else
      console.log(
        `bifrost: catching up ${(ours!.perSecond / other.perSecond).toFixed(1)} × as fast as bare mqtt.js, with 1/${(other.bytes / ours!.bytes).toFixed(0)} of its bytes`,
      )
    return figures
  } finally {
    for (const clean of cleanups.reverse()) await clean()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Edge {
  readonly store: Store
  readonly runner: Runner
  readonly plant: Plant
  readonly relay: Relay
}

/** An edge's log, runner and sink, over a relay to a receiver of its own. */
async function throughLink(
  folder: string,
  what: string,
  work: (edge: Edge) => Promise<Measured>,
  options: object = {},
): Promise<Figure> {
  const receiver = await startReceiver(join(folder, 'central'))
  const relay = await startRelay(receiver.port)
  const store = await openStore({ dir: join(folder, 'edge'), clock: systemClock, log: silentLog, tailRows: 20_000 })
  await store.defineTags(PLANT_TAGS)
  const plant = new Plant()
  const { logId, tags } = store
  const given = { host: '127.0.0.1', port: relay.port, tls: false, gateway: 'edge-1', ...options }
  const runner = createRunner({
    name: 'central',
    type: 'bifrost',
    sink: bifrost.create(bifrost.options.parse(given), sinkContext({ logId, tags })),
    cursor: await store.openCursor('central'),
    clock: systemClock,
    log: silentLog,
    deadLetters: createDeadLetters({ folder, sink: 'central', logId, tags, clock: systemClock }),
    batchRows: bifrost.batchRows,
  })
  const measured = await work({ store, runner, plant, relay })
  const { retries } = runner.status()
  await runner.stop(2000)
  await store.close()
  relay.close()
  await receiver.stop()
  if (retries > 0) throw new Error(`${retries} retries`)
  return { what, ...measured }
}

/** A log that grew at 2,000 samples a second, committed every 200 ms, and is sent when it is that long. */
async function catchUp({ store, runner, plant, relay }: Edge): Promise<Measured> {
  for (let sent = 0; sent < CATCH_UP; sent += 400) {
    const ago = (CATCH_UP - sent) / 2
    for (let part = 0; part < 20; part++)
      store.append(plant.batch(sent + part * 20, Date.now() - ago + part * TICK_MS, 20))
    await store.flush()
  }
  const began = performance.now()
  runner.start()
  while (runner.status().delivered < CATCH_UP) await pause(5)
  return { perSecond: CATCH_UP / ((performance.now() - began) / 1000), bytes: relay.bytes() / CATCH_UP }
}

async function live({ store, runner, plant, relay }: Edge): Promise<Measured> {
  // Every tag once, so that the names are known.
  store.append(plant.batch(0, Date.now(), PLANT_TAGS.length))
  runner.start()
  while (runner.status().pending > 0) await pause(5)
  const before = relay.bytes()
  const began = performance.now()
  let count = 0
  while (performance.now() - began < LIVE_MS) {
    const due = Math.floor(((performance.now() - began) / 1000) * LIVE_PER_SECOND)
    for (; count + 20 <= due; count += 20) store.append(plant.batch(count, Date.now(), 20))
    await pause(TICK_MS)
  }
  const perSecond = count / ((performance.now() - began) / 1000)
  while (runner.status().pending > 0) await pause(5)
  return { perSecond, bytes: (relay.bytes() - before) / count }
}

/** The same samples as messages of their own; a topic a tag, retained by nobody, each confirmed. */
async function throughMqtt(port: number): Promise<Figure> {
  const relay = await startRelay(port)
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(`mqtt://127.0.0.1:${relay.port}`, { protocolVersion: 5, reconnectPeriod: 0 })
  const plant = new Plant()
  const encoder = new MessageEncoder({
    topic: parseTopic('{device}/{tag}'),
    slashes: 'replace',
    payload: 'uns-json',
    logId: 'k3f9',
    clientId: 'bench',
    tags: plantTable(),
  })
  const began = performance.now()
  for (let seq = 1; seq <= MESSAGES; seq += BATCH) {
    const { topics, payloads } = encoder.encode(numbered(plant.batch(seq - 1, Date.now(), BATCH), seq))
    const messages = topics.map((topic, at) => [topic, payloads[at]!] as const)
    await publishAll(messages, (topic, payload, done) => client.publish(topic, payload, { qos: 1 }, done))
  }
  const perSecond = MESSAGES / ((performance.now() - began) / 1000)
  const bytes = relay.bytes() / MESSAGES
  await client.endAsync()
  relay.close()
  return { what: 'bare mqtt.js, uns-json, QoS 1', perSecond, bytes }
}

function numbered(batch: SampleBatch, from: number): SampleBatch {
  batch.seq = Float64Array.from({ length: batch.length }, (_, row) => from + row)
  return batch
}

if (import.meta.main) await run()
