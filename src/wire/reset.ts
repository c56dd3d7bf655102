/**
 * Ends a TCP connection at once and for good (RST, RFC 9293, 3.5.3): what the far side has not got yet is dropped. A connection that
 * is merely closed leaves that to the kernel, which goes on sending it for minutes, until the cable is back.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** Encrypted stream → the socket that carries it. */
const carriers = new WeakMap<Duplex, Socket>()

/** Remembers what carries an encrypted stream. */
export function carriedBy(stream: Duplex, socket: Socket): void {
  carriers.set(stream, socket)
}

/** Is there a kernel that keeps what was written and sends it later? Not with datagrams, serial ports and streams in memory. */
export const mayBeReset = (stream: Duplex): boolean => socketOf(stream) !== undefined

/** Destroys the stream, with a reset where it travels by TCP. */
export function reset(stream: Duplex): void {
  const socket = socketOf(stream)
  if (socket === undefined || socket.destroyed) return void stream.destroy()
  // libuv does not reset what is being shut down, and Node then leaves it open for ever (EINVAL); all bytes are the kernel's by then.
  if (isShuttingDown(stream)) return void stream.once('finish', () => resetNow(stream, socket))
  resetNow(stream, socket)
}

function resetNow(stream: Duplex, socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy()
  if (stream === socket) return
  // An encrypted stream ends by what carries it. Destroyed in the same turn, with a write on its way, it takes Node 26 down (SIGSEGV).
  stream.on('error', () => undefined)
  setImmediate(() => stream.destroy())
}

const isShuttingDown = (stream: Duplex): boolean =>
  stream.writableEnded && !stream.writableFinished && stream.writableLength === 0 && !stream.destroyed

function socketOf(stream: Duplex): Socket | undefined {
  const carrier = carriers.get(stream)
  if (carrier !== undefined) return carrier
  return stream instanceof Socket && !(stream instanceof TLSSocket) ? stream : undefined
}
