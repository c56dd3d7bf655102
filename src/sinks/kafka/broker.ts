/**
 * One connection to one broker, through the client library: login, TLS and request frames are its, and so are the codecs of all requests but
 * Produce. It is never mended; the library's producer, with its pools, retries and queues, is not used.
 */
import { isIP, type Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Connection, SASLOptions } from '@platformatic/kafka'
import type { Clock } from '../../core/clock.ts'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { endpointOf, type Target } from '../../wire/connect-error.ts'
import type { Address } from './options.ts'
import { connectionError } from './reasons.ts'

export type Library = typeof import('@platformatic/kafka')

/** How all brokers of a cluster are connected. */
export interface BrokerSettings {
  readonly library: Library
  readonly clock: Clock
  readonly clientId: string
  readonly tls: TlsOptions | undefined
  readonly sasl: SASLOptions | undefined
  readonly user: string | undefined
  readonly resolve: SinkContext['resolve']
  readonly connectTimeoutMs: number
  readonly ackTimeoutMs: number
}

/** No broker's answer to us is longer: what claims to be is no broker. */
const LONGEST_ANSWER_BYTES = 100 * 1024 * 1024

/** Versions of a request that we can make, newest first, each with the library's function for it. */
type Versions<Api> = readonly (readonly [version: number, api: Api])[]

export class Broker {
  readonly name: string
  readonly #target: Target
  readonly #connection: Connection
  readonly #settings: BrokerSettings
  #offers = new Map<number, { minVersion: number; maxVersion: number }>()
  #cause: unknown
  /** Why it ended; undefined while it stands. */
  lost: GatewayError | undefined
  /** Requests without an answer so far. */
  waiting = 0
  /** Called once when the connection ends without our doing. */
  onLost: (() => void) | undefined

  private constructor(target: Target, connection: Connection, settings: BrokerSettings) {
    this.#target = target
    this.name = endpointOf(target)
    this.#connection = connection
    this.#settings = settings
    // Without a listener an error of the connection would end the process.
    connection.on('error', (error) => (this.#cause ??= error))
  }

  /** Connects, logs in and asks what the broker can do. */
  static async open({ host, port }: Address, settings: BrokerSettings, signal: AbortSignal): Promise<Broker> {
    const { library, clock, connectTimeoutMs } = settings
    const target = { host, port, connectTimeoutMs }
    const name = endpointOf(target)
    const connection = new library.Connection(settings.clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: settings.ackTimeoutMs,
      ...(settings.tls === undefined
        ? {}
        : { tls: settings.tls, ...(isIP(host) === 0 ? { tlsServerName: host } : {}) }),
      ...(settings.sasl === undefined ? {} : { sasl: settings.sasl }),
    })
    const broker = new Broker(target, connection, settings)
    const silence = `${name} accepted the connection but did not answer as a Kafka broker within ${connectTimeoutMs} ms`
    let giveUp: (error: unknown) => void = () => undefined
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject))
    const timer = clock.after(connectTimeoutMs, () => giveUp(new NotConnectedError(silence)))
    const onAbort = () => giveUp(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      signal.throwIfAborted()
      const resolved = settings.resolve?.(host, port) ?? host
      const address = await Promise.race([resolved, givenUp])
      const connected = connection.connect(address, port) as Promise<void>
      guard(connection.socket, settings.tls === undefined ? 'connect' : 'secureConnect')
      await Promise.race([connected, givenUp])
      connection.once('close', () => broker.#ended())
      await Promise.race([broker.#ask(), givenUp])
      return broker
    } catch (error) {
      broker.destroy()
      if (signal.aborted) throw signal.reason
      throw connectionError(target, broker.#cause ?? error, settings.user)
    } finally {
      givenUp.catch(() => undefined)
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** The newest version of a request that both sides know. */
  version<Api>(key: number, name: string, versions: Versions<Api>): readonly [version: number, api: Api] {
    const offer = this.#offers.get(key)
    const found = versions.find(
      ([version]) => offer !== undefined && version >= offer.minVersion && version <= offer.maxVersion,
    )
    if (found !== undefined) return found
    throw new GatewayError('SINK_REFUSED', `${this.name} knows no version of ${name} that suits us; it is too old`)
  }

  /** Runs one request; rejects with the library's error where the broker answers with one, or with why the connection ended. */
  async request<T>(send: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.lost !== undefined) throw this.lost
    this.waiting++
    try {
      return await send(this.#connection)
    } catch (error) {
      if (error instanceof Error && 'response' in error) throw error
      throw this.#lostBecause(error)
    } finally {
      this.waiting--
    }
  }

  /** Closes without a word; Kafka knows no goodbye. */
  destroy(): void {
    this.lost ??= new NotConnectedError(`not connected to ${this.name}`)
    this.onLost = undefined
    this.#connection.close(() => undefined)
    this.#connection.socket?.destroy()
  }

  async #ask(): Promise<void> {
    const { apiKeys } = await this.#settings.library.apiVersionsV1.api.async(this.#connection, '', '')
    this.#offers = new Map(apiKeys.map((each) => [each.apiKey, each]))
  }

  #lostBecause(error: unknown): GatewayError {
    const timedOut = error instanceof Error && error.message === 'Request timed out'
    const why = timedOut
      ? new NotConnectedError(
          `${this.name} did not answer for ${this.#settings.ackTimeoutMs} ms, the connection was closed`,
        )
      : connectionError(this.#target, this.#cause ?? error, this.#settings.user, true)
    this.lost ??= why
    return why
  }

  #ended(): void {
    const told = this.lost !== undefined && this.onLost === undefined
    this.lost ??= connectionError(
      this.#target,
      this.#cause ?? new Error('Connection closed'),
      this.#settings.user,
      true,
    )
    if (!told) this.onLost?.()
    this.onLost = undefined
  }
}

/**
 * The library reads answers in the socket's own turn: nonsense that makes it throw there would end the process. It closes the connection
 * instead, and so does an answer longer than any broker's.
 */
function guard(socket: Socket, connected: 'connect' | 'secureConnect'): void {
  socket.once(connected, () => {
    const readers = socket.listeners('data') as ((chunk: Buffer) => void)[]
    socket.removeAllListeners('data')
    let first = true
    socket.on('data', (chunk: Buffer) => {
      try {
        if (first && chunk.length >= 4 && chunk[0] !== 0x15 && chunk.readUInt32BE(0) > LONGEST_ANSWER_BYTES)
          throw new NotConnectedError('does not answer as a Kafka broker; is it the right port?')
        first = false
        for (const read of readers) read(chunk)
      } catch (error) {
        socket.destroy(
          error instanceof GatewayError
            ? error
            : new NotConnectedError('does not answer as a Kafka broker; is it the right port?', { cause: error }),
        )
      }
    })
  })
}
