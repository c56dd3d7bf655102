/** Where other gateways connect: TCP, and TLS on top of it with a certificate asked of everybody. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { GatewayError } from '../core/errors.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import { servedTls } from '../wire/certificates/served-tls.ts'
import { ServedCertificate, type RenewalContext, type ServedMaterial } from '../wire/certificates/served.ts'
import { Strangers } from './strangers.ts'

const TLS_NAMES = { at: 'receive.tls', cert: 'cert', key: 'key', ca: 'ca' }
const TLS_SETTINGS = servedTls()
const HANDSHAKE_MS = 10_000
const KEEP_ALIVE_MS = 30_000
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS } as const

export interface Listener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Resolves when it listens. `serve` gets every connection, with the client's address, and says when it has let the client in; of an
 * encrypted one it must look at the certificate before anything else. Of more than `maxStrangers` that were not let in some are closed.
 */
export async function listen(
  { listen: { host, port }, tls }: Pick<ReceiveConfig, 'listen' | 'tls'>,
  maxStrangers: number,
  context: Pick<RenewalContext, 'clock' | 'log'>,
  serve: (stream: Duplex, from: string, letIn: () => void) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>()
  const strangers = new Strangers(maxStrangers)
  const onSocket = (socket: Socket) => {
    const from = `${socket.remoteAddress}:${socket.remotePort}`
    serve(socket, from, () => strangers.letIn(from))
  }
  const files = tls === undefined ? undefined : await ServedCertificate.open(tls, TLS_NAMES)
  const secured = files && createSecure(files.material, onSocket)
  const server = secured ?? createServer(SOCKET)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    strangers.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (secured === undefined) onSocket(socket)
  })
  const bound = await listening(server, port, host)
  const renewal = secured && files?.renew(secured, { ...context, settings: TLS_SETTINGS })
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        renewal?.cancel()
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function createSecure(material: ServedMaterial, onSocket: (socket: Socket) => void): TlsServer {
  // A certificate that is not in order is refused by us, in words that its owner gets to read; OpenSSL would only hang up.
  const ask = { requestCert: true, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS }
  const server = createTlsServer({ ...TLS_SETTINGS, ...material, ...ask, ...SOCKET })
  server.on('secureConnection', onSocket)
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const used = cause.code === 'EADDRINUSE'
      const message = `receive.listen: ${used ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port} (${cause.message})`}`
      reject(new GatewayError(used ? 'PORT_IN_USE' : 'CONFIG_INVALID', message, { cause }))
    })
    server.listen(port, host, () => {
      // What goes wrong with one connection from now on concerns no other.
      server.on('error', () => undefined)
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? address.port : port)
    })
  })
}
