/**
 * A connected UDP socket as a stream of datagrams: every write is one, every chunk read is one. "Connected" means that only the
 * far side's datagrams come in, and that a port where nothing listens is told (ICMP, as ECONNREFUSED): the stream breaks then.
 */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { Duplex } from 'node:stream'
import type { UdpEndpoint } from '../core/driver.ts'
import { connectError } from './connect-error.ts'
import type { Reach } from './reach.ts'

/** Datagrams that nobody has taken yet; more are dropped, as the network would. */
const MAX_WAITING = 1024

/** Rejects with NotConnectedError when the name is not known, or with the signal's reason. Nothing is sent. */
export async function dialUdp(target: UdpEndpoint, signal?: AbortSignal, reach?: Reach): Promise<Duplex> {
  signal?.throwIfAborted()
  const { address, family } = await addressOf(target, signal, reach)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await connected(socket, target, address)
    signal?.throwIfAborted()
  } catch (error) {
    socket.close()
    throw error
  }
  return new DatagramStream(socket, target)
}

async function addressOf(
  target: UdpEndpoint,
  signal?: AbortSignal,
  reach?: Reach,
): Promise<{ address: string; family: number }> {
  const timeout = AbortSignal.timeout(target.connectTimeoutMs)
  const over = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  try {
    return await Promise.race([reach?.resolve(target.host, target.port) ?? lookup(target.host), rejection(over)])
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw connectError(target, timeout.aborted ? { code: 'ETIMEDOUT' } : (error as NodeJS.ErrnoException))
  }
}

const rejection = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

function connected(socket: Socket, target: UdpEndpoint, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Node hands a failure (no route, an address that may not be used) to this callback, though its types know of none.
    const done = (error?: NodeJS.ErrnoException) =>
      error instanceof Error ? reject(connectError(target, error)) : resolve()
    socket.connect(target.port, address, done)
  })
}

class DatagramStream extends Duplex {
  readonly #socket: Socket
  readonly #target: UdpEndpoint
  /** Payloads, as sockets of TCP count them. */
  bytesRead = 0
  bytesWritten = 0

  constructor(socket: Socket, target: UdpEndpoint) {
    // Objects, so that no two datagrams are ever joined.
    super({ objectMode: true })
    this.#socket = socket
    this.#target = target
    socket.on('error', (error: NodeJS.ErrnoException) => this.#broken(error))
    socket.on('message', (bytes) => {
      this.bytesRead += bytes.length
      if (this.readableLength < MAX_WAITING) this.push(bytes)
    })
  }

  override _read(): void {
    // The socket gives datagrams as they come.
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.bytesWritten += bytes.length
    this.#socket.send(bytes, (error) => {
      if (error !== null) this.#broken(error)
      done()
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.removeAllListeners('message')
    this.#socket.close(() => done(error))
  }

  #broken(error: NodeJS.ErrnoException): void {
    if (!this.destroyed) this.destroy(connectError(this.#target, error))
  }
}
