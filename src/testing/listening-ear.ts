/**
 * A far side that ends TLS with a certificate of the test's choosing and says nothing: what counts is whether a client sends it
 * anything. A client that distrusts the certificate sends not a byte, be it a password or a value.
 */
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { KeyPair } from './certificates.ts'
import type { Cleanup } from './peers.ts'

export interface ListeningEar {
  readonly port: number
  /** Bytes that came inside TLS. */
  heard(): number
  /** Bytes that came outside it, before. */
  plain(): number
}

/** How a protocol gets to TLS: at once, after the client's request (PostgreSQL), after a greeting (NATS). */
export type Opening = 'tls' | 'postgres' | 'nats'

/** PostgreSQL, 55.2.11: the client's SSLRequest has 8 bytes, and S means yes. */
const SSL_REQUEST_BYTES = 8

export async function startEar(t: Cleanup, { cert, key }: KeyPair, opening: Opening): Promise<ListeningEar> {
  const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' })
  const sockets = new Set<Socket>()
  let heard = 0
  let plain = 0
  const secure = (raw: Socket) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext })
    socket.on('error', () => raw.destroy())
    socket.on('data', (chunk: Buffer) => (heard += chunk.length))
  }
  const server = createServer((raw) => {
    sockets.add(raw)
    raw.on('error', () => undefined)
    raw.once('close', () => sockets.delete(raw))
    if (opening === 'tls') return secure(raw)
    if (opening === 'postgres') {
      raw.once('data', (chunk: Buffer) => {
        plain += chunk.length - SSL_REQUEST_BYTES
        raw.pause()
        raw.write('S', () => secure(raw))
      })
      return
    }
    const { port } = server.address() as AddressInfo
    raw.write(
      `INFO ${JSON.stringify({ server_id: 'ear', version: '2.10.0', proto: 1, host: '127.0.0.1', port, max_payload: 1_048_576, headers: true, tls_required: true })}\r\n`,
      () => secure(raw),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, heard: () => heard, plain: () => plain }
}
