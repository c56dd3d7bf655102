/**
 * One connection to a broker, from CONNACK to its end. What the broker said in its CONNACK (receive maximum, largest packet, no
 * retain) is kept to. Whatever waits for an answer ends when the connection does.
 */
import type { MqttClient, Packet } from 'mqtt'
import { GatewayError, isAbort, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { InFlight, type Outgoing, type PublishSettings, type Refusals } from './in-flight.ts'
import type { ConnectionOptions } from './options.ts'
import { disconnection } from './reasons.ts'

const PACKET_TOO_LARGE = 0x95
/** Fixed header, lengths, packet id and properties of a PUBLISH: never more than this besides topic and payload. */
export const PUBLISH_OVERHEAD_BYTES = 32
/** MQTT 5.0, 3.14.2.1: the broker publishes the will all the same. */
const DISCONNECT_WITH_WILL = 0x04
const CLOSE_MS = 1000
/** A user property `traceparent` (MQTT 5.0, 3.3.2.3.7): its identifier, two strings with their lengths. */
const TRACEPARENT_BYTES = 1 + 2 + 11 + 2 + 55
const POST: PublishSettings = { qos: 0, retain: false }

/** What an MQTT 5 message may carry besides its payload, as far as we read it. */
export interface MessageProperties {
  /** Seconds that are left. */
  readonly messageExpiryInterval?: number | undefined
  readonly responseTopic?: string | undefined
  readonly correlationData?: Uint8Array | undefined
  readonly userProperties?: Readonly<Record<string, string | string[]>> | undefined
}

export class Connection {
  readonly #client: MqttClient
  readonly #options: ConnectionOptions
  readonly #context: SinkContext
  readonly #settings: PublishSettings
  readonly #window: number
  readonly #answerQos: 0 | 1
  /** Everything that waits for an answer of the broker. */
  readonly #waiting = new Set<(error: unknown) => void>()
  readonly #onPong = new Set<() => void>()
  /** The messages that are being published, and how many were confirmed before them. */
  #publishing: InFlight | undefined
  #before = 0
  #pings = 0
  #pongs = 0
  #reasonCode: number | undefined
  #cause: Error | undefined
  #closing = false
  /** Why it ended; undefined while it stands. */
  lost: GatewayError | undefined
  /** Called once when the connection ends without our doing, while nothing waits for an answer. */
  onLost: ((error: GatewayError) => void) | undefined
  /** What comes in by our subscriptions; set it before `subscribe`. */
  onMessage:
    ((topic: string, payload: Uint8Array, retained: boolean, properties: MessageProperties) => void) | undefined
  /** The largest packet that the broker takes, as far as it or the options say. */
  readonly maxPacketBytes: number

  constructor(client: MqttClient, options: ConnectionOptions, context: SinkContext) {
    this.#client = client
    this.#options = options
    this.#context = context
    const limits = client.serverProperties ?? {}
    this.#settings = publishSettings(options)
    const most = limits.receiveMaximum ?? Infinity
    // One place is kept free for answers, which may leave while samples are on their way.
    this.#answerQos = most > 1 ? 1 : 0
    this.#window = Math.min(options.window, options.answers === true ? Math.max(1, most - 1) : most)
    this.maxPacketBytes = Math.min(options.maxPacket ?? Infinity, limits.maximumPacketSize ?? Infinity)
    client.on('error', (error) => (this.#cause = error))
    client.on('disconnect', ({ reasonCode }) => (this.#reasonCode = reasonCode))
    client.on('close', () => this.#ended())
    client.on('message', (topic, payload, { retain, properties }) =>
      this.onMessage?.(topic, payload, retain, properties ?? {}),
    )
    client.on('packetsend', (packet: Packet) => (packet.cmd === 'pingreq' ? this.#pings++ : 0))
    client.on('packetreceive', (packet: Packet) => (packet.cmd === 'pingresp' ? this.#pong() : undefined))
    this.#check(limits)
    if (client.stream.destroyed) this.#ended()
  }

  /** MQTT 5.0, whose DISCONNECT can say more. */
  get isVersion5(): boolean {
    return this.#options.protocolVersion === 5
  }

  /** Says of each message whether it was taken; without, a broker confirms, or cuts the connection. */
  get canRefuse(): boolean {
    return this.isVersion5 && this.#settings.qos > 0
  }

  /** Messages that the broker has confirmed of all that were published. */
  get confirmed(): number {
    return this.#before + (this.#publishing?.confirmed ?? 0)
  }

  /** Sends the messages in order; resolves when the broker has answered to each, with its refusals. */
  async publish(messages: Outgoing, signal: AbortSignal): Promise<Refusals> {
    const sent = this.#traced(messages)
    const begin = (done: (refusals: Refusals) => void) => (this.#publishing = this.#send(sent, this.#settings, done))
    const refusals = await this.#watched(signal, begin)
    this.#before = this.confirmed
    this.#publishing = undefined
    if (this.#settings.qos === 0) await this.flushed(signal)
    return refusals
  }

  /** Sends one message of our own (status, gap, death); resolves with the reason code of a refusal, 0 for none. */
  async say(topic: string, payload: string | Uint8Array, retain: boolean, signal: AbortSignal): Promise<number> {
    const message: Outgoing = { topics: [topic], payloads: [payload] }
    const refusals = await this.#watched(signal, (done) => this.#send(message, { qos: 1, retain }, done))
    return refusals.get(0) ?? 0
  }

  /** Answers a message, one at a time; resolves as `say` does. */
  async answer(topic: string, payload: string, correlationData: Uint8Array | undefined): Promise<number> {
    const properties =
      this.isVersion5 && correlationData !== undefined ? { correlationData: Buffer.from(correlationData) } : undefined
    const settings = { qos: this.#answerQos, retain: false, ...(properties && { properties }) }
    const message: Outgoing = { topics: [topic], payloads: [payload] }
    const refusals = await this.#watched(NEVER, (done) => this.#send(message, settings, done))
    return refusals.get(0) ?? 0
  }

  /** Sends one message with QoS 0 at once; `drained` says when the next may follow, `flushed` when the broker has all. */
  post(topic: string, payload: Buffer): void {
    if (this.lost !== undefined) throw this.lost
    this.#client.publish(topic, payload, POST)
  }

  /** Resolves when the socket takes more. */
  drained(signal: AbortSignal): Promise<void> {
    const { stream } = this.#client
    if (!stream.writableNeedDrain && this.lost === undefined) return Promise.resolve()
    return this.#answered(signal, (resolve) => {
      stream.once('drain', resolve)
      return () => stream.off('drain', resolve)
    })
  }

  /** Subscribes with QoS 1; resolves with the code that the broker gave to each filter (from 0x80 on: refused). */
  subscribe(filters: readonly string[], signal: AbortSignal): Promise<readonly number[]> {
    return this.#answered(signal, (resolve) => {
      this.#client.subscribe([...filters], { qos: 1 }, (error, granted, packet) => {
        const codes = packet?.granted ?? granted?.map(({ qos }) => qos)
        if (codes !== undefined && (!error || packet !== undefined)) resolve(codes.map(Number))
      })
    })
  }

  /**
   * Sends DISCONNECT and closes; at once when that takes too long. The last will is not published, unless `withWill` and MQTT 5.0
   * say so.
   */
  async close(withWill = false): Promise<void> {
    this.#closing = true
    if (this.lost !== undefined) return
    await new Promise<void>((resolve) => {
      const timer = this.#context.clock.after(CLOSE_MS, resolve)
      const how = withWill && this.isVersion5 ? { reasonCode: DISCONNECT_WITH_WILL } : {}
      this.#client.end(false, how, () => {
        timer.cancel()
        resolve()
      })
    })
    this.#client.stream.destroy()
  }

  /** Cuts the connection without a word; the broker publishes the last will. */
  destroy(): void {
    this.#closing = true
    this.#client.end(true)
    this.#client.stream.destroy()
  }

  /** A trace is worth no message: where there is no room for it, it stays away. */
  #traced(messages: Outgoing): Outgoing {
    const { topics, payloads, traceparents } = messages
    if (traceparents === undefined) return messages
    const most = this.maxPacketBytes - PUBLISH_OVERHEAD_BYTES - TRACEPARENT_BYTES
    const fits = (at: number) => Buffer.byteLength(topics[at]!) + Buffer.byteLength(payloads[at]!) <= most
    const kept = this.isVersion5 ? [...traceparents].filter(([at]) => fits(at)) : []
    return { ...messages, traceparents: kept.length === 0 ? undefined : new Map(kept) }
  }

  #send(messages: Outgoing, settings: PublishSettings, done: (refusals: Refusals) => void): InFlight {
    const extra = settings.properties?.correlationData?.length ?? 0
    return new InFlight(this.#client, this.#window, settings, messages, this.#tooLarge(messages, extra), done)
  }

  /** Runs one exchange; ends it when the connection is lost, the signal aborts or the broker confirms nothing any more. */
  #watched(signal: AbortSignal, begin: (done: (refusals: Refusals) => void) => InFlight): Promise<Refusals> {
    let inFlight: InFlight
    return this.#answered(
      signal,
      (resolve) => {
        inFlight = begin(resolve)
        inFlight.start()
        return () => inFlight.cancel()
      },
      () => inFlight.confirmed,
    )
  }

  /** QoS 0 has no acks: an answered ping says that the broker has read everything before it. */
  flushed(signal: AbortSignal): Promise<void> {
    return this.#answered(signal, (resolve) => {
      this.#client.sendPing()
      const ours = this.#pings
      const onPong = () => (this.#pongs >= ours ? resolve() : undefined)
      this.#onPong.add(onPong)
      return () => this.#onPong.delete(onPong)
    })
  }

  /**
   * Waits for an answer of the broker, as long as `progress` goes on within each `ackTimeout`. `begin` starts the exchange and
   * gives back what ends it.
   */
  #answered<Answer>(
    signal: AbortSignal,
    begin: (resolve: (answer: Answer) => void) => (() => unknown) | void,
    progress: () => number = () => 0,
  ): Promise<Answer> {
    if (this.lost !== undefined) return Promise.reject(this.lost)
    return new Promise((resolve, reject) => {
      let seen = 0
      let end: (() => unknown) | void
      const finish = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(fail)
        end?.()
        then()
      }
      const fail = (error: unknown) => finish(() => reject(error))
      const onAbort = () => {
        fail(signal.reason)
        this.destroy()
      }
      const timer = this.#context.clock.every(this.#options.ackTimeout, () => {
        if (progress() === seen) return this.#stalled()
        seen = progress()
      })
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(fail)
      end = begin((answer) => finish(() => resolve(answer)))
    })
  }

  #stalled(): void {
    const ms = this.#options.ackTimeout
    this.#fail(new NotConnectedError(`${this.#options.url} confirmed nothing for ${ms} ms, the connection was closed`))
    this.destroy()
  }

  #fail(error: unknown): void {
    for (const fail of this.#waiting) fail(error)
  }

  #pong(): void {
    this.#pongs++
    for (const onPong of this.#onPong) onPong()
  }

  /** Messages that the broker would not take for their size: it says how large a packet may be. */
  #tooLarge({ topics, payloads }: Outgoing, extraBytes: number): ReadonlyMap<number, number> {
    if (this.maxPacketBytes === Infinity) return NO_REFUSALS
    const refused = new Map<number, number>()
    const most = this.maxPacketBytes - PUBLISH_OVERHEAD_BYTES - extraBytes
    for (let message = 0; message < topics.length; message++) {
      if (Buffer.byteLength(topics[message]!) + Buffer.byteLength(payloads[message]!) > most)
        refused.set(message, PACKET_TOO_LARGE)
    }
    return refused
  }

  /** MQTT 5.0, 3.2.2.3: retaining or a quality of service that the broker does not have would end the connection. */
  #check(limits: { retainAvailable?: boolean; maximumQoS?: number }): void {
    const { url, qos } = this.#options
    const retain = this.#options.retain || this.#options.retainsOwn === true
    const sentence =
      retain && limits.retainAvailable === false
        ? `${url} keeps no retained messages; set retain: false`
        : limits.maximumQoS !== undefined && qos > limits.maximumQoS
          ? `${url} takes a quality of service of at most ${limits.maximumQoS}; set qos: ${limits.maximumQoS}`
          : undefined
    if (sentence !== undefined) throw new GatewayError('SINK_REFUSED', sentence)
  }

  #ended(): void {
    if (this.lost !== undefined) return
    this.lost = disconnection(this.#options.url, this.#reasonCode, isAbort(this.#cause) ? undefined : this.#cause)
    if (this.#waiting.size > 0) this.#fail(this.lost)
    else if (!this.#closing) this.onLost?.(this.lost)
    // What made the broker close may be one message: that is told once, to the write; afterwards we are just not connected.
    if (this.lost.code === 'INTERNAL') this.lost = new NotConnectedError(this.lost.message)
  }
}

const NEVER = new AbortController().signal
const NO_REFUSALS: ReadonlyMap<number, number> = new Map()

const publishSettings = ({ qos, retain, expiry }: ConnectionOptions): PublishSettings => ({
  qos,
  retain,
  ...(expiry === undefined ? {} : { properties: { messageExpiryInterval: Math.ceil(expiry / 1000) } }),
})
