/**
 * A Modbus server: units by id, over TCP, TLS and UDP, and in RTU or ASCII frames over any byte stream. Requests of one
 * connection are answered in order, one after another, as a device does; no bytes that arrive can make it throw. For
 * simulators every request passes `intercept`, which may replace the answer by a fault.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { clientOf, type ServerClient } from './client-role.ts'
import type { ModbusRequest, ModbusResponse } from './pdu/message.ts'
import { ServerAnswers } from './server-answer.ts'
import { ServerConnection } from './server-connection.ts'
import { DatagramServer } from './server-datagrams.ts'
import { MbapRequests, type RequestFrames } from './server-frames.ts'
import { LineRequests } from './server-line.ts'
import { createListener, listening, type Listener, type ServerTls } from './server-listen.ts'
import type { LineCounters, UnitDiagnostics } from './unit-diagnostics.ts'

/** What answers for one unit id. */
export interface ModbusUnit {
  /**
   * The answer to one request: a response, or the bytes of a response PDU as they stand. A thrown ModbusException becomes an
   * exception response, anything else exception 04. `pdu` holds the request as received, `from` says whence it came.
   */
  answer(request: ModbusRequest, pdu: Uint8Array, from: ServerRequest): Answer | Promise<Answer>
  /** Kept up to date by the server where it is there; it is what makes listen only mode possible. */
  readonly diagnostics?: UnitDiagnostics | undefined
}
export type Answer = ModbusResponse | Uint8Array

/** A request as the server received it. */
export interface ServerRequest {
  /** 0 on a serial line. */
  readonly transaction: number
  readonly unit: number
  /** A view: copy it to keep it. */
  readonly pdu: Uint8Array
  /** Counts connections from 1. */
  readonly connection: number
  /** The far side, such as `10.0.0.7:51234`; empty where the stream is no socket. */
  readonly remote: string
  /** Who it is by its certificate, where TLS asked for one: the role in it is for `intercept` and the unit to judge. */
  readonly client?: ServerClient | undefined
  /** On a serial line: what it saw so far. Undefined where an MBAP header came with the request. */
  readonly line: LineCounters | undefined
}

/** What happens instead of, or to, the answer. */
export interface Fault {
  /** Waits before anything else; later requests of this connection wait behind it. */
  readonly delayMs?: number
  /** Answers this exception; the unit is not asked. */
  readonly exception?: number
  /** Never answers. */
  readonly silent?: boolean
  /** Changes the whole frame that would be sent: another transaction id, lying lengths, a wrong check, half of it, garbage. */
  readonly alter?: (frame: Uint8Array) => Uint8Array
  /** Afterwards: closes the connection in order, or with RST. */
  readonly then?: 'close' | 'reset'
}

export interface ModbusServerOptions {
  /** Who answers for this id; does not throw. Unit 0 on TCP is a device like any other (messaging guide 4.4.1.2), not a broadcast. */
  unit(id: number): ModbusUnit | undefined
  readonly clock: Clock
  /**
   * What a request for a unit that does not exist gets: exception 0B, as a gateway answers (default), or nothing. On a serial
   * line always nothing: it is meant for somebody else.
   */
  readonly unknownUnit?: 'exception' | 'silent'
  /**
   * 1,000 where absent. At the bound the socket that asked nothing for the longest time makes room, if that is 30 s or more
   * (Messaging on TCP/IP V1.0b, 4.2.1: the oldest unused connection is closed); else the new one is closed at once.
   */
  readonly maxConnections?: number
  /** Sees every request first; a fault decides what becomes of it. */
  intercept?(request: ServerRequest): Fault | undefined
  /** A unit threw something that is not a ModbusException. */
  onError?(error: unknown, request: ServerRequest): void
}

/** Counted from the start of the server. */
export interface ServerStats {
  connections: number
  refusedConnections: number
  /** Closed to make room for another. */
  idleConnections: number
  requests: number
  exceptions: number
  /** Connections closed and datagrams dropped because they were not Modbus. */
  violations: number
  /** Datagrams dropped because too many were waiting for their answers. */
  refusedDatagrams: number
  /** Noise and damaged frames on serial lines. */
  passedOver: number
}

/** How the frames look on a byte stream. */
export type ServerFraming = 'tcp' | 'rtu' | 'ascii'

/** Times of a serial line; each has a default that follows from the standard. */
export interface LineOptions {
  /** For the silence of 3.5 characters before an RTU answer; 19,200 where absent. */
  readonly baud?: number | undefined
  /** Replaces that silence. */
  readonly answerDelayMs?: number | undefined
  /** How long an unfinished frame is waited for; 20 ms, and 1 s for ASCII, where absent. */
  readonly gapMs?: number | undefined
}

