/**
 * Opens a TCP connection, or says in one plain sentence why not. Nagle's algorithm is off: requests are small and are
 * waited for. A system error code and the far side's name are in `details`.
 */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Endpoint, TcpEndpoint } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'

/** Rejects with NotConnectedError, or with the signal's reason. The stream is the caller's to destroy. */
export async function dial(endpoint: Endpoint, signal?: AbortSignal): Promise<Duplex> {
  if (endpoint.transport === undefined || endpoint.transport === 'tcp') return dialTcp(endpoint, signal)
  throw new NotConnectedError(`${endpoint.transport} connections cannot be made`)
}

function dialTcp(target: TcpEndpoint, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const socket = connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true })
    const fail = (error: unknown) => {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal?.reason)
    const onError = (error: NodeJS.ErrnoException) => fail(connectError(target, error))
    const onTimeout = () => fail(connectError(target, { code: 'ETIMEDOUT' }))
    const onConnect = () => {
      finish()
      resolve(socket)
    }
    const finish = () => {
      socket.setTimeout(0)
      socket.off('timeout', onTimeout)
      socket.off('error', onError)
      socket.off('connect', onConnect)
      signal?.removeEventListener('abort', onAbort)
    }
    // The socket's own idle timer: before the connection stands, nothing else re-arms it.
    socket.setTimeout(target.connectTimeoutMs)
    socket.once('timeout', onTimeout)
    socket.once('error', onError)
    socket.once('connect', onConnect)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refused the connection; nothing listens on this port',
  ECONNRESET: 'closed the connection at once',
  EHOSTUNREACH: 'cannot be reached; no route, or the device is off',
  ENETUNREACH: 'cannot be reached; there is no route to its network',
  EHOSTDOWN: 'is down',
  ENOTFOUND: 'has a name that is not known',
  EAI_AGAIN: 'has a name that could not be looked up; the name server does not answer',
  EACCES: 'may not be connected to from here',
  EPERM: 'may not be connected to from here',
  EMFILE: 'was not tried: this process has too many open files',
}

/** The sentence for a system error; also for errors of sockets that were connected before. */
function connectError(target: TcpEndpoint, error: { code?: string | undefined; message?: string }): NotConnectedError {
  const endpoint = `${target.host}:${target.port}`
  const code = error.code ?? 'UNKNOWN'
  const reason =
    code === 'ETIMEDOUT'
      ? `did not answer within ${target.connectTimeoutMs} ms`
      : (REASONS[code] ?? `cannot be connected (${error.message ?? code})`)
  return new NotConnectedError(`${endpoint} ${reason}`, { details: { endpoint, reason: code }, cause: error })
}
