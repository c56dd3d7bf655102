/**
 * What the devices of a line ask with, where the line has more than one plain connection: it spreads reads over the connections that
 * there are (`shared-connections.ts`) and tells `line-limits.ts` what came of them. Writes stay on one connection, in order, and are
 * never sent twice.
 */
import type { Clock } from '../../core/clock.ts'
import type { TraceTap } from '../../core/driver.ts'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import {
  AbandonedWriteError,
  ModbusException,
  READ_FUNCTIONS,
  type DeviceIdentification,
  type ModbusClient,
} from '../../protocols/modbus/index.ts'
import { TracedClient, type LineClient } from './line-client.ts'
import type { LineLimits } from './line-limits.ts'
import { SharedConnections, type SharedConnection, type SharedConnectionsSetup } from './shared-connections.ts'

const BUSY = 0x06

/** The connections of a line as one client. */
export class SharedClient implements LineClient {
  readonly #limits: LineLimits
  readonly #clock: Clock
  readonly #connections: SharedConnections

  /** `first` is open; without it the first request opens one. */
  constructor(setup: SharedConnectionsSetup, first?: ModbusClient) {
    this.#limits = setup.limits
    this.#clock = setup.clock
    this.#connections = new SharedConnections(setup, first)
  }

  get closed(): boolean {
    return this.closeReason !== undefined
  }

  get closeReason(): Error | undefined {
    return this.#connections.closeReason
  }

  tracedBy(trace: TraceTap | undefined): LineClient {
    return trace === undefined ? this : new TracedClient(this, trace)
  }

  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs?: number,
    trace?: TraceTap,
  ): Promise<Uint8Array> {
    const isRead = READ_FUNCTIONS.has(pdu[0]!)
    return this.#ask(unit, isRead, signal, (client) => client.request(unit, pdu, signal, timeoutMs, trace))
  }

  readDeviceIdentification(
    unit: number,
    level?: 1 | 2 | 3 | 4,
    objectId?: number,
    signal?: AbortSignal,
    trace?: TraceTap,
  ): Promise<DeviceIdentification> {
    return this.#ask(unit, true, signal, (client) =>
      client.tracedBy(trace).readDeviceIdentification(unit, level, objectId, signal),
    )
  }

  close(): void {
    this.#connections.end(new NotConnectedError('the connection was closed on this side'))
  }

  async #ask<T>(
    unit: number,
    isRead: boolean,
    signal: AbortSignal | undefined,
    work: (client: ModbusClient) => Promise<T>,
  ): Promise<T> {
    /** Left this read unanswered, and has answered nothing yet. */
    let suspect: SharedConnection | undefined
    for (;;) {
      const connection = this.#pick(isRead, suspect) ?? (await whileWanted(this.#connections.reopen(), signal))
      const begun = this.#clock.monotonic()
      const inFlight = this.#connections.begin(connection)
      try {
        const result = await work(connection.client)
        this.#limits.answered(unit, begun, inFlight)
        this.#proven(connection, suspect)
        return result
      } catch (error) {
        if (isRead && suspect === undefined && this.#mayBeMute(connection, error) && signal?.aborted !== true) {
          suspect = connection
          continue
        }
        this.#learn(error, unit, begun, inFlight)
        if (error instanceof ModbusException) this.#proven(connection, suspect)
        const mayRepeat = isRead && error instanceof NotConnectedError && signal?.aborted !== true
        if (!mayRepeat) throw error
        if (this.#connections.open.length === 0 && !(error instanceof AbandonedWriteError)) throw error
      } finally {
        this.#connections.done(connection)
      }
    }
  }

  #learn(error: unknown, unit: number, begun: number, inFlight: number): void {
    const limits = this.#limits
    if (error instanceof ModbusException) {
      if (error.exceptionCode === BUSY) limits.overloaded(begun, inFlight)
      else limits.answered(unit, begun, inFlight)
    } else if (error instanceof GatewayError) {
      if (error.code === 'TIMEOUT') limits.unanswered(unit, begun, inFlight)
      else if (error.code === 'PROTOCOL_VIOLATION') limits.overloaded(begun, inFlight)
    }
  }

  /** Writes go to the oldest connection, reads to the least busy, one at a time to those that are not proven. Undefined while all are released. */
  #pick(isRead: boolean, suspect: SharedConnection | undefined): SharedConnection | undefined {
    const { closeReason, open } = this.#connections
    if (closeReason !== undefined) throw closeReason
    let best = open[0]
    if (!isRead || best === undefined) return best
    for (const connection of open) {
      const isFree = connection.isProven || (connection.inFlight === 0 && suspect === undefined)
      if (isFree && connection.inFlight < best.inFlight) best = connection
    }
    return best
  }

  /** No answer on a connection on which nothing was answered yet, while another works: the read is asked again there. */
  #mayBeMute(connection: SharedConnection, error: unknown): boolean {
    if (!(error instanceof GatewayError) || error.code !== 'TIMEOUT' || connection.isProven) return false
    const [oldest] = this.#connections.open
    return oldest !== undefined && oldest !== connection && oldest.isProven
  }

  /** An answer came on this connection. What was asked in vain on `suspect` before: it is one too many. */
  #proven(connection: SharedConnection, suspect: SharedConnection | undefined): void {
    connection.isProven = true
    if (suspect?.isProven === false) this.#connections.discard(suspect)
  }
}

/** The result, or the signal's reason as soon as nobody wants it any more. */
function whileWanted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
