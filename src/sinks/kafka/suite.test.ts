/** The sink suite against librdkafka's mock cluster, read by kcat: one broker and one partition, then several of both. */
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { needsKafka, startKafkaCluster, type KafkaRecord } from '../../testing/kafka-cluster.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { kafka } from './sink.ts'

const type = kafka as unknown as SinkType

interface UnsJson {
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly h?: boolean
}

/** In order of sequence numbers: between partitions there is no other. */
const delivered = (records: readonly KafkaRecord[]): Delivered[] =>
  records.map(({ payload, headers }) => {
    const { v, t, q, log, seq, h } = JSON.parse(payload) as UnsJson
    return {
      device: headers.device!,
      tag: headers.tag!,
      value: v,
      status: q,
      time: t,
      log,
      seq,
      historical: h === true,
    }
  })

async function start(t: TestContext, partitions: number, brokers: number, options: object): Promise<SinkPeer> {
  const cluster = await startKafkaCluster(t, { 'bifrost-samples': partitions, 'bifrost-gaps': 1 }, brokers)
  const samples = cluster.consume('bifrost-samples')
  const gaps = cluster.consume('bifrost-gaps')
  return {
    options: { brokers: cluster.addresses, maxMessage: 4000, ...options },
    delivered: () => delivered(samples),
    gaps: () => gaps.map(({ payload }) => JSON.parse(payload) as ReturnType<SinkPeer['gaps']>[number]),
    start: () => cluster.start(),
    stop: () => cluster.stop(),
    standStill: async () => {
      cluster.pause(true)
      return () => cluster.pause(false)
    },
    refusedValue: 'x'.repeat(5000),
  }
}

sinkSuite('kafka', type, async (t) => ({ ...(await start(t, 1, 1, {})), once: true }), needsKafka())
sinkSuite(
  'kafka, zstd, not idempotent',
  type,
  (t) => start(t, 1, 1, { compression: 'zstd', idempotent: false }),
  needsKafka(),
)
