/**
 * The byte stream below MQTT: TCP or TLS from the gateway's `dial`, WebSocket on top where the URL says so. Every certificate
 * is checked unless the one sink says `insecure`; errors name their cause.
 */
import type { Duplex } from 'node:stream'
import type { Timer } from '../../core/clock.ts'
import type { TlsSettings } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { ConnectionOptions } from './options.ts'
import { transportError } from './reasons.ts'

const PORTS: Record<string, number> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 }

/** A connected stream; rejects with an error of the catalogue, or the signal's reason. */
export async function openTransport(
  options: ConnectionOptions,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Duplex> {
  const url = new URL(options.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? PORTS[url.protocol]! : Number(url.port)
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:'
  const endpoint = { host, port, connectTimeoutMs: options.connectTimeout }
  let stream: Duplex | undefined
  try {
    stream = await context.dial(secure ? { ...endpoint, tls: tlsOf(options) } : endpoint, signal)
    return url.protocol.startsWith('ws') ? await webSocket(url, stream, options, context, signal) : stream
  } catch (error) {
    stream?.on('error', () => undefined).destroy()
    if (signal.aborted) throw signal.reason
    throw transportError(options.url, error)
  }
}

const tlsOf = ({ ca, cert, key, insecure }: ConnectionOptions): TlsSettings => ({ ca, cert, key, insecure })

/** MQTT over WebSocket (MQTT 5.0, 6): binary frames, subprotocol `mqtt`. */
async function webSocket(
  url: URL,
  stream: Duplex,
  { connectTimeout }: ConnectionOptions,
  { clock }: SinkContext,
  signal: AbortSignal,
): Promise<Duplex> {
  const { WebSocket, createWebSocketStream } = await import('ws')
  const socket = new WebSocket(url, ['mqtt'], { createConnection: () => stream, perMessageDeflate: false, signal })
  const silence = `${url.origin} accepted the connection but not the WebSocket within ${connectTimeout} ms`
  let timer: Timer | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = clock.after(connectTimeout, () => reject(new NotConnectedError(silence)))
      socket.once('open', resolve)
      // Stays: giving up a handshake is an error of its own.
      socket.on('error', reject)
    })
  } finally {
    timer?.cancel()
  }
  return createWebSocketStream(socket)
}
