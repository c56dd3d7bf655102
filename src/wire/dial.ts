/**
 * Opens a connection of any kind (TCP, TLS, UDP, serial port), or says in one plain sentence why not. A system error code and
 * the far side's name are in `details`. On TCP Nagle's algorithm is off: requests are small and are waited for.
 */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Endpoint, TcpEndpoint } from '../core/driver.ts'
import { connectError } from './connect-error.ts'
import { dialSerial } from './serial.ts'
import { Tap } from './tap.ts'
import { readTlsFiles, secure } from './tls.ts'
import { dialUdp } from './udp.ts'

/**
 * Rejects with NotConnectedError, with CONFIG_INVALID for files of certificates that are of no use, or with the signal's
 * reason. The stream is the caller's to destroy.
 */
export async function dial(endpoint: Endpoint, signal?: AbortSignal): Promise<Duplex> {
  if (endpoint.transport === 'udp') return dialUdp(endpoint, signal)
  if (endpoint.transport === 'serial') return dialSerial(endpoint, signal)
  if (endpoint.tls === undefined) return dialTcp(endpoint, signal)
  const files = await readTlsFiles(endpoint.tls)
  return secure(await dialTcp(endpoint, signal), endpoint, endpoint.tls, files, signal)
}

function dialTcp(target: TcpEndpoint, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const tap = target.direct === true && target.tls === undefined ? new Tap() : undefined
    const { host, port } = target
    const options = { host, port, noDelay: true, keepAlive: true, ...(tap === undefined ? {} : { onread: tap.onread }) }
    const socket = tap === undefined ? connect(options) : Object.assign(connect(options), { tap })
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
