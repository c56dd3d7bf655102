/**
 * A Modbus TCP server: units by id, over a listener or any byte stream. Requests of one connection are answered in order,
 * one after another, as a device does; no bytes that arrive can make it throw. For simulators every request passes
 * `intercept`, which may replace the answer by a fault.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { ModbusRequest, ModbusResponse } from './pdu/message.ts'
import { ServerConnection } from './server-connection.ts'

/** What answers for one unit id. */
export interface ModbusUnit {
  /**
   * The answer to one request: a response, or the bytes of a response PDU as they stand. A thrown ModbusException becomes an
   * exception response, anything else exception 04. `pdu` holds the request as received.
   */
  answer(request: ModbusRequest, pdu: Uint8Array): Answer | Promise<Answer>
}
export type Answer = ModbusResponse | Uint8Array

/** A request as the server received it. */
export interface ServerRequest {
  readonly transaction: number
  readonly unit: number
  /** A view: copy it to keep it. */
  readonly pdu: Uint8Array
  /** Counts connections from 1. */
  readonly connection: number
}

/** What happens instead of, or to, the answer. */
export interface Fault {
  /** Waits before anything else; later requests of this connection wait behind it. */
  readonly delayMs?: number
  /** Answers this exception; the unit is not asked. */
  readonly exception?: number
  /** Never answers. */
  readonly silent?: boolean
  /** Changes the frame (MBAP and PDU) that would be sent: another transaction id, lying lengths, half of it, garbage. */
  readonly alter?: (frame: Uint8Array) => Uint8Array
  /** Afterwards: closes the connection in order, or with RST. */
  readonly then?: 'close' | 'reset'
}

export interface ModbusServerOptions {
  /** Who answers for this id. Unit 0 on TCP is a device like any other (messaging guide 4.4.1.2), not a broadcast. */
  unit(id: number): ModbusUnit | undefined
  readonly clock: Clock
  /** What a request for a unit that does not exist gets: exception 0B, as a gateway answers (default), or nothing. */
  readonly unknownUnit?: 'exception' | 'silent'
  /** Connections beyond it are closed at once; 1,000 where absent. */
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
  requests: number
  exceptions: number
  violations: number
}

export interface ModbusServer {
  /** The port it listens on, once it does. */
  readonly port: number | undefined
  readonly connections: number
  readonly stats: Readonly<ServerStats>
  /** Port 0 takes a free one. Rejects with PORT_IN_USE when the port is taken. Resolves with the port. */
  listen(port: number, host?: string): Promise<number>
  /** Answers on this stream until it ends. */
  serve(stream: Duplex): void
  /** Ends all connections with RST, or in order. The listener stays. */
  dropConnections(how: 'close' | 'reset'): void
  /** Stops listening and ends all connections. */
  close(): Promise<void>
}

/** Neither listens nor serves yet. */
export function createModbusServer(options: ModbusServerOptions): ModbusServer {
  const stats: ServerStats = { connections: 0, refusedConnections: 0, requests: 0, exceptions: 0, violations: 0 }
  const open = new Set<ServerConnection>()
  let listener: Server | undefined
  let port: number | undefined

  const serve = (stream: Duplex) => {
    if (open.size >= (options.maxConnections ?? 1000)) {
      stats.refusedConnections++
      stream.on('error', () => undefined)
      stream.destroy()
      return
    }
    const connection = new ServerConnection(stream, ++stats.connections, options, stats, () => open.delete(connection))
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
    async listen(wanted, host = '127.0.0.1') {
      listener = createServer({ noDelay: true }, (socket: Socket) => serve(socket))
      port = await listening(listener, wanted, host)
      return port
    },
    async close() {
      const closing = listener
      listener = undefined
      port = undefined
      const closed = closing === undefined ? undefined : new Promise<void>((resolve) => closing.close(() => resolve()))
      dropConnections('close')
      await closed
    },
  }
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const used = cause.code === 'EADDRINUSE'
      const message = used ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port} (${cause.message})`
      reject(new GatewayError(used ? 'PORT_IN_USE' : 'INTERNAL', message, { cause, details: { host, port } }))
    })
    server.listen({ port, host, backlog: 4096 }, () => {
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? address.port : port)
    })
  })
}
