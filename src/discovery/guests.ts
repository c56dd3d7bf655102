/**
 * Devices that nobody has configured yet, visited for somebody who is about to: the driver that would poll them, over a connection of its
 * own that stays for a few seconds, so that walking through an address space costs one session and not one a click. Nothing is kept of
 * them: no learned profile, no samples, no figures, and no certificate is trusted by a visit.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { Context, Driver, DriverType, LineAccess, TracedExchange } from '../core/driver.ts'
import { BusyError, GatewayError, isAbort, NotConnectedError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'

/** A device as it would be configured. */
export interface Guest {
  /** Who visits: nobody gets the connection of somebody else. */
  readonly visitor: string
  readonly type: DriverType
  /** Parsed by the type's own schema, and by `trialOptions`. */
  readonly options: unknown
}

/** What a visit may do. */
export interface Visit {
  readonly driver: Driver<unknown>
  readonly access: LineAccess
  /** Collects what goes over the wire until the end of `work`. */
  traced<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly exchanges: readonly TracedExchange[] }>
}

export interface VisitOptions {
  /** The driver reaches the device by itself, or not at all. */
  readonly offline?: boolean | undefined
  /** Before a connection is made; what it throws keeps it from being made. */
  beforeConnect?(): Promise<void>
}

export interface GuestContext extends Pick<Context, 'dial' | 'resolve' | 'certificates'> {
  readonly clock: Clock
}

const NAME = 'guest'
/** Connections at once; each has been asked for by somebody who waits. */
const MOST_GUESTS = 6
/** A device may bear one connection only: it is given back before the next person wants it. */
const IDLE_MS = 10_000
const RETRY_MS = 2000
/** What was given up ends within this time. */
const HANGS_MS = 1000
/** Of one visit. */
const MOST_EXCHANGES = 2000

/** Options for a device that is tried: whatever they say, no certificate is trusted because somebody had a look. */
export const trialOptions = <Options>(options: Options): Options =>
  typeof options === 'object' && options !== null && 'trustOnFirstUse' in options
    ? { ...options, trustOnFirstUse: false }
    : options

export class Guests {
  readonly #context: GuestContext
  readonly #stays = new Map<string, Stay>()

  constructor(context: GuestContext) {
    this.#context = context
  }

