/**
 * Compares sets with `compareEvery` by itself, one after the other, and tells the log when what differs has changed: once, not at each
 * comparison. A device that is not there is not drift; its own state says that already.
 */
import type { Clock, Timer } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Compared } from './compare.ts'

/** One set that is compared by itself. */
export interface Watched {
  readonly device: string
  readonly set: string
  readonly everyMs: number
}

export interface DriftContext {
  readonly clock: Clock
  readonly log: Log
  /** Undefined: there is nothing to compare with, or it is not the time for it. */
  compare(device: string, set: string, signal: AbortSignal): Promise<readonly Compared[] | undefined>
}

/** After a start devices are given this time to be connected. */
const FIRST_MS = 10_000
const MOST_NAMES = 5

export class Drift {
  readonly #context: DriftContext
  readonly #timers = new Map<string, Timer>()
  /** What was told last of each set; '' is equal. */
  readonly #told = new Map<string, string>()
  #running: Promise<void> = Promise.resolve()
  readonly #ended = new AbortController()

  constructor(context: DriftContext) {
    this.#context = context
  }

  /** These from now on. */
  configure(watched: readonly Watched[]): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    for (const one of watched) this.#plan(one, Math.min(one.everyMs, FIRST_MS))
  }

  async close(): Promise<void> {
    this.configure([])
    this.#ended.abort()
    await this.#running
  }

  #plan(one: Watched, delayMs: number): void {
    const key = `${one.device}/${one.set}`
    const timer = this.#context.clock.after(delayMs, () => {
      const run = this.#running.then(() => this.#look(one, key))
      this.#running = run.then(() => {
        // Unless another configuration has come meanwhile.
        if (this.#timers.get(key) === timer) this.#plan(one, one.everyMs)
      })
    })
    this.#timers.set(key, timer)
  }

  async #look({ device, set }: Watched, key: string): Promise<void> {
    if (this.#ended.signal.aborted) return
    try {
      const compared = await this.#context.compare(device, set, this.#ended.signal)
      if (compared === undefined) return
      this.#tell(
        device,
        set,
        key,
        compared.filter(({ state }) => state !== 'equal'),
      )
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'INTERNAL'
      if (this.#ended.signal.aborted || code === 'NOT_CONNECTED' || code === 'TIMEOUT') return
      const problem = messageOf(error)
      if (this.#told.get(key) === problem) return
      this.#told.set(key, problem)
      this.#context.log.warn({ device, set, code, problem }, `The parameters of ${key} cannot be compared.`)
    }
  }

  #tell(device: string, set: string, key: string, differences: readonly Compared[]): void {
    const said = differences.map(({ name, state }) => `${name} ${state}`).join(', ')
    const before = this.#told.get(key) ?? ''
    if (said === before) return
    this.#told.set(key, said)
    const { log } = this.#context
    if (said === '') return log.info({ device, set }, `The parameters of ${key} are those that are stored again.`)
    const names = differences.slice(0, MOST_NAMES).map(({ name, state }) => `${name} (${state})`)
    const rest = differences.length > names.length ? ` and ${differences.length - names.length} more` : ''
    log.warn(
      { device, set, differences: differences.length },
      `${differences.length} parameters of ${key} are not as they are stored: ${names.join(', ')}${rest}.`,
    )
  }
}
