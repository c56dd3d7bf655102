/**
 * What the devices of a line ask with, where the line has more than one plain connection: it spreads reads over as many
 * connections, with as many requests at once, as the line is found to bear (`line-limits.ts`), and with `release` it closes
 * them while nobody asks. Writes stay on one connection, in order, and are never sent twice.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import type { TraceTap } from '../../core/driver.ts'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { ModbusException, type DeviceIdentification, type ModbusClient } from '../../protocols/modbus/index.ts'
import { TracedClient, type LineClient } from './line-client.ts'
import type { LineLimits, LineLoad } from './line-limits.ts'

export interface SharedClientSetup {
  /** Opens one more connection. */
  readonly dial: (signal: AbortSignal) => Promise<ModbusClient>
  readonly limits: LineLimits
  /** Close the connections while nobody asks. */
  readonly release: boolean
  readonly clock: Clock
  /** Hears how many requests may be under way at once from now on. */
  readonly onLimit: (total: number) => void
}

interface Connection {
  readonly client: ModbusClient
  inFlight: number
  /** Something was answered on it: some devices accept a connection and never listen to it. */
  isProven: boolean
}

/** How long nobody asks until the connection is released: requests of one poll follow each other at once. */
const LINGER_MS = 100
const LINGER_MAX_MS = 5000
/** A pause that ended sooner than this was not worth it: the next request was due soon. */
const WORTH_MS = 250

/** A connection that is lost while the others stay so long was one too many; all lost together, the device is gone. */
const VERDICT_MS = 500

const BUSY = 0x06
/** Functions that read and change nothing: safe to ask again on another connection. */
const READS: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43])

export class SharedClient implements LineClient {
  readonly #setup: SharedClientSetup
  readonly #connections: Connection[] = []
  readonly #ending = new AbortController()
  #closeReason: Error | undefined
  #inFlight = 0
  #opening: Promise<Connection> | undefined
  #isAdding = false
  /** Pending: whether a connection that was lost was one too many. */
  #verdict: Timer | undefined
  #applied: LineLoad | undefined
  #appliedTo = 0
  #idleSince = 0
  #idleTimer: Timer | undefined
  #restedAt = 0
  #lingerMs = LINGER_MS

  constructor(setup: SharedClientSetup, first: ModbusClient) {
    this.#setup = setup
    this.#add(first)
    this.#apply()
    if (setup.release) this.#idle()
  }

  get closed(): boolean {
    return this.#closeReason !== undefined
  }

  get closeReason(): Error | undefined {
    return this.#closeReason
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
    const isRead = READS.has(pdu[0]!)
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
    this.#end(new NotConnectedError('the connection was closed on this side'))
  }

