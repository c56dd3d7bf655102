/**
 * The mqtt sink: every stored sample as a message to a broker, MQTT 5.0 or 3.1.1. A write is done when the broker has confirmed
 * every message; a sample that it refuses for good is named alone. See README.md for topics, payloads and rules.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Timer } from '../../core/clock.ts'
import { messageOf, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext, type SinkMessage, type SinkPlace } from '../../core/sink.ts'
import { gapDocument } from '../encode/gap-document.ts'
import { MessageEncoder } from '../encode/message-encoder.ts'
import { parseTopic, topicName, type TopicFields } from '../encode/topic.ts'
import type { Connection } from '../mqtt-client/connection.ts'
import { openConnection, type Identity, type Will } from '../mqtt-client/open-connection.ts'
import { publishRefusal, reasonText, toNotConnected } from '../mqtt-client/reasons.ts'
import { CommandTopics } from './command-topics.ts'
import { Commands } from './commands.ts'
import { cautions, conflicts, topicCount } from './conflicts.ts'
import { mqttOptions } from './options.ts'
import { topicFault } from './presets/presets.ts'
import { Publisher } from './publisher.ts'
import { isShared, settingsOf, type MqttSettings } from './settings.ts'

/** How long a broker may take to confirm that we go. */
const GOODBYE_MS = 1000
/** A password that does not last is made anew after this part of its life. */
const RENEWED_AFTER = 0.8

/** Samples to an MQTT broker. */
export const mqtt = defineSink({
  name: 'mqtt',
  summary: 'Every sample as a message to an MQTT broker (5.0 and 3.1.1, TLS), with the last value retained.',
  options: mqttOptions,
  conflicts: (options, tags) => conflicts(settingsOf(options), tags),
  cautions: (options, tags) => cautions(settingsOf(options), tags),
  places: (options, tags) => ({ count: topicCount(settingsOf(options), tags), word: 'topics' }),
  create: (options, context) => new MqttSink(settingsOf(options), context),
})

