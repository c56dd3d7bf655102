/**
 * One connection to a broker, from CONNECT to its end. It is never mended: mqtt.js's own reconnecting and its store are off, the
 * runner opens a new one. What the broker said in its CONNACK (receive maximum, largest packet, no retain) is kept to.
 */
import type { IClientOptions, MqttClient, Packet } from 'mqtt'
import { GatewayError, isAbort, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { Messages } from '../encode/message-encoder.ts'
import { InFlight, type PublishSettings, type Refusals } from './in-flight.ts'
import { NullStore } from './null-store.ts'
import type { MqttOptions } from './options.ts'
import { forgoNumberCache } from './packet-numbers.ts'
import { connectRefusal, disconnection, transportError } from './reasons.ts'
import { openTransport } from './transport.ts'

const PACKET_TOO_LARGE = 0x95
/** Fixed header, lengths, packet id and properties of a PUBLISH: never more than this besides topic and payload. */
const PUBLISH_OVERHEAD_BYTES = 32
const CLOSE_MS = 1000

export interface Will {
  readonly topic: string
  readonly payload: string
}

/** Opens a connection and waits until the broker has accepted it. */
export async function openConnection(
  options: MqttOptions,
  identity: { clientId: string; will: Will | undefined },
  context: SinkContext,
  signal: AbortSignal,
): Promise<Connection> {
  const stream = await openTransport(options, context, signal)
  const { MqttClient } = await import('mqtt')
  forgoNumberCache()
  const client = new MqttClient(() => stream, clientOptions(options, identity))
  try {
    await accepted(client, options, context, signal)
    return new Connection(client, options, context)
  } catch (error) {
    client.on('error', () => undefined)
    client.end(true)
    stream.destroy()
    throw error
  }
}

function clientOptions(options: MqttOptions, identity: { clientId: string; will: Will | undefined }): IClientOptions {
  const { will } = identity
  return {
    protocolVersion: options.protocolVersion,
    protocolId: 'MQTT',
    clientId: identity.clientId,
    clean: true,
    keepalive: Math.ceil(options.keepalive / 1000),
    reschedulePings: false,
    timerVariant: 'native',
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    // Ours runs on the gateway's clock; this one only must not come first.
    connectTimeout: options.connectTimeout + 60_000,
    outgoingStore: new NullStore(),
    incomingStore: new NullStore(),
    log: () => undefined,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(will === undefined
      ? {}
      : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: options.retain } }),
  }
}

