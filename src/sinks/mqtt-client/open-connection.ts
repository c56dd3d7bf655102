/**
 * Opens a connection to a broker: transport, CONNECT, CONNACK. mqtt.js's own reconnecting and its store are off: a connection is
 * never mended, the runner opens a new one.
 */
import type { Duplex } from 'node:stream'
import type { IClientOptions, MqttClient } from 'mqtt'
import { NotConnectedError, type GatewayError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { Connection } from './connection.ts'
import { NullStore } from './null-store.ts'
import type { ConnectionOptions } from './options.ts'
import { forgoNumberCache } from './packet-numbers.ts'
import { connectRefusal, transportError } from './reasons.ts'
import { openTransport } from './transport.ts'

/** The message that the broker publishes when the connection ends without a word. */
export interface Will {
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly retain: boolean
}

/** Who connects. */
export interface Identity {
  readonly clientId: string
  readonly will: Will | undefined
  /** In place of those of the options. */
  readonly username?: string
  readonly password?: string
}

/**
 * Opens a connection and waits until the broker has accepted it. An identity that is a function is asked for once the transport
 * stands, right before CONNECT is sent.
 */
export async function openConnection(
  options: ConnectionOptions,
  identity: Identity | (() => Promise<Identity>),
  context: SinkContext,
  signal: AbortSignal,
): Promise<Connection> {
  const stream = await openTransport(options, context, signal)
  let client: MqttClient | undefined
  try {
    const who = typeof identity === 'function' ? await askedFor(identity, stream, options.url) : identity
    const { MqttClient } = await import('mqtt')
    forgoNumberCache()
    client = new MqttClient(() => stream, clientOptions(options, who))
    await accepted(client, options, context, signal)
    return new Connection(client, options, context)
  } catch (error) {
    client?.on('error', () => undefined).end(true)
    stream.destroy()
    throw error
  }
}

async function askedFor(identity: () => Promise<Identity>, stream: Duplex, broker: string): Promise<Identity> {
  // Until the client listens nobody does: an error now must not end the process.
  stream.on('error', () => undefined)
  const who = await identity()
  if (stream.destroyed) throw new NotConnectedError(`${broker} closed the connection before CONNECT was sent`)
  return who
}

function clientOptions(options: ConnectionOptions, who: Identity): IClientOptions {
  const { clientId, will, username = options.username, password = options.password } = who
  return {
    protocolVersion: options.protocolVersion,
    protocolId: 'MQTT',
    clientId,
    clean: true,
    ...(options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 0 } } : {}),
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
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload), qos: 1 } }),
  }
}

/** Resolves with the CONNACK's consent; rejects with the broker's refusal, the stream's error or the time limit. */
function accepted(
  client: MqttClient,
  options: ConnectionOptions,
  context: SinkContext,
  signal: AbortSignal,
): Promise<void> {
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

function connectError(broker: string, error: Error, options: ConnectionOptions): GatewayError {
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'number' ? connectRefusal(broker, code, options.username) : transportError(broker, error)
}
