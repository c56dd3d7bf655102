/**
 * The way of one device onto its line for requests that are no polls: a proxy, a tool of the driver. Commands go ahead of the
 * polls; turns wait among them like a poll of this device, so that whoever asks much does not starve the neighbours.
 */
import type { LineAccess, Point } from '../core/driver.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import type { Line, Occupant, Turn, Urgent } from './line.ts'
import type { UnitUse } from './line-use.ts'
import type { Came } from './wire-figures.ts'

/** Work has its own, shorter, time limit; this holds when it has none. */
const REQUEST_LIMIT_MS = 60_000

/** What the access needs of its session. */
export interface AccessOwner {
  readonly name: string
  readonly points: readonly Point<unknown>[]
  readonly line: Line
  /** For whom its time counts. */
  useOf(unit: number | undefined, by?: string): UnitUse
  readonly clock: Clock
  /** Connected, and the connection not being given up. */
  readonly connected: boolean
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  /** A request threw NotConnectedError: the connection is lost. */
  lost(error: unknown): void
}

/** The access of one device. A class, because there is one for each of ten thousand devices. */
export class DeviceAccess implements LineAccess {
  readonly confined: boolean
  readonly #owner: AccessOwner

  constructor(owner: AccessOwner, confined = false) {
    this.#owner = owner
    this.confined = confined
  }

  get connected(): boolean {
    return this.#owner.connected
  }

  get points(): readonly Point<unknown>[] {
    return this.#owner.points
  }

  run<T>(
    work: (signal: AbortSignal) => Promise<T>,
    priority: 'command' | 'turn',
    signal: AbortSignal,
    unit?: number,
    by?: string,
  ): Promise<T> {
    return runOnLine(this.#owner, work, priority, signal, this.#owner.useOf(unit, by))
  }
}

/** One request, as soon as the line has a place for it; ends at once, whatever `work` does, when the caller or the connection ends. */
function runOnLine<T>(
  owner: AccessOwner,
  work: (signal: AbortSignal) => Promise<T>,
  priority: 'command' | 'turn',
  signal: AbortSignal,
  use: UnitUse,
): Promise<T> {
  const { line, name, signal: connection } = owner
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    if (!owner.connected) return reject(notConnected(name))
    const controller = new AbortController()
    let started = false
    let ended = false
    let limit: Timer | undefined
    const end = (settle: () => void, came?: Came) => {
      if (ended) return
      ended = true
      limit?.cancel()
      signal.removeEventListener('abort', onCaller)
      connection.removeEventListener('abort', onConnection)
      settle()
      if (started) line.done(entry, true, came)
      else line.withdraw(entry)
    }
    const giveUp = (reason: unknown) => {
      end(() => reject(reason))
      controller.abort(reason)
    }
    const onCaller = () => giveUp(signal.reason)
    const onConnection = () => giveUp(notConnected(name))
    const start = () => {
      started = true
      line.occupy(entry)
      limit = owner.clock.after(REQUEST_LIMIT_MS, () => giveUp(endless(name)))
      call(work, controller.signal).then(
        (result) => end(() => resolve(result), 'answer'),
        (error: unknown) => {
          end(() => reject(error), isTimeout(error) ? 'nothing' : undefined)
          if (error instanceof NotConnectedError && !controller.signal.aborted) owner.lost(error)
        },
      )
    }
    const entry: Urgent & Turn & Occupant = {
      use,
      since: 0,
      startedAt: 0,
      start,
      startNext: () => {
        start()
        return false
      },
    }
    signal.addEventListener('abort', onCaller, { once: true })
    connection.addEventListener('abort', onConnection, { once: true })
    if (priority === 'command') line.command(entry)
    else line.poll(entry)
  })
}

const isTimeout = (error: unknown): boolean => error instanceof GatewayError && error.code === 'TIMEOUT'

const notConnected = (name: string) => new NotConnectedError(`${name} is not connected`)

const endless = (name: string) =>
  new GatewayError('TIMEOUT', `a request to ${name} did not end within ${formatDuration(REQUEST_LIMIT_MS)}`)

/** A throw before the first await is a rejection like any other. */
async function call<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await work(signal)
}
