/**
 * The connections of the server. Each address has its share of them, and where all are taken the one goes that is of least use: first
 * what has been sending a request for longest (a slow sender, a hand that only holds the door), then what has been at rest
 * for longest. Who sends a request in one go is served in the middle of such a crowd. Answers that nobody takes are given up.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import { canonicalHost } from '../core/network.ts'
import type { HttpStats, RefusalReason } from '../observe/http-stats.ts'
import { hasBody } from './bodies.ts'
import { Crowd } from './crowd.ts'
import { shareOf, type FarSide } from './far-side.ts'
import type { Limits } from './limits.ts'
import type { Refusals } from './refusals.ts'

interface Connection {
  readonly socket: Socket
  readonly address: string
  /** Undefined: a proxy, which has many clients. */
  readonly share: string | undefined
  /** Requests that are not answered. */
  asked: number
  /** The stream that answers go to; that of TLS where there is TLS. */
  answers: Socket | undefined
  /** Bytes that the far side has taken, when it was looked at last, and since when it has taken none. */
  taken: number
  stalledSince: number | undefined
  refuse(reason: RefusalReason): void
}

export interface ConnectionContext {
  readonly limits: Limits
  readonly farSide: FarSide
  readonly refusals: Refusals
  readonly stats: HttpStats
  readonly clock: Clock
}

/** Attends to the connections of a server that listens; what it returns ends that. */
export function attendConnections(server: Server, context: ConnectionContext): () => void {
  const crowd = new Connections(context)
  const onConnection = (socket: Socket): void => crowd.arrive(socket)
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => crowd.ask(request, response)
  const onUpgrade = (request: IncomingMessage, socket: Duplex): void => crowd.upgrade(request, socket)
  server.on('connection', onConnection)
  server.prependListener('request', onRequest)
  server.prependListener('upgrade', onUpgrade)
  const timer = context.clock.every(context.limits.stallCheckMs, () => crowd.look())
  return () => {
    timer.cancel()
    server.off('connection', onConnection)
    server.off('request', onRequest)
    server.off('upgrade', onUpgrade)
  }
}

class Connections {
  readonly #context: ConnectionContext
  readonly #open = new Map<string, Connection>()
  readonly #crowd = new Crowd()
  /** Whose request, or the body of one, has not arrived whole; the longest wait is first. */
  readonly #unfinished = new Set<Connection>()
  /** Between two requests; the longest rest is first. */
  readonly #idle = new Set<Connection>()

  constructor(context: ConnectionContext) {
    this.#context = context
  }

  arrive(socket: Socket): void {
    const { limits, farSide, refusals } = this.#context
    const { remoteAddress } = socket
    if (remoteAddress === undefined) return void socket.destroy()
    const address = canonicalHost(remoteAddress)
    const share = farSide.isProxy(address) ? undefined : shareOf(address)
    const refuse = (reason: RefusalReason): void => {
      refusals.count(reason, address)
      // RST: neither side keeps anything of a connection that was one of too many.
      socket.resetAndDestroy()
    }
    if (share !== undefined && this.#crowd.of(share) >= limits.connectionsPerAddress)
      return refuse('address-connections')
    if (this.#open.size >= limits.connections && !this.#makeRoom()) return refuse('connections')
    if (this.#unfinished.size >= limits.unfinished) first(this.#unfinished)!.refuse('unfinished')
    this.#add(keyOf(socket), {
      socket,
      address,
      share,
      asked: 0,
      answers: undefined,
      taken: 0,
      stalledSince: undefined,
      refuse,
    })
  }

  #add(key: string, connection: Connection): void {
    this.#open.set(key, connection)
    this.#unfinished.add(connection)
    if (connection.share !== undefined) this.#crowd.enter(connection.share)
    this.#context.stats.connections = this.#open.size
    connection.socket.once('close', () => {
      if (this.#open.get(key) === connection) this.#open.delete(key)
      this.#unfinished.delete(connection)
      this.#idle.delete(connection)
      if (connection.share !== undefined) this.#crowd.leave(connection.share)
      this.#context.stats.connections = this.#open.size
    })
  }

  #makeRoom(): boolean {
    const unfinished = first(this.#unfinished)
    const idle = first(this.#idle)
    if (unfinished !== undefined) unfinished.refuse('unfinished')
    else idle?.refuse('idle')
    return unfinished !== undefined || idle !== undefined
  }

  /** Headers are there; the body may not be. */
  ask(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(keyOf(request.socket))
    if (connection === undefined) return
    connection.answers = request.socket
    connection.asked++
    this.#unfinished.delete(connection)
    this.#idle.delete(connection)
    if (hasBody(request)) {
      this.#unfinished.add(connection)
      request.once('end', () => this.#unfinished.delete(connection))
    }
    response.once('close', () => {
      connection.asked--
      if (connection.asked > 0 || connection.socket.destroyed) return
      connection.stalledSince = undefined
      this.#unfinished.delete(connection)
      this.#idle.add(connection)
    })
  }

  /** From here on it is the matter of the live socket. */
  upgrade(request: IncomingMessage, socket: Duplex): void {
    const connection = this.#open.get(keyOf(request.socket))
    if (connection === undefined || socket.destroyed) return
    this.#unfinished.delete(connection)
    this.#idle.delete(connection)
  }

  /** Gives up answers that nobody takes, and the slowest of them where together they hold too much memory. */
  look(): void {
    const { clock, limits } = this.#context
    const now = clock.monotonic()
    const slow: Connection[] = []
    let unsent = 0
    for (const connection of this.#open.values()) {
      const { answers } = connection
      if (answers === undefined || answers.destroyed || connection.asked === 0) continue
      unsent += answers.writableLength
      const taken = answers.bytesWritten - answers.writableLength
      if (answers.writableLength === 0 || taken !== connection.taken) connection.stalledSince = undefined
      else connection.stalledSince ??= now
      connection.taken = taken
      if (connection.stalledSince !== undefined) slow.push(connection)
    }
    slow.sort((a, b) => a.stalledSince! - b.stalledSince!)
    for (const connection of slow) {
      if (now - connection.stalledSince! < limits.stallMs && unsent <= limits.unsentBytes) break
      unsent -= connection.answers!.writableLength
      connection.refuse('stalled')
    }
  }
}

const first = <T>(set: ReadonlySet<T>): T | undefined => set.values().next().value

/** The far end of a connection; its stream of TLS has the same. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remotePort} ${remoteAddress}`
