/**
 * Opens a connection of any kind (TCP, TLS, UDP, serial port), or says in one plain sentence why not. A system error code and
 * the far side's name are in `details`. On TCP Nagle's algorithm is off: requests are small and are waited for.
 */
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Endpoint, TcpEndpoint } from '../core/driver.ts'
import { connectError } from './connect-error.ts'
import { ReachError, type Reach } from './reach.ts'
import { dialSerial } from './serial.ts'
import { Tap } from './tap.ts'
import { readTlsFiles, secure } from './tls.ts'
import { dialUdp } from './udp.ts'

/**
 * Rejects with NotConnectedError, with CONFIG_INVALID for files of certificates that are of no use, or with the signal's
 * reason. The stream is the caller's to destroy.
 */
export const dial = (endpoint: Endpoint, signal?: AbortSignal, onStage?: OnStage): Promise<Duplex> =>
  open(endpoint, signal, undefined, onStage)

/** Hears how far it is: the name is looked up, the connection stands. */
export type OnStage = (stage: 'tcp' | 'tls') => void

/** The same, but for addresses that may not be reached: rejects with NotConnectedError, and nothing is sent. */
export const createDial =
  (reach: Reach): typeof dial =>
  (endpoint, signal, onStage) =>
    open(endpoint, signal, reach, onStage)

/** For client libraries that connect by themselves: the address to give them for this host; rejects with NotConnectedError. */
export const createResolve =
  (reach: Reach) =>
  async (host: string, port: number): Promise<string> => {
    try {
      return (await reach.resolve(host, port)).address
    } catch (error) {
      throw connectError({ host, port, connectTimeoutMs: 0 }, error as NodeJS.ErrnoException)
    }
  }

async function open(endpoint: Endpoint, signal?: AbortSignal, reach?: Reach, onStage?: OnStage): Promise<Duplex> {
  if (endpoint.transport === 'udp') return dialUdp(endpoint, signal, reach)
  if (endpoint.transport === 'serial') return dialSerial(endpoint, signal)
  if (endpoint.tls === undefined) return dialTcp(endpoint, signal, reach, onStage)
  const files = await readTlsFiles(endpoint.tls)
  const socket = await dialTcp(endpoint, signal, reach, onStage)
  onStage?.('tls')
  return secure(socket, endpoint, endpoint.tls, files, signal)
}

function dialTcp(target: TcpEndpoint, signal?: AbortSignal, reach?: Reach, onStage?: OnStage): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const tap = target.direct === true && target.tls === undefined ? new Tap() : undefined
    const { host, port } = target
    // Node looks no address up: one that stands there is judged here.
    const refused = isIP(host) === 0 ? undefined : reach?.refusal(host, port)
    if (refused !== undefined) return reject(connectError(target, new ReachError(refused)))
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      ...(tap === undefined ? {} : { onread: tap.onread }),
      ...(reach === undefined ? {} : { lookup: reach.lookup(port) }),
    }
    const socket = tap === undefined ? connect(options) : Object.assign(connect(options), { tap })
    if (onStage !== undefined) socket.once('lookup', (error: Error | null) => error === null && onStage('tcp'))
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
