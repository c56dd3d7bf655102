/** The listeners of a server: TCP, and TLS on top of it (Modbus/TCP Security Protocol Specification). */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { GatewayError } from '../../core/errors.ts'

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

/** A listener that hands on its connections; encrypted where `tls` is there. `onRefused`: a handshake that failed. */
export function createListener(
  tls: ServerTls | undefined,
  maxConnections: number,
  serve: (socket: Socket) => void,
  onRefused: () => void,
): Server {
  if (tls === undefined) return createServer({ noDelay: true }, serve)
  const asks = tls.requestClientCertificate === true
  const options = {
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    requestCert: asks,
    rejectUnauthorized: asks,
    // Modbus/TCP Security: TLS 1.2 or newer.
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS,
    noDelay: true,
  } as const
  const server = createTlsServer(options, serve)
  server.maxConnections = maxConnections
  server.on('drop', onRefused)
  server.on('tlsClientError', (_error, socket) => {
    onRefused()
    socket.destroy()
  })
  return server
}

/** Resolves with the port. */
export function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, port, host)))
    server.listen({ port, host, backlog: 4096 }, () => {
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
