/**
 * The live socket, `/api/v1/live` (RFC 6455): takes the upgrade when host, origin and number of clients allow it, says
 * hello, and hands the client to the hub with each subscription.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { z } from 'zod'
import { BusyError, GatewayError } from '../../core/errors.ts'
import { parseDuration } from '../../core/duration.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import type { HttpStats } from '../../observe/http-stats.ts'
import { refuseBare } from '../bare-refusal.ts'
import type { Guard } from '../guard.ts'
import type { Limits } from '../limits.ts'
import { LiveClient, type Subscription } from './client.ts'
import { LiveHub } from './hub.ts'

/** Where the live socket is. */
export const LIVE_PATH = '/api/v1/live'
const MIN_INTERVAL_MS = 50
const MAX_INTERVAL_MS = 60_000
const DEFAULT_INTERVAL_MS = 250

export interface LiveOptions {
  readonly gateway: Gateway
  readonly guard: Guard
  readonly stats: HttpStats
  readonly limits: Limits
}

export interface LiveServer {
  /** Says goodbye to every client. */
  close(): void
}

/** Takes upgrades of `server`. */
export function serveLive(server: Server, options: LiveOptions): LiveServer {
  const { gateway, guard, stats, limits } = options
  const hub = new LiveHub(gateway, stats, limits)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.liveMessageBytes,
    perMessageDeflate: false,
    clientTracking: false,
  })

  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer, intervalMs: number): void => {
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const client = new LiveClient(opened, intervalMs)
      hub.add(client)
      opened.on('pong', () => {
        client.alive = true
      })
      opened.on('message', (data, isBinary) => onMessage(gateway, client, data, isBinary, limits))
      opened.on('close', () => hub.remove(client))
      opened.on('error', () => opened.terminate())
      opened.send(helloText(gateway))
    })
  }

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy())
    const url = URL.parse(request.url ?? '', 'http://localhost')
    const intervalMs = intervalOf(url)
    const refused =
      guard.refuse(request.headers, true) ??
      (url?.pathname === LIVE_PATH ? undefined : new GatewayError('NOT_FOUND', 'there is no socket at this address')) ??
      (intervalMs === undefined ? new GatewayError('INVALID_REQUEST', INTERVAL_SENTENCE) : undefined) ??
      (hub.size >= limits.liveClients ? new BusyError(`there are ${hub.size} live clients already`, 5000) : undefined)
    if (refused !== undefined) return refuseBare(socket, refused, url?.pathname ?? '/')
    accept(request, socket, head, intervalMs!)
  }

  server.on('upgrade', onUpgrade)
  return {
    close() {
      server.off('upgrade', onUpgrade)
      hub.close()
      sockets.close()
    },
  }
}

const INTERVAL_SENTENCE = `query parameter interval: expected a duration from ${MIN_INTERVAL_MS}ms to ${MAX_INTERVAL_MS}ms`

function intervalOf(url: URL | null): number | undefined {
  const text = url?.searchParams.get('interval') ?? null
  if (text === null) return DEFAULT_INTERVAL_MS
  const ms = parseDuration(text)
  return ms !== undefined && ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS ? ms : undefined
}

function helloText(gateway: Gateway): string {
  const { version, store, clock } = gateway
  return JSON.stringify({ type: 'hello', schema: 1, serverTime: clock.now(), version, logId: store.logId })
}

const subscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  devices: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  intervalMs: z.number().min(MIN_INTERVAL_MS).max(MAX_INTERVAL_MS).optional(),
})

function onMessage(gateway: Gateway, client: LiveClient, data: RawData, isBinary: boolean, limits: Limits): void {
  const message = isBinary ? undefined : parseMessage(textOf(data))
  if (message === undefined) return refuseMessage(client.socket, 'expected { "type": "subscribe", … } as JSON text')
  const { devices = [], tags = [], intervalMs } = message
  if (devices.length + tags.length > limits.liveNames) {
    return refuseMessage(client.socket, `a subscription names at most ${limits.liveNames} devices and tags`)
  }
  if (intervalMs !== undefined) client.intervalMs = intervalMs
  const everything = message.devices === undefined && message.tags === undefined
  client.ask = () => (everything ? { tags: undefined, devices: undefined } : resolve(gateway, devices, tags))
  client.wanted = client.ask()
}

/** What the library gives is a Buffer, unless it was told otherwise. */
const textOf = (data: RawData): string => (Buffer.isBuffer(data) ? data.toString() : '')

function parseMessage(text: string): z.output<typeof subscribeSchema> | undefined {
  try {
    return subscribeSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** The tags of these devices and these tags `device/tag`; names that do not exist are left out. */
function resolve(gateway: Gateway, devices: readonly string[], tags: readonly string[]): Subscription {
  const found = new Map<number, TagInfo>()
  const shown = new Set<string>(devices)
  for (const device of devices) {
    for (const tag of gateway.store.tags.of(device)) found.set(tag.id, tag)
  }
  for (const name of tags) {
    const slash = name.indexOf('/')
    const tag = slash < 0 ? undefined : gateway.store.tags.find(name.slice(0, slash), name.slice(slash + 1))
    if (tag === undefined) continue
    found.set(tag.id, tag)
    shown.add(tag.device)
  }
  return { tags: [...found.values()], devices: shown }
}

// RFC 6455, 7.4.1: 1008, a message that violates the policy of the endpoint. A reason holds at most 123 bytes.
const refuseMessage = (socket: WebSocket, sentence: string): void => socket.close(1008, sentence.slice(0, 120))