class MqttSink implements Sink {
  readonly #options: MqttSettings
  readonly #context: SinkContext
  readonly #clientId: string
  readonly #encoder: MessageEncoder
  readonly #publisher: Publisher
  readonly #statusTopic: string | undefined
  readonly #gapTopic: string | undefined
  readonly #commands: Commands | undefined
  #connection: Connection | undefined
  #listener: ((error: NotConnectedError) => void) | undefined
  #warned = false
  /** Of the password of this connection, from when it was made. */
  #goodForMs: number | undefined
  #renewal: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  constructor(options: MqttSettings, context: SinkContext) {
    this.#options = options
    this.#context = context
    this.#clientId = options.clientId ?? `bifrost-${context.name}-${context.logId}`
    const fields = { client: this.#clientId, log: context.logId }
    this.#statusTopic = ownTopic(options.statusTopic, fields)
    this.#gapTopic = ownTopic(options.gapTopic, fields)
    this.#encoder = new MessageEncoder({
      topic: parseTopic(options.topic),
      slashes: options.slashes,
      payload: options.payload,
      logId: context.logId,
      clientId: this.#clientId,
      tags: context.tags,
      samplesPerMessage: options.samplesPerMessage,
    })
    const latest = options.retain ? context.latest : undefined
    this.#publisher = new Publisher(options.url, this.#encoder, isShared(options), latest, context.traceparent)
    this.#commands = commandsOf(options, this.#clientId, context)
    if (!options.insecure) return
    context.log.warn(
      { url: options.url },
      'insecure: any server certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#renewal?.cancel()
    this.#connection?.destroy()
    this.#connection = undefined
    const connection = await openConnection(this.#options, () => this.#identity(), this.#context, signal)
    this.#connection = connection
    if (this.#goodForMs !== undefined)
      this.#renewal = this.#context.clock.after(this.#goodForMs * RENEWED_AFTER, () => void this.#renew())
    connection.onLost = (error) => this.#listener?.(toNotConnected(error))
    await this.#announce(connection, true, signal)
    await this.#commands?.subscribe(connection, signal)
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = await this.#alone(() => this.#publisher.write(this.#connected(), batch, signal))
    if (rejected.size === 0) return
    const [first] = rejected.values()
    const sentence = `${this.#options.url} will not take ${rejected.size} of ${batch.length} samples: ${first}`
    throw new PartialWriteError(sentence, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (this.#gapTopic === undefined) return
    const lost = gapDocument(gap, this.#context.logId, this.#context.tags)
    const topic = this.#gapTopic
    const code = await this.#alone(() => this.#connected().say(topic, JSON.stringify(lost), false, signal))
    if (code !== 0) throw publishRefusal(this.#options.url, topic, code)
  }

  progress(): number {
    return this.#connection?.confirmed ?? 0
  }

  placeOf(tag: TagInfo): SinkPlace | undefined {
    const topic = this.#encoder.topicOf(tag)
    return topic === undefined ? undefined : { ...this.#place, place: topic }
  }

  messagesOf(batch: SampleBatch): SinkMessage[] {
    const { topics, payloads } = this.#encoder.encode(batch)
    return topics.map((place, at) => ({ ...this.#place, place, payload: payloads[at]! }))
  }

  get #place() {
    return { separator: '/', facts: { qos: this.#options.qos ?? 1, retained: this.#options.retain ?? true } }
  }

  facts(): Record<string, string> {
    return this.#commands === undefined ? {} : { commands: this.#commands.state }
  }

  async close(): Promise<void> {
    this.#commands?.close()
    this.#renewal?.cancel()
    this.#stopping.abort()
    const connection = this.#connection
    this.#connection = undefined
    if (connection === undefined || connection.lost !== undefined) return
    const limit = new AbortController()
    const timer = this.#context.clock.after(GOODBYE_MS, () => limit.abort())
    await this.#announce(connection, false, limit.signal).catch(() => undefined)
    timer.cancel()
    await connection.close()
  }

  /** Who connects; a password that does not last is made here, right before it is used. */
  async #identity(): Promise<Identity> {
    const made = await this.#options.credentials(this.#context.clock.now())
    this.#goodForMs = made?.goodForMs
    const will = this.#statusTopic === undefined || !this.#options.will ? undefined : this.#will(this.#statusTopic)
    return { clientId: this.#clientId, will, ...(made && { username: made.username, password: made.password }) }
  }

  /** A new connection before the password of this one has expired, between two writes. */
  async #renew(): Promise<void> {
    try {
      await this.#alone(async () => {
        const old = this.#connection
        if (old === undefined || old.lost !== undefined) return
        await old.close()
        await this.connect(this.#stopping.signal)
      })
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#listener?.(new NotConnectedError(messageOf(error), { cause: error }))
    }
  }

  /** Writes and the renewal of the connection, one after the other. */
  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }

  #connected(): Connection {
    if (this.#connection === undefined) throw new NotConnectedError(`not connected to ${this.#options.url}`)
    return this.#connection
  }

  /** The retained message of whether we are online. A broker that forbids it gets our samples all the same. */
  async #announce(connection: Connection, online: boolean, signal: AbortSignal): Promise<void> {
    if (this.#statusTopic === undefined) return
    const code = await connection.say(this.#statusTopic, this.#state(online), this.#options.retainsOwn, signal)
    if (code === 0 || this.#warned) return
    this.#warned = true
    this.#context.log.warn(
      { topic: this.#statusTopic },
      `the broker does not take the status message: ${reasonText(code)}`,
    )
  }

  #will(topic: string): Will {
    return { topic, payload: this.#state(false), retain: this.#options.retainsOwn }
  }

  #state(online: boolean): string {
    return JSON.stringify({
      state: online ? 'online' : 'offline',
      t: this.#context.clock.now(),
      log: this.#context.logId,
    })
  }
}

function commandsOf(settings: MqttSettings, client: string, context: SinkContext): Commands | undefined {
  const { commands, slashes } = settings
  if (commands === undefined) return undefined
  const { topic, maxAge, replyTopic } = commands
  const reply = replyTopic === undefined ? 'behind' : replyTopic === '' ? undefined : parseTopic(replyTopic)
  const templates = { topic: parseTopic(topic), reply, slashes, client, log: context.logId } as const
  return new Commands(context, new CommandTopics(templates, context.tags), maxAge, (text) => topicFault(settings, text))
}

const ownTopic = (text: string, fields: TopicFields): string | undefined =>
  text === '' ? undefined : topicName(parseTopic(text), fields, 'replace')
