/** The listeners of a server: TCP, and TLS on top of it (Modbus/TCP Security Protocol Specification). */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { GatewayError } from '../../core/errors.ts'
import { servedTls } from '../../wire/certificates/served-tls.ts'

/** What the server shows, and whether it asks clients for theirs; PEM text. */
export interface ServerTls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** Authorities that client certificates must come from. */
  readonly ca?: string | Buffer | undefined
  /** Clients without a certificate of `ca` are refused, as Modbus/TCP Security demands. */
  readonly requestClientCertificate?: boolean | undefined
}

/** A client that begins a handshake and does not end it. */
const HANDSHAKE_MS = 10_000

/** Clients that vanish without a word are noticed by the system's probes after this silence. */
const KEEP_ALIVE_MS = 30_000
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS } as const

export interface Listener {
  readonly server: Server
  /** Ends what has not become a connection yet; without it `server.close` waits for handshakes that never end. */
  endHandshakes(): void
}

/**
 * A listener that hands on its connections; encrypted where `tls` is there. `onRefused`: a handshake that failed, or that was
 * the oldest of `maxHandshakes` when another began.
 */
export function createListener(
  tls: ServerTls | undefined,
  maxHandshakes: number,
  serve: (socket: Socket) => void,
  onRefused: () => void,
): Listener {
  if (tls === undefined) return { server: createServer(SOCKET, serve), endHandshakes: () => undefined }
  const asks = tls.requestClientCertificate === true
  const server = createTlsServer({
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    requestCert: asks,
    rejectUnauthorized: asks,
    // Modbus/TCP Security: TLS 1.2 or newer.
    ...servedTls(),
    handshakeTimeout: HANDSHAKE_MS,
    ...SOCKET,
  })
  /** By port and address of the client: the encrypted socket does not say which one it came from. */
  const handshakes = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const key = placeOf(socket)
    const [oldest] = handshakes.size < maxHandshakes ? [] : handshakes.values()
    handshakes.set(key, socket)
    socket.once('close', () => handshakes.delete(key))
    oldest?.destroy()
  })
  server.on('secureConnection', (socket) => {
    handshakes.delete(placeOf(socket))
    serve(socket)
  })
  server.on('tlsClientError', (_error, socket) => {
    onRefused()
    socket.destroy()
  })
  const endHandshakes = () => {
    for (const socket of handshakes.values()) socket.destroy()
  }
  return { server, endHandshakes }
}

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remotePort} ${remoteAddress}`

/** Resolves with the port. */
export function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, port, host)))
    server.listen({ port, host, backlog: 4096 }, () => {
      // What goes wrong with one connection from now on (too many open files) concerns no other.
      server.on('error', () => undefined)
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? address.port : port)
    })
  })
}

/** PORT_IN_USE, or what else is wrong with this place. */
export function listenError(cause: NodeJS.ErrnoException, port: number, host: string): GatewayError {
  const used = cause.code === 'EADDRINUSE'
  const message = used ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port} (${cause.message})`
  return new GatewayError(used ? 'PORT_IN_USE' : 'INTERNAL', message, { cause, details: { host, port } })
}
