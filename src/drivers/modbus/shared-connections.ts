/**
 * The connections of a line that may have several: opened, as many as the line is found to bear (`line-limits.ts`), followed to their
 * end, and with `release` closed while nobody asks. Who asks what on which of them is the matter of `shared-client.ts`.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { AbandonedWriteError, type ModbusClient } from '../../protocols/modbus/index.ts'
import type { LineLimits, LineLoad } from './line-limits.ts'

/** What they are made with. */
export interface SharedConnectionsSetup {
  /** Opens one more connection. */
  readonly dial: (signal: AbortSignal) => Promise<ModbusClient>
  readonly limits: LineLimits
  /** Close the connections while nobody asks. */
  readonly release: boolean
  readonly clock: Clock
  /** Hears how many requests may be under way at once from now on. */
  readonly onLimit: (total: number) => void
}

/** One of them. */
export interface SharedConnection {
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

/** Begins with a connection that is open, or with none until somebody asks; who takes one for a request says `begin` and `done`. */
export class SharedConnections {
  readonly #setup: SharedConnectionsSetup
  readonly #connections: SharedConnection[] = []
  readonly #ending = new AbortController()
  #closeReason: Error | undefined
  #inFlight = 0
  #opening: Promise<SharedConnection> | undefined
  #isAdding = false
  /** Pending: whether a connection that was lost was one too many. */
  #verdict: Timer | undefined
  #applied: LineLoad | undefined
  #appliedTo = 0
  #idleSince = 0
  #idleTimer: Timer | undefined
  #restedAt = 0
  #lingerMs = LINGER_MS

  constructor(setup: SharedConnectionsSetup, first?: ModbusClient) {
    this.#setup = setup
    if (first !== undefined) this.#add(first)
    this.#apply()
    if (setup.release) this.#idle()
  }

  /** Why all of it is over; undefined while it goes on. */
  get closeReason(): Error | undefined {
    return this.#closeReason
  }

  /** The open ones, the oldest first. */
  get open(): readonly SharedConnection[] {
    return this.#connections
  }

  /** A request goes out on this connection. How many are under way now. */
  begin(connection: SharedConnection): number {
    connection.inFlight++
    return ++this.#inFlight
  }

  /** It is over, whatever came of it. */
  done(connection: SharedConnection): void {
    connection.inFlight--
    this.#inFlight--
    this.#apply()
    if (this.#setup.release && this.#inFlight === 0) this.#idle()
  }

  /** Closes one that was one too many. */
  discard(connection: SharedConnection): void {
    const at = this.#connections.indexOf(connection)
    if (at < 0) return
    this.#connections.splice(at, 1)
    this.#setup.limits.crowded(this.#connections.length)
    connection.client.close()
  }

  /** A connection after a pause: one dial for all who ask. Ends all of it when it fails. */
  reopen(): Promise<SharedConnection> {
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  /** Closes all; what is asked from now on is rejected with the reason. */
  end(reason: Error): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#idleTimer?.cancel()
    this.#verdict?.cancel()
    this.#ending.abort(reason)
    for (const { client } of this.#connections.splice(0)) client.close()
  }

  #add(client: ModbusClient): SharedConnection {
    const connection: SharedConnection = { client, inFlight: 0, isProven: false }
    this.#connections.push(connection)
    client.maxInFlight = this.#setup.limits.load.inFlight
    client.onClose((reason) => this.#lost(connection, reason))
    return connection
  }

  #lost(connection: SharedConnection, reason: Error): void {
    const at = this.#connections.indexOf(connection)
    if (at < 0) return
    this.#connections.splice(at, 1)
    // Our own doing: it says nothing of what the device bears, and the next request opens another one.
    if (reason instanceof AbandonedWriteError) return this.#apply()
    if (this.#connections.length > 0) return this.#lostOne(this.#connections.length)
    // Between the polls it does not matter who closes it.
    if (this.#setup.release && this.#inFlight === 0) return void (this.#restedAt = this.#setup.clock.monotonic())
    this.#setup.limits.reset(this.#inFlight)
    this.end(reason)
  }

  #lostOne(open: number): void {
    this.#verdict ??= this.#setup.clock.after(VERDICT_MS, () => {
      this.#verdict = undefined
      if (this.#closeReason !== undefined) return
      this.#setup.limits.crowded(open)
      this.#apply()
    })
    this.#apply()
  }

  /** Follows what the line is found to bear: requests at once, connections more or fewer. */
  #apply(): void {
    const { load } = this.#setup.limits
    const open = this.#connections.length
    if (
      this.#closeReason !== undefined ||
      open === 0 ||
      (load === this.#applied && open === this.#appliedTo && open <= load.connections)
    )
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
      if (this.#closeReason !== undefined || this.#connections.length === 0) client.close()
      else this.#add(client)
    } catch {
      // Expected of devices that take one connection only; the others go on.
      if (this.#closeReason === undefined && this.#connections.length > 0)
        this.#setup.limits.crowded(this.#connections.length)
    } finally {
      this.#isAdding = false
      this.#apply()
    }
  }

  async #open(): Promise<SharedConnection> {
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
      if (this.#setup.release) this.#idle()
      return connection
    } catch (error) {
      this.end(error instanceof Error ? error : new NotConnectedError('the connection failed'))
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
    if (this.#closeReason !== undefined || this.#inFlight > 0) return
    const now = this.#setup.clock.monotonic()
    const left = this.#idleSince + this.#lingerMs - now
    if (left > 0) {
      this.#idleTimer = this.#setup.clock.after(left, () => this.#rest())
      return
    }
    this.#restedAt = now
    for (const { client } of this.#connections.splice(0)) client.close()
  }
}