export interface ListenOptions {
  /** Encrypted where it is there. Requests carry the role of the client's certificate (`client`); nothing is refused for it here. */
  readonly tls?: ServerTls | undefined
  /** RTU or ASCII frames over TCP, as serial device servers have them; `tcp` where absent. */
  readonly framing?: ServerFraming | undefined
}

export interface ModbusServer {
  /** The port it listens on, once it does; the first, where it listens on several. */
  readonly port: number | undefined
  readonly connections: number
  readonly stats: Readonly<ServerStats>
  /** Port 0 takes a free one. Rejects with PORT_IN_USE when the port is taken. Resolves with the port. */
  listen(port: number, host?: string, options?: ListenOptions): Promise<number>
  /** As `listen`, for datagrams. */
  listenUdp(port: number, host?: string): Promise<number>
  /** Answers on this stream until it ends. */
  serve(stream: Duplex, framing?: ServerFraming, line?: LineOptions): void
  /** Ends all connections with RST, or in order. The listeners stay. */
  dropConnections(how: 'close' | 'reset'): void
  /** Stops listening and ends all connections. */
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const IDLE_MS = 30_000
/** Over TCP frames may come in pieces at the pace of the network, and nobody waits for silence. */
const LINE_OVER_TCP: LineOptions = { answerDelayMs: 0, gapMs: 200 }

/** Neither listens nor serves yet. */
export function createModbusServer(options: ModbusServerOptions): ModbusServer {
  const { clock, maxConnections = 1000 } = options
  const stats: ServerStats = {
    connections: 0,
    refusedConnections: 0,
    idleConnections: 0,
    requests: 0,
    exceptions: 0,
    violations: 0,
    refusedDatagrams: 0,
    passedOver: 0,
  }
  const answers = new ServerAnswers(options, stats)
  const open = new Set<ServerConnection>()
  const listeners: Listener[] = []
  const datagrams: DatagramServer[] = []
  let port: number | undefined

  const makeRoom = (): boolean => {
    let idlest: ServerConnection | undefined
    for (const connection of open)
      if (connection.isSocket && connection.activeAt < (idlest?.activeAt ?? Infinity)) idlest = connection
    if (idlest === undefined || clock.monotonic() - idlest.activeAt < IDLE_MS) return false
    stats.idleConnections++
    idlest.end('close')
    return true
  }

  const serve = (stream: Duplex, framing: ServerFraming = 'tcp', line: LineOptions = {}) => {
    if (open.size >= maxConnections && !makeRoom()) {
      stats.refusedConnections++
      stream.on('error', () => undefined)
      stream.destroy()
      return
    }
    const number = ++stats.connections
    const remote = remoteOf(stream)
    const client = clientOf(stream)
    const frames = (wake: () => void): RequestFrames =>
      framing === 'tcp'
        ? new MbapRequests(number, remote, client)
        : new LineRequests({
            framing,
            line,
            clock,
            connection: number,
            remote,
            client,
            isOurs: (unit) => answers.isOurs(unit),
            onPassedOver: () => stats.passedOver++,
            wake,
          })
    const onEnd = () => open.delete(connection)
    const connection = new ServerConnection(stream, { clock, answers, stats, frames, onEnd })
    open.add(connection)
  }

  const dropConnections = (how: 'close' | 'reset') => {
    for (const connection of open) connection.end(how)
  }

  return {
    stats,
    serve,
    dropConnections,
    get port() {
      return port
    },
    get connections() {
      return open.size
    },
    async listen(wanted, host = LOOPBACK, { tls, framing = 'tcp' } = {}) {
      const onSocket = (socket: Socket) => serve(socket, framing, LINE_OVER_TCP)
      const listener = createListener(tls, maxConnections, onSocket, () => stats.refusedConnections++)
      const taken = await listening(listener.server, wanted, host)
      listeners.push(listener)
      port ??= taken
      return taken
    },
    async listenUdp(wanted, host = LOOPBACK) {
      const server = new DatagramServer({ clock, answers, stats, connection: ++stats.connections }, host)
      const taken = await server.listen(wanted, host)
      datagrams.push(server)
      port ??= taken
      return taken
    },
    async close() {
      const closing = listeners.splice(0).map(({ server, endHandshakes }) => {
        endHandshakes()
        return new Promise<void>((resolve) => server.close(() => resolve()))
      })
      const silenced = datagrams.splice(0).map((server) => server.close())
      port = undefined
      dropConnections('close')
      await Promise.all([...closing, ...silenced])
    },
  }
}

const remoteOf = (stream: Duplex): string =>
  stream instanceof Socket && stream.remoteAddress !== undefined ? `${stream.remoteAddress}:${stream.remotePort}` : ''
