/**
 * The nats sink: every stored sample as a message to a JetStream stream, confirmed by it, or to core NATS for whoever listens. The message id
 * is (log, seq), so that a stream drops what comes twice. See README.md for subjects, headers and rules.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext, type SinkMessage, type SinkPlace } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import { namedGap } from '../encode/gap-document.ts'
import { throwRejected } from '../encode/rejected.ts'
import { conflicts, subjectCount } from './conflicts.ts'
import { openConnection, type Connection } from './connection.ts'
import { NoStreamError } from './in-flight.ts'
import { headersOf, MessageMaker, noMessages, type Messages } from './messages.ts'
import { natsOptions, parseServer, type NatsOptions } from './options.ts'
import { ensureStream, withoutStream } from './stream.ts'
import { parseSubject, rootOf, subjectOf } from './subject.ts'

/** Samples to NATS. */
export const nats = defineSink({
  name: 'nats',
  summary:
    'Every sample as a message to NATS: JetStream, confirmed and without duplicates, or core NATS, at most once.',
  options: natsOptions,
  batchRows: 5000,
  conflicts,
  places: (options, tags) => ({ count: subjectCount(options, tags), word: 'subjects' }),
  create: (options, context) => new NatsSink(options, context),
})

class NatsSink implements Sink {
  readonly #options: NatsOptions
  readonly #context: SinkContext
  readonly #maker: MessageMaker
  readonly #gapSubject: string | undefined
  #connection: Connection | undefined
  #stream: string | undefined
  #listener: ((error: NotConnectedError) => void) | undefined

  constructor(options: NatsOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    const { logId, tags, log } = context
    const gap = options.gapSubject ?? `${rootOf(options.subject)}_gateway.gap`
    const nobody = { id: 0, device: '', settings: { name: '' } } as Parameters<typeof subjectOf>[1]
    this.#gapSubject = gap === '' ? undefined : subjectOf(parseSubject(gap), nobody, logId, 'replace')
    this.#maker = new MessageMaker({
      subject: parseSubject(options.subject),
      dots: options.dots,
      payload: options.payload,
      logId,
      tags,
    })
    if (!options.insecure) return
    log.warn(
      { servers: options.servers },
      'insecure: any server certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  progress(): number {
    return this.#connection?.answers ?? 0
  }

  placeOf(tag: TagInfo): SinkPlace | undefined {
    const subject = this.#maker.subjectOf(tag)
    return subject === undefined ? undefined : { ...this.#place, place: subject }
  }

  messagesOf(batch: SampleBatch): SinkMessage[] {
    const { subjects, payloads } = this.#maker.make(batch, Infinity)
    return subjects.map((place, at) => ({ ...this.#place, place, payload: payloads[at]!.toString() }))
  }

  get #place() {
    const { delivery } = this.#options
    return { separator: '.', facts: { delivery, ...(this.#stream === undefined ? {} : { stream: this.#stream }) } }
  }

  facts(): Readonly<Record<string, string | number | null>> {
    const connection = this.#connection
    if (connection === undefined) return {}
    const server = { server: connection.name, version: connection.client.info?.version ?? null }
    if (this.#options.delivery === 'core') return { ...server, delivery: 'core: at most once' }
    return { ...server, stream: this.#stream ?? null, duplicates: connection.duplicates }
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#connection?.destroy()
    this.#connection = undefined
    const connection = await this.#open(signal)
    const onAbort = () => connection.destroy()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      if (this.#options.delivery === 'jetstream')
        this.#stream = await ensureStream(connection, this.#options, this.#gapSubject, this.#context.log)
      connection.check()
    } catch (error) {
      connection.destroy()
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
    this.#connection = connection
    connection.onLost = (error) => this.#listener?.(new NotConnectedError(messageOf(error), { cause: error }))
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const connection = this.#connected()
    const messages = this.#maker.make(batch, connection.maxPayload)
    await this.#send(connection, messages, signal)
    throwRejected(connection.name, batch, messages.rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (this.#gapSubject === undefined) return
    const { logId, tags } = this.#context
    const messages = noMessages()
    messages.subjects.push(this.#gapSubject)
    messages.headers.push(headersOf(`${logId}-gap-${gap.fromSeq}-${gap.toSeq}`, 'type: gap\r\n'))
    messages.payloads.push(Buffer.from(JSON.stringify(namedGap(gap, logId, tags))))
    messages.rows.push(0)
    await this.#send(this.#connected(), messages, signal)
    const [refusal] = messages.rejected.values()
    if (refusal !== undefined) throw new GatewayError('SINK_REJECTED', `the gap is not taken: ${refusal}`)
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    connection?.destroy()
  }

  async #send(connection: Connection, messages: Messages, signal: AbortSignal): Promise<void> {
    if (this.#options.delivery === 'core') return connection.hand(messages, signal)
    try {
      await connection.publish(messages, signal)
    } catch (error) {
      if (!(error instanceof NoStreamError)) throw error
      throw await withoutStream(connection, this.#options, error.subject)
    }
  }

  /** Tries the servers in turn; what needs a person is thrown before what may pass by itself. */
  async #open(signal: AbortSignal): Promise<Connection> {
    const errors: unknown[] = []
    for (const server of this.#options.servers) {
      try {
        return await openConnection(parseServer(server), this.#options, this.#context, signal)
      } catch (error) {
        if (signal.aborted) throw error
        errors.push(error)
      }
    }
    const refused = errors.find((error) => error instanceof GatewayError && error.code !== 'NOT_CONNECTED')
    if (refused !== undefined || errors.length === 1) throw refused ?? errors[0]
    throw new NotConnectedError(errors.map(messageOf).join('; '), { cause: errors[0] })
  }

  #connected(): Connection {
    if (this.#connection === undefined)
      throw new NotConnectedError(`not connected to ${this.#options.servers.join(', ')}`)
    return this.#connection
  }
}
