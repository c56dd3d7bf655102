/**
 * The kafka sink: every stored sample as a record. A write is done when all replicas in sync have every record; a sample that the cluster
 * refuses for good is named alone. See README.md for records, order and rules.
 */
import { SampleBatch } from '../../core/batch.ts'
import { messageOf, NotConnectedError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext, type SinkMessage, type SinkPlace } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import { tlsOptionsOf } from '../../wire/tls.ts'
import { throwRejected } from '../encode/rejected.ts'
import type { Library } from './broker.ts'
import { Cluster } from './cluster.ts'
import { compressionOf } from './compression.ts'
import { conflicts, topicCount } from './conflicts.ts'
import { saslOptions } from './credentials.ts'
import { Delivery, type Means } from './delivery.ts'
import { gapBatch } from './gap-record.ts'
import { BatchNumbers } from './numbering.ts'
import { kafkaOptions, parseAddress, type KafkaOptions } from './options.ts'
import { protobufFormat } from './protobuf.ts'
import { jsonFormat, keyOf, Records } from './records.ts'
import { parseTopicTemplate, placeOfTag, topicOfLog } from './topic-name.ts'

/** Samples to a Kafka cluster. */
export const kafka = defineSink({
  name: 'kafka',
  summary:
    'Every sample as a record of a Kafka topic (idempotent, confirmed by all replicas; JSON or Protobuf; TLS, SASL).',
  options: kafkaOptions,
  batchRows: 5000,
  conflicts,
  places: (options, tags) => ({ count: topicCount(options, tags), word: 'topics' }),
  create: (options, context) => new KafkaSink(options, context),
})

const NO_ROWS = new SampleBatch(0)

class KafkaSink implements Sink {
  readonly #options: KafkaOptions
  readonly #context: SinkContext
  readonly #numbers: BatchNumbers
  readonly #gapTopic: string | undefined
  /** Sequence numbers of rows that the cluster has though their write failed. */
  readonly #settled = new Set<number>()
  #library: Library | undefined
  #records: Records | undefined
  #means: Means | undefined
  #listener: ((error: NotConnectedError) => void) | undefined

