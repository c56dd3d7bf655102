/**
 * The byte stream below MQTT: TCP from the gateway's `dial`, TLS and WebSocket on top where the URL says so. Every certificate
 * is checked unless the one sink says `insecure`; errors name their cause.
 */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { MqttOptions } from './options.ts'
import { transportError } from './reasons.ts'

const PORTS: Record<string, number> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 }

/** A connected stream; rejects with an error of the catalogue, or the signal's reason. */
export async function openTransport(options: MqttOptions, context: SinkContext, signal: AbortSignal): Promise<Duplex> {
  const url = new URL(options.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? PORTS[url.protocol]! : Number(url.port)
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:'
  const tls = secure ? await tlsOptions(options, host) : undefined
  let stream = await context.dial({ host, port, connectTimeoutMs: options.connectTimeout }, signal)
  try {
    if (tls !== undefined) stream = await secured(stream, tls, signal)
    return url.protocol.startsWith('ws') ? await webSocket(url, stream, signal) : stream
  } catch (error) {
    stream.on('error', () => undefined)
    stream.destroy()
    if (signal.aborted) throw signal.reason
    throw transportError(options.url, error)
  }
}

async function tlsOptions(options: MqttOptions, host: string): Promise<ConnectionOptions> {
  return {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.ca === undefined ? {} : { ca: await pem('ca', options.ca) }),
    ...(options.cert === undefined ? {} : { cert: await pem('cert', options.cert) }),
    ...(options.key === undefined ? {} : { key: await pem('key', options.key) }),
    rejectUnauthorized: !options.insecure,
  }
}

async function pem(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the file of ${option} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

function secured(raw: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let settled = false
    const fail = (error: unknown) => {
      settled = true
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      raw.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const socket = startTls(raw, options)
    socket.on('error', (error) => (settled ? undefined : fail(isReset(error) ? handshakeCut() : error)))
    socket.once('close', () => (settled ? undefined : fail(handshakeCut())))
    socket.once('secureConnect', () => {
      settled = true
      signal.removeEventListener('abort', onAbort)
      resolve(socket)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

const isReset = (error: Error): boolean => 'code' in error && error.code === 'ECONNRESET'

const handshakeCut = () =>
  new NotConnectedError(
    'the broker closed the connection during the TLS handshake; perhaps it does not speak TLS on this port',
  )

/** `tls.connect` throws at once when a certificate or key cannot be parsed. */
function startTls(raw: Duplex, options: ConnectionOptions): TLSSocket {
  try {
    return connectTls({ ...options, socket: raw })
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `certificate or key cannot be used: ${messageOf(cause)}`, { cause })
  }
}

/** MQTT over WebSocket (MQTT 5.0, 6): binary frames, subprotocol `mqtt`. */
async function webSocket(url: URL, stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  const { WebSocket, createWebSocketStream } = await import('ws')
  const socket = new WebSocket(url, ['mqtt'], { createConnection: () => stream, perMessageDeflate: false, signal })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return createWebSocketStream(socket)
}