/** Resolves with the CONNACK's consent; rejects with the broker's refusal, the stream's error or the time limit. */
function accepted(client: MqttClient, options: MqttOptions, context: SinkContext, signal: AbortSignal): Promise<void> {
  const broker = options.url
  return new Promise((resolve, reject) => {
    const silence = `${broker} accepted the connection but did not answer as an MQTT broker within ${options.connectTimeout} ms`
    const timer = context.clock.after(options.connectTimeout, () =>
      finish(() => reject(new NotConnectedError(silence))),
    )
    const onAbort = () => finish(() => reject(signal.reason))
    const onError = (error: Error) => finish(() => reject(connectError(broker, error, options)))
    const onClose = () =>
      finish(() => reject(new NotConnectedError(`${broker} closed the connection before it accepted us`)))
    const onConnect = () => finish(resolve)
    const finish = (then: () => void) => {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
      client.off('error', onError).off('close', onClose).off('connect', onConnect)
      then()
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    client.on('error', onError).on('close', onClose).on('connect', onConnect)
  })
}

function connectError(broker: string, error: Error, options: MqttOptions): GatewayError {
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'number' ? connectRefusal(broker, code, options.username) : transportError(broker, error)
}

interface Writing {
  readonly inFlight: InFlight
  fail(error: unknown): void
}

export class Connection {
  readonly #client: MqttClient
  readonly #options: MqttOptions
  readonly #context: SinkContext
  readonly #settings: PublishSettings
  readonly #window: number
  readonly #maxPacketBytes: number
  #writing: Writing | undefined
  #pings = 0
  #pongs = 0
  #onPong: (() => void) | undefined
  #reasonCode: number | undefined
  #cause: Error | undefined
  #closing = false
  /** Why it ended; undefined while it stands. */
  lost: GatewayError | undefined
  /** Called once when the connection ends without our doing. */
  onLost: ((error: GatewayError) => void) | undefined

  constructor(client: MqttClient, options: MqttOptions, context: SinkContext) {
    this.#client = client
    this.#options = options
    this.#context = context
    const limits = client.serverProperties ?? {}
    this.#settings = publishSettings(options)
    this.#window = Math.min(options.window, limits.receiveMaximum ?? options.window)
    this.#maxPacketBytes = Math.min(options.maxPacket ?? Infinity, limits.maximumPacketSize ?? Infinity)
    client.on('error', (error) => (this.#cause = error))
    client.on('disconnect', ({ reasonCode }) => (this.#reasonCode = reasonCode))
    client.on('close', () => this.#ended())
    client.on('packetsend', (packet: Packet) => (packet.cmd === 'pingreq' ? this.#pings++ : 0))
    client.on('packetreceive', (packet: Packet) => (packet.cmd === 'pingresp' ? this.#pong() : undefined))
    this.#check(limits)
    if (client.stream.destroyed) this.#ended()
  }

  /** Sends the messages in order; resolves when the broker has answered to each, with its refusals. */
  async publish(messages: Messages, signal: AbortSignal): Promise<Refusals> {
    const refusals = await this.#watched(signal, (done) => this.#send(messages, this.#settings, done))
    if (this.#settings.qos === 0) await this.#flushed(signal)
    return refusals
  }

  /** Sends one message of our own (status, gap); resolves with the reason code of a refusal, 0 for none. */
  async say(topic: string, payload: string, retain: boolean, signal: AbortSignal): Promise<number> {
    const messages: Messages = {
      topics: [topic],
      payloads: [payload],
      messageOf: new Int32Array(),
      rejected: new Map(),
    }
    const refusals = await this.#watched(signal, (done) => this.#send(messages, { qos: 1, retain }, done))
    return refusals.get(0) ?? 0
  }

  /** Sends DISCONNECT, so that the last will is not published, and closes; at once when that takes too long. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.lost !== undefined) return
    await new Promise<void>((resolve) => {
      const timer = this.#context.clock.after(CLOSE_MS, resolve)
      this.#client.end(false, () => {
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

  #send(messages: Messages, settings: PublishSettings, done: (refusals: Refusals) => void): InFlight {
    return new InFlight(this.#client, this.#window, settings, messages, this.#tooLarge(messages), done)
  }

  /** Runs one exchange; ends it when the connection is lost, the signal aborts or the broker confirms nothing any more. */
  #watched(signal: AbortSignal, begin: (done: (refusals: Refusals) => void) => InFlight): Promise<Refusals> {
    if (this.lost !== undefined) return Promise.reject(this.lost)
    return new Promise((resolve, reject) => {
      let seen = 0
      const finish = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#writing = undefined
        then()
      }
      const fail = (error: unknown) => {
        inFlight.cancel()
        finish(() => reject(error))
      }
      const onAbort = () => {
        fail(signal.reason)
        this.destroy()
      }
      const inFlight = begin((refusals) => finish(() => resolve(refusals)))
      const timer = this.#context.clock.every(this.#options.ackTimeout, () => {
        if (inFlight.confirmed === seen) return this.#stalled(fail)
        seen = inFlight.confirmed
      })
      this.#writing = { inFlight, fail }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      inFlight.start()
    })
  }

  #stalled(fail: (error: unknown) => void): void {
    const ms = this.#options.ackTimeout
    fail(new NotConnectedError(`${this.#options.url} confirmed nothing for ${ms} ms, the connection was closed`))
    this.destroy()
  }

  /** QoS 0 has no acks: an answered ping says that the broker has read everything before it. */
  #flushed(signal: AbortSignal): Promise<void> {
    if (this.lost !== undefined) return Promise.reject(this.lost)
    return new Promise((resolve, reject) => {
      const timer = this.#context.clock.after(this.#options.ackTimeout, () => this.#stalled(fail))
      const finish = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#onPong = undefined
        this.#writing = undefined
        then()
      }
      const fail = (error: unknown) => finish(() => reject(error))
      const onAbort = () => {
        fail(signal.reason)
        this.destroy()
      }
      this.#client.sendPing()
      const ours = this.#pings
      this.#onPong = () => (this.#pongs >= ours ? finish(resolve) : undefined)
      this.#writing = { inFlight: NOTHING, fail }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #pong(): void {
    this.#pongs++
    this.#onPong?.()
  }

  /** Messages that the broker would not take for their size: it says how large a packet may be. */
  #tooLarge({ topics, payloads }: Messages): ReadonlyMap<number, number> {
    if (this.#maxPacketBytes === Infinity) return NO_REFUSALS
    const refused = new Map<number, number>()
    for (let message = 0; message < topics.length; message++) {
      const bytes = Buffer.byteLength(topics[message]!) + Buffer.byteLength(payloads[message]!) + PUBLISH_OVERHEAD_BYTES
      if (bytes > this.#maxPacketBytes) refused.set(message, PACKET_TOO_LARGE)
    }
    return refused
  }

  /** MQTT 5.0, 3.2.2.3: retaining or a quality of service that the broker does not have would end the connection. */
  #check(limits: { retainAvailable?: boolean; maximumQoS?: number }): void {
    const { url, qos, retain } = this.#options
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
    const writing = this.#writing
    if (writing !== undefined) writing.fail(this.lost)
    else if (!this.#closing) this.onLost?.(this.lost)
    // What made the broker close may be one message: that is told once, to the write; afterwards we are just not connected.
    if (this.lost.code === 'INTERNAL') this.lost = new NotConnectedError(this.lost.message)
  }
}

const NO_REFUSALS: ReadonlyMap<number, number> = new Map()
const NOTHING = { confirmed: 0, cancel: () => undefined } as unknown as InFlight

const publishSettings = ({ qos, retain, expiry }: MqttOptions): PublishSettings => ({
  qos,
  retain,
  ...(expiry === undefined ? {} : { properties: { messageExpiryInterval: Math.ceil(expiry / 1000) } }),
})
