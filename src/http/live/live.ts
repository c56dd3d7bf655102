/**
 * The live socket, `/api/v1/live` (RFC 6455): takes the upgrade when host, origin and number of clients allow it, says
 * hello, and hands the client to the hub with each subscription.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Principal } from '../../core/permissions.ts'
import type { Gateway } from '../../gateway.ts'
import type { HttpStats } from '../../observe/http-stats.ts'
import type { System } from '../../observe/system/system.ts'
import type { Door } from '../auth/door.ts'
import { sightOf, tagsInSight } from '../auth/sight.ts'
import { refuseBare } from '../bare-refusal.ts'
import { TOO_MANY_HEADERS, type Gate } from '../gate.ts'
import type { Guard } from '../guard.ts'
import type { Limits } from '../limits.ts'
import { Pace } from '../pace.ts'
import { LiveClient } from './client.ts'
import { LiveHub } from './hub.ts'
import { LivePlaces } from './places.ts'
import { subscriptionOf } from './subscription.ts'
import { admit, watchClients } from './watch.ts'

/** Where the live socket is. */
export const LIVE_PATH = '/api/v1/live'
const MIN_INTERVAL_MS = 50
const MAX_INTERVAL_MS = 60_000
const DEFAULT_INTERVAL_MS = 250

export interface LiveOptions {
  readonly gateway: Gateway
  readonly system: System
  readonly guard: Guard
  readonly door: Door
  readonly gate: Gate
  readonly stats: HttpStats
  readonly limits: Limits
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

export interface LiveServer {
  /** Says goodbye to every client. */
  close(): void
}

/** Takes upgrades of `server`. */
export function serveLive(server: Server, options: LiveOptions): LiveServer {
  const { gateway, system, guard, door, gate, stats, limits } = options
  const hub = new LiveHub(gateway, system, stats, limits)
  const watch = watchClients(gateway, door)
  const places = new LivePlaces(gate, limits)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.liveMessageBytes,
    perMessageDeflate: false,
    clientTracking: false,
  })

  const accept = ({ request, socket, head }: Upgrade, intervalMs: number, principal: Principal): void => {
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const client = new LiveClient(opened, intervalMs, principal)
      const pace = messagePace(gateway, limits)
      hub.add(client)
      watch.add(client, request)
      opened.on('pong', () => {
        client.alive = true
      })
      opened.on('message', (data, isBinary) => {
        if (pace.take('') > 0)
          return refuseMessage(opened, `more than ${limits.liveMessagesPerMinute} messages a minute`)
        onMessage(gateway, client, data, isBinary, limits)
      })
      opened.on('close', () => {
        hub.remove(client)
        watch.remove(client)
      })
      opened.on('error', () => opened.terminate())
      opened.send(helloText(gateway, principal))
    })
  }

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy())
    const url = URL.parse(request.url ?? '', 'http://localhost')
    const intervalMs = intervalOf(url)
    const path = url?.pathname ?? '/'
    if (gate.hasTooManyHeaders(request)) return refuseBare(socket, TOO_MANY_HEADERS, path, 431)
    const foreign = guard.refuse(request.headers, true)
    if (foreign !== undefined) gate.refusals.count('origin', gate.farSide.of(request))
    const refused =
      gate.refuse(request) ??
      foreign ??
      (path === LIVE_PATH ? undefined : new GatewayError('NOT_FOUND', 'there is no socket at this address')) ??
      (intervalMs === undefined ? new GatewayError('INVALID_REQUEST', INTERVAL_SENTENCE) : undefined) ??
      places.take(request, socket)
    if (refused !== undefined) return refuseBare(socket, refused, path)
    void admit(door, request).then(
      (principal) => accept({ request, socket, head }, intervalMs!, principal),
      (error: unknown) => refuseBare(socket, error as GatewayError, path),
    )
  }

  server.on('upgrade', onUpgrade)
  return {
    close() {
      server.off('upgrade', onUpgrade)
      watch.close()
      hub.close()
      sockets.close()
    },
  }
}

/** A message of its own kind of flood: each asks for a snapshot. */
const messagePace = ({ clock }: Gateway, { liveMessagesPerMinute: perMinute }: Limits): Pace =>
  new Pace(clock, { perMinute, burst: perMinute, shares: 1 })

const INTERVAL_SENTENCE = `query parameter interval: expected a duration from ${MIN_INTERVAL_MS}ms to ${MAX_INTERVAL_MS}ms`

function intervalOf(url: URL | null): number | undefined {
  const text = url?.searchParams.get('interval') ?? null
  if (text === null) return DEFAULT_INTERVAL_MS
  const ms = parseDuration(text)
  return ms !== undefined && ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS ? ms : undefined
}

function helloText(gateway: Gateway, principal: Principal): string {
  const { version, store, clock } = gateway
  const sight = sightOf(principal)
  const tags = sight === undefined ? store.tags.size : tagsInSight(store.tags.values(), sight).length
  return JSON.stringify({ type: 'hello', schema: 1, serverTime: clock.now(), version, logId: store.logId, tags })
}

const subscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  devices: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  ids: z.array(z.int().min(0)).optional(),
  allDevices: z.boolean().optional(),
  intervalMs: z.number().min(MIN_INTERVAL_MS).max(MAX_INTERVAL_MS).optional(),
})

function onMessage(gateway: Gateway, client: LiveClient, data: RawData, isBinary: boolean, limits: Limits): void {
  const message = isBinary ? undefined : parseMessage(textOf(data))
  if (message === undefined) return refuseMessage(client.socket, 'expected { "type": "subscribe", … } as JSON text')
  const { devices = [], tags = [], ids = [], allDevices = false, intervalMs } = message
  if (devices.length + tags.length + ids.length > limits.liveNames) {
    return refuseMessage(client.socket, `a subscription names at most ${limits.liveNames} devices and tags`)
  }
  if (intervalMs !== undefined) client.intervalMs = intervalMs
  const everything = message.devices === undefined && message.tags === undefined && message.ids === undefined
  const asked = everything ? undefined : { devices, tags, ids, allDevices }
  client.ask = () => subscriptionOf(gateway, asked, sightOf(client.principal))
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

// RFC 6455, 7.4.1: 1008, a message that violates the policy of the endpoint. A reason holds at most 123 bytes.
const refuseMessage = (socket: WebSocket, sentence: string): void => socket.close(1008, sentence.slice(0, 120))