  /** Runs `work` with a driver that is connected to the device. Rejects as it does, or as `connect`; BUSY where too many are visited. */
  async visit<T>(
    guest: Guest,
    signal: AbortSignal,
    work: (visit: Visit) => Promise<T>,
    { offline = false, beforeConnect }: VisitOptions = {},
  ): Promise<T> {
    const stay = await this.#stayOf(guest)
    stay.enter()
    let hasEnded = false
    try {
      const run = async () => {
        if (!stay.isKnown) await beforeConnect?.()
        stay.isKnown = true
        if (!offline) await stay.connect(signal)
        return work(stay)
      }
      return await until(
        run().finally(() => (hasEnded = true)),
        signal,
      )
    } catch (error) {
      if (error instanceof NotConnectedError || !stay.isConnected) await this.#end(stay)
      // Somebody looked elsewhere: the connection is good for what comes next, unless it hangs.
      else if (signal.aborted) this.#context.clock.after(HANGS_MS, () => void (hasEnded || this.#end(stay)))
      throw error
    } finally {
      stay.leave(() => void this.#end(stay))
    }
  }

  /** Ends the connections that nobody uses at this moment, and those of `all`: a device that is configured now has its line to itself. */
  async close(all = true): Promise<void> {
    const ending = [...this.#stays.values()].filter((stay) => all || stay.users === 0)
    await Promise.all(ending.map((stay) => this.#end(stay)))
  }

  async #stayOf(guest: Guest): Promise<Stay> {
    const { visitor, type, options } = guest
    const key = JSON.stringify([visitor, type.name, options])
    const known = this.#stays.get(key)
    if (known !== undefined) return known
    const line = type.line(options as never)
    const idle = [...this.#stays.values()].filter(({ users }) => users === 0)
    const leaving = idle.filter((stay) => stay.line === line)
    if (this.#stays.size - leaving.length >= MOST_GUESTS)
      leaving.push(...idle.filter((one) => one.line !== line).slice(0, 1))
    await Promise.all(leaving.map((stay) => this.#end(stay)))
    if (this.#stays.size >= MOST_GUESTS)
      throw new BusyError(`${this.#stays.size} devices that are not configured are looked at already`, RETRY_MS)
    // Somebody may have come for the same meanwhile.
    const stay = this.#stays.get(key) ?? new Stay(key, line, guest, this.#context)
    this.#stays.set(key, stay)
    return stay
  }

  async #end(stay: Stay): Promise<void> {
    if (this.#stays.get(stay.key) === stay) this.#stays.delete(stay.key)
    await stay.close()
  }
}

/** One driver with its connection. */
class Stay implements Visit {
  readonly key: string
  readonly line: string
  readonly driver: Driver<unknown>
  readonly access: LineAccess
  isConnected = false
  /** That it is visited is on record. */
  isKnown = false
  users = 0
  readonly #clock: Clock
  #connecting: Promise<void> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #idle: Timer | undefined
  readonly #traces = new Set<TracedExchange[]>()

  constructor(key: string, line: string, { type, options }: Guest, context: GuestContext) {
    this.key = key
    this.line = line
    this.#clock = context.clock
    this.driver = type.create(options as never, this.#contextOf(context))
    const isConnected = (): boolean => this.isConnected
    this.access = {
      get connected() {
        return isConnected()
      },
      run: (work, _priority, signal) => this.#inTurn(() => work(signal), signal),
    }
  }

  enter(): void {
    this.users++
    this.#idle?.cancel()
  }

  leave(onIdle: () => void): void {
    this.users--
    if (this.users === 0) this.#idle = this.#clock.after(IDLE_MS, onIdle)
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#connecting ??= this.driver.connect(signal).then(() => void (this.isConnected = true))
    try {
      await this.#connecting
    } catch (error) {
      // By somebody else who waited for the same.
      if (!isAbort(error) || signal.aborted) throw error
      throw new NotConnectedError('the attempt to connect was given up', { cause: error })
    }
  }

  async traced<T>(work: () => Promise<T>) {
    const exchanges: TracedExchange[] = []
    this.#traces.add(exchanges)
    try {
      return { result: await work(), exchanges }
    } finally {
      this.#traces.delete(exchanges)
    }
  }

  async close(): Promise<void> {
    this.isConnected = false
    this.#idle?.cancel()
    await this.driver.close().catch(() => undefined)
  }

  /** One request at a time: a line of its own has nothing to arbitrate. */
  #inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#turn.then(() => {
      signal.throwIfAborted()
      return work()
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #contextOf({ clock, dial, resolve, certificates }: GuestContext): Context {
    const shared: { thing?: unknown; all?: unknown } = {}
    const exchange = (one: TracedExchange): void => {
      for (const exchanges of this.#traces) if (exchanges.length < MOST_EXCHANGES) exchanges.push(one)
    }
    const isTraced = (): boolean => this.#traces.size > 0
    return {
      name: NAME,
      log: silentLog,
      clock,
      dial,
      resolve,
      certificates,
      trace: {
        get active() {
          return isTraced()
        },
        exchange,
      },
      share: <Thing>(create: () => Thing) => (shared.thing ??= create()) as Thing,
      shareAll: <Thing>(create: () => Thing) => (shared.all ??= create()) as Thing,
    }
  }
}

/** Ends with the signal, whatever the work does. */
async function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>()
  const onAbort = (): void => over.reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, over.promise])
  } catch (error) {
    if (signal.aborted && (isAbort(error) || error === signal.reason))
      throw new GatewayError('TIMEOUT', 'the device did not do it in the time that there was', { cause: error })
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}
