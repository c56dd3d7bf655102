/**
 * HTTPS: the certificate and its renewal, who has to show one of his own, and a plain sentence for those who speak HTTP to it. Clients
 * that resume a session do so with keys of a few hours (RFC 9325, 3.4).
 */
import { randomBytes } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { ServerOptions, Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../core/clock.ts'
import type { HttpTls } from '../config/config.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { servedTls } from '../wire/certificates/served-tls.ts'
import { ServedCertificate } from '../wire/certificates/served.ts'
import { refuseBare } from './bare-refusal.ts'

const NAMES = { at: 'http.tls', cert: 'certFile', key: 'keyFile', ca: 'clientCaFile' }
/** How long a session can be resumed at most is twice this. */
const TICKET_KEYS_MS = 6 * 3_600_000
/** RFC 8446, 5.1: content type handshake; no HTTP begins so. */
const HANDSHAKE_BYTE = 0x16

export interface SecureHttp {
  /** For the server: certificate, versions, suites, clients. */
  readonly options: ServerOptions
  readonly served: ServedCertificate
  /** Renewal, tickets and plain HTTP of a server that was made with these options; call what it returns when it closes. */
  attend(server: HttpServer, context: { clock: Clock; log: Log; onChange: () => void }): () => void
}

/** Throws CONFIG_INVALID for files that are of no use. `firstByteMs`: how long a client may take to begin. */
export async function openSecure(tls: HttpTls, firstByteMs: number): Promise<SecureHttp> {
  const files = { cert: tls.certFile, key: tls.keyFile, ca: tls.clientCaFile }
  const served = await ServedCertificate.open(files, NAMES)
  const settings = {
    ...servedTls(tls.minVersion),
    requestCert: tls.clientCertificates !== 'off',
    rejectUnauthorized: tls.clientCertificates === 'require',
    handshakeTimeout: firstByteMs,
    // Of another server's sessions with the same keys nothing is taken (RFC 8446, 4.2.11).
    sessionIdContext: randomBytes(16).toString('hex'),
    sessionTimeout: TICKET_KEYS_MS / 1000,
  }
  return {
    options: { ...settings, ...served.material },
    served,
    attend(plain, { clock, log, onChange }) {
      const server = plain as unknown as Server
      const unfinished = new Set<Socket>()
      sayHttpsTo(server, firstByteMs, unfinished)
      const timers: Timer[] = [
        served.renew(server, { clock, log, settings, onChange }),
        clock.every(TICKET_KEYS_MS, () => server.setTicketKeys(randomBytes(48))),
      ]
      return () => {
        timers.forEach((timer) => timer.cancel())
        for (const socket of unfinished) socket.destroy()
      }
    },
  }
}

/**
 * Looks at the first byte of each connection: what is no handshake is answered in plain HTTP. `unfinished` are those that did not
 * become a connection of the server yet.
 */
function sayHttpsTo(server: Server, firstByteMs: number, unfinished: Set<Socket>): void {
  const [begin] = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    unfinished.add(socket)
    socket.once('close', () => unfinished.delete(socket))
    const giveUp = (): void => void socket.destroy()
    socket.setTimeout(firstByteMs, giveUp)
    socket.once('error', giveUp)
    socket.once('data', (chunk: Buffer) => {
      socket.setTimeout(0)
      socket.off('timeout', giveUp)
      if (chunk[0] !== HANDSHAKE_BYTE) return refuseBare(socket, NOT_HERE, '')
      socket.off('error', giveUp)
      socket.pause()
      socket.unshift(chunk)
      begin!.call(server, socket)
    })
  })
}

const NOT_HERE = new GatewayError(
  'INVALID_REQUEST',
  'this address speaks HTTPS only: write https:// in place of http://',
)
