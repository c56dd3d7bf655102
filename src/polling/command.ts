/**
 * A call that goes ahead of the polls of its line (a write, a read on demand), with a deadline: a command that is still
 * waiting when its time is over never runs, so that nothing stale is executed after an outage.
 */
import type { Clock } from '../core/clock.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { Line, Occupant, Urgent } from './line.ts'
import type { UnitUse } from './line-use.ts'
import type { Came } from './wire-figures.ts'

export interface CommandLimits {
  readonly line: Line
  /** For whom its time counts. */
  readonly use: UnitUse
  readonly clock: Clock
  /** How long from now, in ms; absent: as long as `signals` allow. */
  readonly deadlineMs?: number | undefined
  /** The caller's will: an abort ends the command with BadTimeout. */
  readonly signal: AbortSignal
  /** The connection: an abort ends the command with BadNoCommunication. */
  readonly connection: AbortSignal
}

/** What the result of work that ended by itself says of the device. */
export type CameOf<T> = (result: T) => Came

/** How long work that is given up may take to say what it came to: the driver knows which part of it was done. */
const SETTLE_MS = 100

/**
 * Runs `work` when the line has a place. Never rejects: what cannot run gives `instead(status)`, what throws
 * `instead(thrown(error))`. What has begun and is given up is told so by its signal; then its own result counts, if that comes
 * soon, and its throwing is no lost connection.
 */
export function runCommand<T>(
  limits: CommandLimits & { readonly came?: CameOf<T> | undefined },
  work: (signal: AbortSignal) => Promise<T>,
  instead: (status: StatusCode) => T,
  thrown: (error: unknown) => StatusCode,
): Promise<T> {
  const { line, use, clock, signal, connection } = limits
  const deadline = limits.deadlineMs === undefined ? Infinity : clock.monotonic() + limits.deadlineMs
  return new Promise((resolve) => {
    const controller = new AbortController()
    let started = false
    let ended = false
    /** Why it was given up. */
    let given: StatusCode | undefined
    const end = (result: T, came?: Came) => {
      if (ended) return
      ended = true
      timer?.cancel()
      signal.removeEventListener('abort', onCaller)
      connection.removeEventListener('abort', onConnection)
      resolve(result)
      if (started) line.done(entry, true, came)
    }
    const give = (status: StatusCode) => {
      if (given !== undefined) return
      given = status
      timer?.cancel()
      if (started) timer = clock.after(SETTLE_MS, () => end(instead(status)))
      else {
        line.withdraw(entry)
        end(instead(status))
      }
      controller.abort()
    }
    const onCaller = () => give(Status.BadTimeout)
    const onConnection = () => give(Status.BadNoCommunication)
    const failed = (error: unknown) => {
      if (!ended) end(instead(given ?? thrown(error)))
    }
    const entry: Urgent & Occupant = {
      use,
      since: 0,
      startedAt: 0,
      start() {
        if (clock.monotonic() >= deadline) return give(Status.BadTimeout)
        started = true
        line.occupy(entry)
        const ended = (result: T) => end(result, given === undefined ? limits.came?.(result) : undefined)
        call(work, controller.signal).then(ended, failed)
      },
    }
    let timer = deadline === Infinity ? undefined : clock.after(deadline - clock.monotonic(), onCaller)
    signal.addEventListener('abort', onCaller, { once: true })
    connection.addEventListener('abort', onConnection, { once: true })
    if (signal.aborted) return onCaller()
    if (connection.aborted) return onConnection()
    line.command(entry)
  })
}

/** A throw before the first await is a rejection like any other. */
async function call<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await work(signal)
}