  async #ask<T>(
    unit: number,
    isRead: boolean,
    signal: AbortSignal | undefined,
    work: (client: ModbusClient) => Promise<T>,
  ): Promise<T> {
    /** Left this read unanswered, and has answered nothing yet. */
    let suspect: Connection | undefined
    for (;;) {
      const connection = this.#pick(isRead, suspect) ?? (await whileWanted(this.#reopen(), signal))
      const begun = this.#setup.clock.monotonic()
      const inFlight = ++this.#inFlight
      connection.inFlight++
      try {
        const result = await work(connection.client)
        this.#setup.limits.answered(unit, begun, inFlight)
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
        if (!mayRepeat || this.#connections.length === 0) throw error
      } finally {
        connection.inFlight--
        this.#inFlight--
        this.#apply()
        if (this.#setup.release && this.#inFlight === 0) this.#idle()
      }
    }
  }

  #learn(error: unknown, unit: number, begun: number, inFlight: number): void {
    const { limits } = this.#setup
    if (error instanceof ModbusException) {
      if (error.exceptionCode === BUSY) limits.overloaded(begun, inFlight)
      else limits.answered(unit, begun, inFlight)
    } else if (error instanceof GatewayError) {
      if (error.code === 'TIMEOUT') limits.unanswered(unit, begun, inFlight)
      else if (error.code === 'PROTOCOL_VIOLATION') limits.overloaded(begun, inFlight)
    }
  }

  /** Writes go to the oldest connection, reads to the least busy, one at a time to those that are not proven. Undefined while all are released. */
  #pick(isRead: boolean, suspect: Connection | undefined): Connection | undefined {
    if (this.#closeReason !== undefined) throw this.#closeReason
    let best = this.#connections[0]
    if (!isRead || best === undefined) return best
    for (const connection of this.#connections) {
      const isFree = connection.isProven || (connection.inFlight === 0 && suspect === undefined)
      if (isFree && connection.inFlight < best.inFlight) best = connection
    }
    return best
  }

  /** No answer on a connection on which nothing was answered yet, while another works: the read is asked again there. */
  #mayBeMute(connection: Connection, error: unknown): boolean {
    if (!(error instanceof GatewayError) || error.code !== 'TIMEOUT' || connection.isProven) return false
    const [oldest] = this.#connections
    return oldest !== undefined && oldest !== connection && oldest.isProven
  }

  /** An answer came on this connection. What was asked in vain on `suspect` before: it is one too many. */
  #proven(connection: Connection, suspect: Connection | undefined): void {
    connection.isProven = true
    const at = suspect === undefined || suspect.isProven ? -1 : this.#connections.indexOf(suspect)
    if (at < 0) return
    this.#connections.splice(at, 1)
    this.#setup.limits.crowded(this.#connections.length)
    suspect!.client.close()
  }

  #add(client: ModbusClient): Connection {
    const connection: Connection = { client, inFlight: 0, isProven: false }
    this.#connections.push(connection)
    client.maxInFlight = this.#setup.limits.load.inFlight
    client.onClose((reason) => this.#lost(connection, reason))
    return connection
  }

  #lost(connection: Connection, reason: Error): void {
    const at = this.#connections.indexOf(connection)
    if (at < 0) return
    this.#connections.splice(at, 1)
    if (this.#connections.length > 0) return this.#lostOne(this.#connections.length)
    // Between the polls it does not matter who closes it.
    if (this.#setup.release && this.#inFlight === 0) return void (this.#restedAt = this.#setup.clock.monotonic())
    this.#setup.limits.reset(this.#inFlight)
    this.#end(reason)
  }

  #lostOne(open: number): void {
    this.#verdict ??= this.#setup.clock.after(VERDICT_MS, () => {
      this.#verdict = undefined
      if (this.closed) return
      this.#setup.limits.crowded(open)
      this.#apply()
    })
    this.#apply()
  }

  /** Follows what the line is found to bear: requests at once, connections more or fewer. */
  #apply(): void {
    const { load } = this.#setup.limits
    const open = this.#connections.length
    if (this.closed || open === 0 || (load === this.#applied && open === this.#appliedTo && open <= load.connections))
      return
    this.#applied = load
    this.#appliedTo = open
    for (const { client } of this.#connections) client.maxInFlight = load.inFlight
    this.#setup.onLimit(load.inFlight * Math.min(open, load.connections))
    if (open > load.connections) this.#drop()
    else if (open < load.connections && !this.#isAdding && this.#verdict === undefined) void this.#addOne()
  }

  /** Closes the youngest connection, once nobody waits for it. */
  #drop(): void {
    const youngest = this.#connections.at(-1)!
    if (youngest.inFlight > 0) return
    this.#connections.pop()
    youngest.client.close()
  }

  async #addOne(): Promise<void> {
    this.#isAdding = true
    try {
      const client = await this.#setup.dial(this.#ending.signal)
      if (this.closed || this.#connections.length === 0) client.close()
      else this.#add(client)
    } catch {
      // Expected of devices that take one connection only; the others go on.
      if (!this.closed && this.#connections.length > 0) this.#setup.limits.crowded(this.#connections.length)
    } finally {
      this.#isAdding = false
      this.#apply()
    }
  }

  /** One dial for all who ask after a pause. */
  #reopen(): Promise<Connection> {
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #open(): Promise<Connection> {
    const gapMs = this.#setup.clock.monotonic() - this.#restedAt
    this.#lingerMs = gapMs < WORTH_MS ? Math.min(LINGER_MAX_MS, this.#lingerMs * 2) : LINGER_MS
    try {
      const client = await this.#setup.dial(this.#ending.signal)
      if (this.#closeReason !== undefined) {
        client.close()
        throw this.#closeReason
      }
      const connection = this.#add(client)
      this.#apply()
      this.#idle()
      return connection
    } catch (error) {
      this.#end(error instanceof Error ? error : new NotConnectedError('the connection failed'))
      throw error
    }
  }

  /** Nobody asks: from now on the pause counts after which the connections are released. */
  #idle(): void {
    this.#idleSince = this.#setup.clock.monotonic()
    this.#idleTimer ??= this.#setup.clock.after(this.#lingerMs, () => this.#rest())
  }

  #rest(): void {
    this.#idleTimer = undefined
    if (this.closed || this.#inFlight > 0) return
    const now = this.#setup.clock.monotonic()
    const left = this.#idleSince + this.#lingerMs - now
    if (left > 0) {
      this.#idleTimer = this.#setup.clock.after(left, () => this.#rest())
      return
    }
    this.#restedAt = now
    for (const { client } of this.#connections.splice(0)) client.close()
  }

  #end(reason: Error): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#idleTimer?.cancel()
    this.#verdict?.cancel()
    this.#ending.abort(reason)
    for (const { client } of this.#connections.splice(0)) client.close()
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
