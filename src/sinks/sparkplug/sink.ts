/**
 * The sparkplug sink: the gateway as a Sparkplug B edge node (Eclipse Sparkplug 3.0.0, ISO/IEC 20237), each device one of its
 * devices, each tag a metric. This file finds a broker and opens the session; `session.ts` is what is said in it. See README.md.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { GatewayError, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext, type SinkMessage, type SinkPlace } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Connection } from '../mqtt-client/connection.ts'
import { openConnection, type Identity } from '../mqtt-client/open-connection.ts'
import { reasonText, toNotConnected } from '../mqtt-client/reasons.ts'
import { Commands } from './commands.ts'
import { cautions, conflicts } from './conflicts.ts'
import { EdgeNode } from './edge-node.ts'
import { brokersOf, sparkplugOptions, type SparkplugOptions } from './options.ts'
import { PayloadEncoder, type EncoderOptions } from './payload-encoder.ts'
import { sparkplugMessages, sparkplugPlace } from './preview.ts'
import { PrimaryHost } from './primary-host.ts'
import { Session } from './session.ts'
import { Topics } from './topics.ts'

const REFUSED = 0x80

/** Samples as metrics of a Sparkplug B edge node. */
export const sparkplug = defineSink({
  name: 'sparkplug',
  summary: 'A Sparkplug B 3.0 edge node: births, aliases, rebirth, primary host, commands, several brokers.',
  options: sparkplugOptions,
  batchRows: 5000,
  conflicts: (_, tags) => conflicts(tags),
  cautions: (_, tags) => cautions(tags),
  create: (options, context) => new SparkplugSink(options, context),
})

class SparkplugSink implements Sink {
  readonly #options: SparkplugOptions
  readonly #context: SinkContext
  readonly #brokers: readonly string[]
  readonly #clientId: string
  readonly #topics: Topics
  readonly #node: EdgeNode
  readonly #format: EncoderOptions
  readonly #encoder: PayloadEncoder
  readonly #commands: Commands
  #broker = -1
  #session: Session | undefined
  #host: PrimaryHost | undefined
  #gap: Gap | undefined
  /** Births wait for the primary host. */
  #isWaiting = false
  #listener: ((error: NotConnectedError) => void) | undefined

