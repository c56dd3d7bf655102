/**
 * Records a second through runner and kafka sink to librdkafka's mock cluster, beside the bare client library doing the same work: the same
 * records with key, headers and time, in the same batches, idempotent, all acked. Under a minute.
 */
import { execFileSync } from 'node:child_process'
import type { SampleBatch } from '../../src/core/batch.ts'
import type { SinkType } from '../../src/core/sink.ts'
import { kafka } from '../../src/sinks/kafka/sink.ts'
import { needsKafka, startKafkaCluster, type KafkaCluster } from '../../src/testing/kafka-cluster.ts'
import { findCommand } from '../../src/testing/peers.ts'
import { batchFrom, interleaved, plainRow, report, throughRunner, type Rate } from './delivery.ts'

const SAMPLES = 200_000
const BATCH = 5000
const ROUNDS = 3
const WANTED = 80_000
const PARTITIONS = 4

const type = kafka as unknown as SinkType

/** Runs all and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  const missing = needsKafka()
  if (missing !== false) {
    console.log(`kafka: skipped, ${missing}`)
    return []
  }
  const cleanups: (() => unknown)[] = []
  const topics = { ours: PARTITIONS, protobuf: PARTITIONS, bare: PARTITIONS, 'bifrost-gaps': 1 }
  const cluster = await startKafkaCluster({ after: (clean) => cleanups.push(clean) }, topics)
  const prepare = async () => undefined
  const ours = (topic: string, more: object = {}) => () => throughRunner(type, { brokers: cluster.addresses, topic, ...more }, SAMPLES) // prettier-ignore
  try {
    const candidates = [
      { what: 'runner + sink, JSON', prepare, run: ours('ours') },
      { what: 'bare @platformatic/kafka, JSON', prepare, run: () => bareClient(cluster) },
      { what: 'runner + sink, Protobuf', prepare, run: ours('protobuf', { payload: 'protobuf' }) },
    ]
    const rates = await interleaved(candidates, SAMPLES, ROUNDS)
    for (const topic of ['ours', 'protobuf', 'bare']) checked(cluster, topic)
    report('kafka', 'records', rates, WANTED)
    return rates
  } finally {
    for (const clean of cleanups.reverse()) await clean()
  }
}

/** The mock cluster keeps only the end of a partition, but counts on: the offsets of all partitions say what it got. */
function checked({ addresses }: KafkaCluster, topic: string): void {
  const ends = Array.from({ length: PARTITIONS }, (_, partition) => ['-t', `${topic}:${partition}:-1`]).flat()
  const text = execFileSync(findCommand('kcat')!, ['-Q', '-b', addresses[0]!, ...ends], { encoding: 'utf8' })
  const offsets = [...text.matchAll(/offset (\d+)$/gm)].map(([, offset]) => Number(offset))
  const sum = offsets.reduce((total, offset) => total + offset, 0)
  if (offsets.length !== PARTITIONS || sum !== SAMPLES * (ROUNDS + 1))
    throw new Error(`${topic} got ${sum} records: ${text}`)
}

async function bareClient({ addresses }: KafkaCluster): Promise<void> {
  const { Producer } = await import('@platformatic/kafka')
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [...addresses],
    idempotent: true,
    // librdkafka's mock cluster takes the library's own default for the id of an earlier producer.
    producerId: -1n,
    producerEpoch: -1,
  })
  for (let seq = 1; seq <= SAMPLES; seq += BATCH) await producer.send({ messages: messagesOf(batchFrom(seq, BATCH)) })
  await producer.close()
}

function messagesOf(batch: SampleBatch) {
  const messages = []
  for (let row = 0; row < batch.length; row++) {
    const { device, tag, seq, text } = plainRow(batch, row)
    messages.push({
      topic: 'bare',
      key: Buffer.from(`${device}/${tag}`),
      value: Buffer.from(text),
      timestamp: BigInt(batch.time[row]!),
      headers: new Map([
        [LOG, LOG_ID],
        [DEVICE, Buffer.from(device)],
        [TAG, Buffer.from(tag)],
        [TYPE, FLOAT64],
        [SEQ, Buffer.from(`${seq}`)],
      ]),
    })
  }
  return messages
}

const [LOG, LOG_ID, DEVICE, TAG, TYPE, FLOAT64, SEQ] = ['log', 'k3f9', 'device', 'tag', 'type', 'float64', 'seq'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer] // prettier-ignore

if (import.meta.main) await run()