  constructor(options: KafkaOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    this.#numbers = new BatchNumbers(options.idempotent)
    this.#gapTopic =
      options.gapTopic === '' ? undefined : topicOfLog(parseTopicTemplate(options.gapTopic), context.logId)
    const { log } = context
    const { brokers, insecure, tls, sasl } = options
    if (insecure)
      log.warn({ brokers }, 'insecure: any server certificate is accepted; others can read and change this traffic')
    if (!tls && (sasl === 'PLAIN' || sasl === 'OAUTHBEARER'))
      log.warn({ brokers }, `sasl ${sasl} without tls: others can read the ${sasl === 'PLAIN' ? 'password' : 'token'}`)
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  placeOf(info: TagInfo): SinkPlace | undefined {
    const { topic, keyBy } = this.#options
    const place = placeOfTag(parseTopicTemplate(topic), info, this.#context.logId)
    return place === undefined ? undefined : { ...this.#place, place, member: keyOf(info, keyBy) }
  }

  /** Once connected: the library that hashes keys is not loaded before. */
  messagesOf(batch: SampleBatch): SinkMessage[] {
    const records = this.#records
    if (records === undefined) return []
    const isText = this.#options.payload !== 'protobuf'
    const messages: SinkMessage[] = []
    for (let row = 0; row < batch.length; row++) {
      const record = records.tagOf(batch.tag[row]!)
      if (typeof record === 'string') continue
      const value = records.valueOf(record, batch, row)
      const payload = isText ? value.toString() : value
      messages.push({ ...this.#place, place: record.topic, member: keyOf(record.info, this.#options.keyBy), payload })
    }
    return messages
  }

  get #place() {
    const { keyBy, compression } = this.#options
    return { separator: '.', facts: { key: keyBy, compression } }
  }

  facts(): Readonly<Record<string, string | number>> {
    const cluster = this.#means?.cluster
    return cluster === undefined ? {} : { cluster: cluster.id, brokers: cluster.brokers, connected: cluster.connected }
  }

  progress(): number {
    return this.#means?.cluster.answers ?? 0
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#means?.cluster.destroy()
    this.#means = undefined
    const options = this.#options
    const library = (this.#library ??= await import('@platformatic/kafka'))
    const settings = {
      library,
      clock: this.#context.clock,
      resolve: this.#context.resolve,
      clientId: options.clientId ?? `bifrost-${this.#context.name}-${this.#context.logId}`.replace(/\s/g, '_'),
      tls: options.tls ? await tlsOptionsOf(options) : undefined,
      sasl: await saslOptions(options),
      user: options.username,
      connectTimeoutMs: options.connectTimeout,
      ackTimeoutMs: options.ackTimeout,
    }
    const cluster = await Cluster.open(options.brokers.map(parseAddress), settings, options.createTopics, signal)
    try {
      await cluster.learn(this.#ownTopics(), signal)
      if (this.#numbers.needsId) this.#numbers.begin(await cluster.producerId(signal))
      this.#means = await this.#meansOf(cluster, library)
    } catch (error) {
      cluster.destroy()
      throw error
    }
    cluster.onLost = (error) => this.#listener?.(new NotConnectedError(messageOf(error), { cause: error }))
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const seqOfRow = (row: number) => batch.seq?.[row] ?? 0
    const delivery = new Delivery(this.#connected(), batch)
    const settled = this.#settled
    try {
      await delivery.sendRows((row) => settled.size > 0 && settled.has(seqOfRow(row)), signal)
    } catch (error) {
      // The same rows come again: those that the cluster has are not sent twice.
      for (const row of delivery.confirmed) settled.add(seqOfRow(row))
      throw error
    }
    if (settled.size > 0) for (let row = 0; row < batch.length; row++) settled.delete(seqOfRow(row))
    throwRejected('the cluster', batch, delivery.rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (this.#gapTopic === undefined) return
    const means = this.#connected()
    if (means.cluster.partitionsOf(this.#gapTopic) === undefined) await means.cluster.learn([this.#gapTopic], signal)
    const batch = gapBatch(this.#gapTopic, gap, this.#context, means.cluster, this.#library!.murmur2)
    await new Delivery(means, NO_ROWS).sendBatch(batch, signal)
  }

  async close(): Promise<void> {
    this.#means?.cluster.destroy()
    this.#means = undefined
  }

  #connected(): Means {
    if (this.#means === undefined) throw new NotConnectedError(`not connected to ${this.#options.brokers.join(', ')}`)
    return this.#means
  }

  /** Topics whose names are known beforehand: what is wrong with them is said at once. */
  #ownTopics(): Set<string> {
    const template = parseTopicTemplate(this.#options.topic)
    const fixed = template.every((piece, at) => at % 2 === 0 || piece === 'log')
    const topics = new Set(fixed ? [topicOfLog(template, this.#context.logId)] : [])
    if (this.#gapTopic !== undefined) topics.add(this.#gapTopic)
    return topics
  }

  async #meansOf(cluster: Cluster, library: Library): Promise<Means> {
    const { topic, keyBy, payload, compression, maxMessage } = this.#options
    const { logId, tags } = this.#context
    this.#records ??= new Records({
      topic: parseTopicTemplate(topic),
      keyBy,
      logId,
      tags,
      format: payload === 'protobuf' ? await protobufFormat(logId) : jsonFormat(payload, logId),
      hash: library.murmur2,
    })
    return {
      cluster,
      records: this.#records,
      numbers: this.#numbers,
      checksum: library.crc32c,
      compression: compressionOf(compression, library),
      maxBatchBytes: maxMessage,
    }
  }
}