  constructor(options: SparkplugOptions, context: SinkContext) {
    const { groupId, edgeNodeId, aliases, sequence, uint32, commands } = options
    this.#options = options
    this.#context = context
    this.#brokers = brokersOf(options)
    this.#clientId = options.clientId ?? `bifrost-${context.name}-${context.logId}`
    this.#topics = new Topics(groupId, edgeNodeId)
    this.#node = new EdgeNode(context, this.#topics)
    const wideUint32 = uint32 === 'long_value'
    this.#format = { logId: context.logId, aliases, sequence, wideUint32 }
    this.#encoder = new PayloadEncoder(this.#format)
    // A birth tells of tags that came, changed or went; without one hosts would hear of them with the next sample, or never.
    context.onTagsChanged?.(() => this.#session?.requestRebirth())
    this.#commands = new Commands(context, this.#node, this.#topics, commands)
    if (!options.insecure) return
    context.log.warn(
      { urls: this.#brokers },
      'insecure: any server certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  /** The next broker of the list each time: a session that ended, and an attempt that failed, say nothing good of theirs. */
  async connect(signal: AbortSignal): Promise<void> {
    // An edge node is never connected to two brokers (5.14).
    await this.#session?.finish(new NotConnectedError('a new session is opened'))
    this.#session = undefined
    this.#broker = (this.#broker + 1) % this.#brokers.length
    const url = this.#brokers[this.#broker]!
    let bdSeq = 0
    const identity = async (): Promise<Identity> => {
      bdSeq = await this.#nextBdSeq()
      const payload = this.#encoder.nodeDeath(bdSeq, this.#context.clock.now())
      return { clientId: this.#clientId, will: { topic: this.#topics.nodeDeath, payload, retain: false } }
    }
    const connection = await openConnection(this.#connectionTo(url), identity, this.#context, signal)
    const session = this.#sessionOn(connection, url, bdSeq)
    try {
      await this.#establish(connection, session, signal)
    } catch (error) {
      await session.finish(error instanceof GatewayError ? error : new NotConnectedError('the session was not opened'))
      throw error
    }
    connection.onLost = (error) => this.#lost(session, error)
    if (session.over !== undefined) throw session.over
    if (connection.lost !== undefined) throw connection.lost
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = new Map<number, string>()
    await this.#within((session) => session.write(batch, rejected, signal))
    if (rejected.size === 0) return
    const [first] = rejected.values()
    throw new PartialWriteError(`${rejected.size} of ${batch.length} samples cannot be sent: ${first}`, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    await this.#within((session) => session.tellGap(gap, signal))
    this.#gap = gap
  }

  isWaiting(): boolean {
    return this.#isWaiting
  }

  /** A message is sent when the broker has taken what was sent before it. */
  progress(): number {
    return this.#session?.seq ?? 0
  }

  placeOf(tag: TagInfo): SinkPlace | undefined {
    return sparkplugPlace(tag, this.#topics)
  }

  messagesOf(batch: SampleBatch): SinkMessage[] {
    return sparkplugMessages(batch, this.#node, this.#format, this.#session?.seq ?? 0, this.#context.clock.now())
  }

  facts(): Record<string, string | number | boolean | null> {
    const session = this.#session
    const host = this.#options.primaryHostId
    return {
      broker: this.#brokers[Math.max(0, this.#broker)]!,
      'edge node': `${this.#options.groupId}/${this.#options.edgeNodeId}`,
      born: session?.born === true && session.over === undefined,
      bdSeq: session?.bdSeq ?? null,
      seq: session?.born === true ? session.seq : null,
      'last birth': isoTime(session?.lastBirth),
      'last rebirth': isoTime(session?.lastRebirth),
      rebirths: session?.rebirths ?? 0,
      ...(host === undefined ? {} : { 'primary host': `${host}: ${stateOf(this.#host)}` }),
    }
  }

  async close(): Promise<void> {
    await this.#session?.finish(new NotConnectedError('the sink is closed'))
  }

  #connectionTo(url: string) {
    return { ...this.#options, url, qos: 0, retain: false, window: 1 } as const
  }

  #sessionOn(connection: Connection, url: string, bdSeq: number): Session {
    const { primaryHostId, stateCompat } = this.#options
    this.#host = primaryHostId === undefined ? undefined : new PrimaryHost(primaryHostId, stateCompat)
    const session = new Session({
      connection,
      url,
      bdSeq,
      node: this.#node,
      topics: this.#topics,
      encoder: this.#encoder,
      context: this.#context,
      gap: () => this.#gap,
      onOver: (error) => this.#lost(session, error),
    })
    this.#session = session
    return session
  }

  /** Subscriptions first, then the primary host, then the births (5.4). */
  async #establish(connection: Connection, session: Session, signal: AbortSignal): Promise<void> {
    const host = this.#host
    let changed = (): void => undefined
    connection.onMessage = (topic, payload, retained) => {
      if (host?.topics.includes(topic) === true) {
        if (!host.receive(topic, payload)) return
        changed()
        if (host.online === false && session.born) this.#leave(session, host)
      } else if (this.#commands.receive(topic, payload, retained)) session.requestRebirth()
    }
    await this.#subscribe(connection, session.url, signal)
    if (host !== undefined) {
      // Retained messages come right behind the answer to the subscription.
      await connection.flushed(signal)
      await this.#hostOnline(connection, host, session.url, signal, (onChange) => (changed = onChange))
    }
    await session.birth(signal)
    await connection.flushed(signal)
  }

  async #subscribe(connection: Connection, url: string, signal: AbortSignal): Promise<void> {
    const { nodeCommand, deviceCommands } = this.#topics
    const filters = [nodeCommand, ...(this.#options.commands ? [deviceCommands] : []), ...(this.#host?.topics ?? [])]
    const codes = await connection.subscribe(filters, signal)
    const refused = codes.findIndex((code) => code >= REFUSED)
    if (refused === -1) return
    const sentence = `${url} refused the subscription to "${filters[refused]}": ${reasonText(codes[refused]!)}`
    throw new GatewayError('SINK_REFUSED', sentence)
  }

  /**
   * Resolves when the primary host is online. With one broker there is nowhere else to go: it is waited for. With several the next
   * is tried, at once where it says that it is offline.
   */
  #hostOnline(
    connection: Connection,
    host: PrimaryHost,
    url: string,
    signal: AbortSignal,
    watch: (onChange: () => void) => void,
  ): Promise<void> {
    if (host.online === true) return Promise.resolve()
    const { clock, log } = this.#context
    const isOnly = this.#brokers.length === 1
    const where = `the primary host ${host.id} is not online at ${url}`
    if (isOnly) log.info({ url, primaryHost: host.id }, `${where}: births wait for it`)
    return new Promise((resolve, reject) => {
      const finish = (then: () => void) => {
        this.#isWaiting = false
        timer?.cancel()
        signal.removeEventListener('abort', onAbort)
        connection.onLost = undefined
        watch(() => undefined)
        then()
      }
      const fail = (error: unknown) => finish(() => reject(error))
      const onAbort = () => fail(signal.reason)
      const onChange = () => {
        if (host.online === true) finish(resolve)
        else if (host.online === false && !isOnly) fail(new NotConnectedError(where))
      }
      const timer = isOnly
        ? undefined
        : clock.after(this.#options.hostTimeout, () => fail(new NotConnectedError(`${where}, it says nothing`)))
      this.#isWaiting = isOnly
      watch(onChange)
      connection.onLost = fail
      if (connection.lost !== undefined) return fail(connection.lost)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      onChange()
    })
  }

  /** The primary host is offline: death, DISCONNECT, and the next broker. */
  #leave(session: Session, host: PrimaryHost): void {
    const error = new NotConnectedError(`the primary host ${host.id} went offline at ${session.url}`)
    void session.finish(error)
    this.#lost(session, error)
  }

  #lost(session: Session, error: GatewayError): void {
    if (this.#session === session) this.#listener?.(toNotConnected(error))
  }

  /** What ended the session is the reason for whatever failed because of it. */
  async #within(work: (session: Session) => Promise<void>): Promise<void> {
    const session = this.#session
    if (session === undefined) throw new NotConnectedError(`not connected to ${this.#brokers.join(', ')}`)
    try {
      await work(session)
    } catch (error) {
      throw session.over ?? error
    }
  }

  /** One more than at the last CONNECT, on disk before this one is sent (5.4); 0 at the first. */
  async #nextBdSeq(): Promise<number> {
    const kept = this.#context.state.load()
    const last = typeof kept === 'object' && kept !== null && 'bdSeq' in kept ? kept.bdSeq : undefined
    const bdSeq = typeof last === 'number' && Number.isInteger(last) && last >= 0 ? (last + 1) % 256 : 0
    await this.#context.state.save({ bdSeq })
    return bdSeq
  }
}

const isoTime = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString())

function stateOf(host: PrimaryHost | undefined): string {
  if (host?.online === undefined) return 'says nothing'
  return host.online ? 'online' : 'offline'
}
