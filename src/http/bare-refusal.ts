/** A refusal written straight to a socket, where no request could be made of what came, or it became no HTTP exchange. */
import type { Duplex } from 'node:stream'
import type { GatewayError } from '../core/errors.ts'
import { STATUS_CODES } from '../core/node-http.ts'
import { PROBLEM_TYPE, retryAfterSeconds, toProblem } from './problem.ts'

/** Writes the problem and ends the connection; what the other side still sends is not waited for. */
export function refuseBare(socket: Duplex, error: GatewayError, instance: string, status = error.info.http): void {
  const body = JSON.stringify({ ...toProblem(error, instance), status })
  const retryAfter = retryAfterSeconds(error)
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `${retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`}Connection: close\r\n\r\n${body}`,
  )
}
