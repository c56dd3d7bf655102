/**
 * The socket of a line, shared by all of its devices: opened by the first that connects, closed when the last has left. One
 * device that leaves or fails does not close the others' socket; a dead socket is replaced by whoever connects next. Where the
 * options allow more than one plain connection, `shared-client.ts` stands for them.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Context, TraceTap } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { AbandonedWriteError, type ModbusClient } from '../../protocols/modbus/index.ts'
import type { LineClient } from './line-client.ts'
import { LineLimits, type LineLoad } from './line-limits.ts'
import type { ModbusOptions } from './options.ts'
import { LineStrays } from './line-strays.ts'
import { LineProxies } from './proxy/line-proxies.ts'
import { SharedClient } from './shared-client.ts'
import { boundsOf, clientOn, endpointOf, farSide } from './transport.ts'
import { WriteLock } from './write-lock.ts'

/** Options of the connection, and of what it may be asked. */
const OF_THE_LINE = [
  'maxInFlight', 'maxConnections', 'release', 'tls', 'serial', 'requestPause', 'broadcastPause', 'lateReplyGuard', 'connectTimeout',
] as const // prettier-ignore

interface Dialing {
  readonly client: Promise<LineClient>
  readonly abandon: AbortController
  waiting: number
}

type Dial = (signal: AbortSignal) => Promise<ModbusClient>

export class LineConnection {
  #writes: WriteLock | undefined
  #proxies: LineProxies | undefined
  /** Who uses the line, and where each is traced. */
  readonly #users = new Map<object, TraceTap | undefined>()
  #client: LineClient | undefined
  #dialing: Dialing | undefined
  #limits: LineLimits | undefined
  #learned: LineLoad | undefined
  #learners: (() => void)[] | undefined
  /** Of the first device; what concerns the line holds for all. */
  #options: ModbusOptions | undefined
  #first = ''

  /** Writes of all devices of the line, one at a time. */
  get writes(): WriteLock {
    return (this.#writes ??= new WriteLock())
  }

  /** The proxies through which others reach its devices. */
  get proxies(): LineProxies {
    return (this.#proxies ??= new LineProxies())
  }

  /** How much the line was found to bear; undefined where nothing is to be found out. */
  get learned(): LineLoad | undefined {
    return this.#limits?.load ?? this.#learned
  }

  /** What was learned before: where to begin. Undefined: begin anew. */
  set learned(load: LineLoad | undefined) {
    this.#learned = load
    this.#limits?.restart(load)
  }

  /** Says so where a further device of the line wants it otherwise than the first, whose settings hold. */
  agree(options: ModbusOptions, { name, log }: Context): void {
    if (this.#options === undefined) {
      this.#options = options
      this.#first = name
      return
    }
    const first = this.#options
    const settings = OF_THE_LINE.filter((key) => !isDeepStrictEqual(first[key], options[key]))
    if (settings.length === 0) return
    const which = settings.join(', ')
    log.warn(
      { settings },
      `${name} shares the line ${farSide(first)} with ${this.#first}, but its ${which} differ: those of ${this.#first} hold. Give both the same.`,
    )
  }

  /** Calls `action` whenever `learned` changes. */
  onLearned(action: () => void): void {
    this.#learners = [...(this.#learners ?? []), action]
  }

  /** The line's client, connected; `user` holds it until it leaves. One dial serves all who wait for it. */
  async join(user: object, options: ModbusOptions, context: Context, signal: AbortSignal): Promise<LineClient> {
    signal.throwIfAborted()
    this.#users.set(user, context.trace)
    if (this.#client !== undefined && !this.#client.closed) return this.#client
    const dialing = (this.#dialing ??= this.#dial(this.#options ?? options, context))
    const closedMeanwhile = (cause?: unknown) =>
      new NotConnectedError(`${context.name} was closed while it connected`, { cause })
    try {
      const client = await this.#wait(dialing, signal)
      if (!this.#users.has(user)) throw closedMeanwhile()
      return client
    } catch (error) {
      this.#users.delete(user)
      throw dialing.abandon.signal.aborted && !signal.aborted ? closedMeanwhile(error) : error
    }
  }

  /** What took the place of a client that we closed ourselves; undefined: nothing did. */
  successorOf(client: LineClient): LineClient | undefined {
    return client.closeReason instanceof AbandonedWriteError ? this.#client : undefined
  }

  /** The user needs the socket no more. */
  leave(user: object): void {
    if (!this.#users.delete(user) || this.#users.size > 0) return
    this.#abandon()
    this.#client?.close()
    this.#client = undefined
  }

  #abandon(): void {
    this.#dialing?.abandon.abort()
    this.#dialing = undefined
  }

  #dial(options: ModbusOptions, context: Context): Dialing {
    const abandon = new AbortController()
    const dialing: Dialing = { client: this.#open(options, context, abandon.signal), abandon, waiting: 0 }
    const over = () => {
      if (this.#dialing === dialing) this.#dialing = undefined
    }
    dialing.client.then(over, over)
    return dialing
  }

  async #open(options: ModbusOptions, context: Context, signal: AbortSignal): Promise<LineClient> {
    const dial: Dial = async (until) => {
      const stream = await context.dial(endpointOf(options), until)
      return clientOn(stream, options, farSide(options), context.clock, new LineStrays(this.#users))
    }
    const first = await dial(signal)
    const { inFlight, connections } = boundsOf(options)
    let client: LineClient = first
    if (inFlight * connections > 1 || options.release) {
      const limits = (this.#limits ??= new LineLimits({ inFlight, connections }, context.clock, this.#learned))
      const onLimit = (total: number) => this.#limited(context, total)
      client = new SharedClient({ dial, limits, release: options.release, clock: context.clock, onLimit }, first)
    } else {
      context.limitInFlight?.(1)
      first.onClose((reason) => this.#reopen(first, reason, dial, context))
    }
    if (this.#users.size === 0) client.close()
    else this.#client = client
    return client
  }

  /** We ended the connection for a write's sake: the next request opens another one, and nobody notices. */
  #reopen(closed: LineClient, reason: Error, dial: Dial, { clock }: Context): void {
    if (!(reason instanceof AbandonedWriteError) || this.#client !== closed) return
    const limits = new LineLimits({ inFlight: 1, connections: 1 }, clock)
    this.#client = new SharedClient({ dial, limits, release: false, clock, onLimit: () => undefined })
  }

  #limited(context: Context, total: number): void {
    context.limitInFlight?.(total)
    for (const learn of this.#learners ?? []) learn()
  }

  /** Waits for the dial as long as the caller wants to; the last to give up ends it. */
  #wait(dialing: Dialing, signal: AbortSignal): Promise<LineClient> {
    dialing.waiting++
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        if (--dialing.waiting === 0 && this.#dialing === dialing) this.#abandon()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      dialing.client.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    })
  }
}
