/**
 * Sparkplug metrics a second through runner and sink to mosquitto, beside bare mqtt.js with the library sparkplug-payload doing the
 * same work: the same devices, batches and metrics (alias, time, Double), everything confirmed by an answered ping a batch. Medians
 * of interleaved rounds. Also what each encoder does alone. Held to the number: at least 300,000 metrics/s.
 */
import { encodePayload, type UMetric } from 'sparkplug-payload/lib/sparkplugbpayload.js'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Cursor } from '../../src/core/cursor.ts'
import { silentLog } from '../../src/core/log.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRunner } from '../../src/delivery/runner.ts'
import { EdgeNode } from '../../src/sinks/sparkplug/edge-node.ts'
import { PayloadEncoder } from '../../src/sinks/sparkplug/payload-encoder.ts'
import { sparkplug } from '../../src/sinks/sparkplug/sink.ts'
import { Topics } from '../../src/sinks/sparkplug/topics.ts'
import { memoryLatest, sinkContext, tagTable } from '../../src/testing/delivery-rig.ts'
import { withBroker } from '../broker.ts'

const ROWS = 5000
const BATCHES = 200
const METRICS = ROWS * BATCHES
/** The library is several times slower: fewer batches take as long. */
const BARE_BATCHES = 50
const TAGS = 100
const DEVICES = 10
const ROUNDS = 5
const WANTED = 300_000

const tags = tagTable(...Array.from({ length: TAGS }, (_, at) => `press-${at % DEVICES}/tag-${at}`))

/** Prints the figures; resolves with the rate of runner and sink. */
export const run = async (): Promise<number> => (await withBroker('sparkplug', [], measure)) ?? 0

async function measure(url: string, folder: string): Promise<number> {
  console.log(`sparkplug: encoding alone, ours              ${rate(await perSecond(METRICS, () => encodeOnly()))}`)
  const alone = await perSecond(BARE_BATCHES * ROWS, () => encodeBare())
  console.log(`sparkplug: encoding alone, sparkplug-payload ${rate(alone)}`)
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await perSecond(METRICS, () => throughRunner(url, folder)))
    bare.push(await perSecond(BARE_BATCHES * ROWS, () => bareClient(url)))
  }
  const [mine, theirs] = [median(ours), median(bare)]
  console.log(`sparkplug: runner + sink                     ${rate(mine)}`)
  console.log(`sparkplug: bare mqtt.js + sparkplug-payload  ${rate(theirs)}`)
  console.log(`sparkplug: ${(mine / theirs).toFixed(1)} times the bare client; wanted: ${rate(WANTED).trim()}`)
  if (mine < WANTED) process.exitCode = 1
  return mine
}

const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en').padStart(11)} metrics/s`
const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1]!

async function perSecond(metrics: number, work: () => void | Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return metrics / ((performance.now() - began) / 1000)
}

/** Rows of all tags in turn, every value new. */
function batchFrom(seq: number): SampleBatch {
  const now = Date.now()
  const batch = new SampleBatch(ROWS, now)
  batch.seq = new Float64Array(ROWS)
  for (let row = 0; row < ROWS; row++) {
    batch.seq[row] = seq + row
    batch.push(1 + ((seq + row) % TAGS), (seq + row) / 8, 0)
  }
  return batch
}

function encodeOnly(): void {
  const node = new EdgeNode({ tags, latest: memoryLatest(), log: silentLog }, new Topics('plant', 'gateway'))
  node.refresh()
  const encoder = new PayloadEncoder({ logId: 'k3f9', aliases: true, sequence: 'body', wideUint32: false })
  let bytes = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const rows = batchFrom(1 + batch * ROWS)
    encoder.begin(Date.now())
    for (let row = 0; row < ROWS; row++) encoder.add(rows, row, node.metricOf(rows.tag[row]!)!, false)
    bytes += encoder.data(batch % 256).length
  }
  if (bytes < METRICS * 20) throw new Error('nothing was encoded')
}

/** A batch as one DDATA a device, as a program that uses the library writes it. */
function barePayloads(batch: SampleBatch, seq: number): { topic: string; payload: Buffer }[] {
  const byDevice = Array.from({ length: DEVICES }, (): UMetric[] => [])
  for (let row = 0; row < batch.length; row++) {
    const alias = batch.tag[row]!
    // The library needs a type to write the value; the edge node leaves it out of data.
    const metric = { alias, timestamp: batch.time[row]!, type: 'Double', value: batch.value[row]! }
    byDevice[(alias - 1) % DEVICES]!.push(metric as UMetric)
  }
  return byDevice.map((metrics, device) => {
    const payload = encodePayload({ timestamp: Date.now(), metrics, seq: (seq + device) % 256 })
    return {
      topic: `spBv1.0/plant/DDATA/bare/press-${device}`,
      payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length),
    }
  })
}

function encodeBare(): void {
  let bytes = 0
  for (let batch = 0; batch < BARE_BATCHES; batch++)
    for (const { payload } of barePayloads(batchFrom(1 + batch * ROWS), 0)) bytes += payload.length
  if (bytes === 0) throw new Error('nothing was encoded')
}

async function bareClient(url: string): Promise<void> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
  for (let batch = 0; batch < BARE_BATCHES; batch++) {
    for (const { topic, payload } of barePayloads(batchFrom(1 + batch * ROWS), batch * DEVICES))
      client.publish(topic, payload, { qos: 0 })
    await new Promise<void>((resolve) => {
      client.on('packetreceive', function onPacket({ cmd }) {
        if (cmd !== 'pingresp') return
        client.off('packetreceive', onPacket)
        resolve()
      })
      client.sendPing()
    })
  }
  await client.endAsync()
}

async function throughRunner(url: string, folder: string): Promise<void> {
  const options = sparkplug.options.parse({ urls: url, groupId: 'plant', edgeNodeId: 'gateway' })
  const sink = sparkplug.create(options, sinkContext({ tags }))
  const deadLetters = createDeadLetters({ folder, sink: 'bench', logId: 'k3f9', tags, clock: systemClock })
  const { cursor, finished } = generatedCursor()
  const clock = systemClock
  const runner = createRunner({ name: 'bench', type: 'sparkplug', sink, cursor, clock, log: silentLog, deadLetters, batchRows: ROWS }) // prettier-ignore
  runner.start()
  await finished
  const { writes, retries } = runner.status()
  await runner.stop(2000)
  if (retries > 0 || writes !== BATCHES) throw new Error(`${writes} writes, ${retries} retries`)
}

/** A log that makes its rows as they are read; `finished` when all are acknowledged. */
function generatedCursor(): { cursor: Cursor; finished: Promise<void> } {
  let read = 0
  let acked = 0
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const cursor: Cursor = {
    next: (_maxRows, signal) => {
      if (read === BATCHES)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return Promise.resolve(batchFrom(1 + read++ * ROWS))
    },
    ack: () => {
      if (++acked === BATCHES) setImmediate(resolve)
    },
    rewind: () => (read = acked),
    purge: () => 0,
    isSettled: () => false,
    settledSeq: 0,
    pendingBytes: 0,
    ledger: () => ({
      routed: METRICS,
      delivered: acked * ROWS,
      pending: METRICS - acked * ROWS,
      dropped: {},
      oldestPendingTime: undefined,
    }),
    close: () => Promise.resolve(),
  }
  return { cursor, finished }
}

if (import.meta.main) await run()
