/**
 * The state of a sink as people see it: Running, Connecting, Degraded, Failed or Disabled, since when, and why. The log
 * hears of changes of state and of the first reason, not of each failure; a further reason is shown, and logged when it is red.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { INSECURE_WARNING } from '../core/tls-options.ts'

export type SinkStateName = 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'

export class SinkState {
  readonly #clock: Clock
  readonly #log: Log
  readonly #isInsecure: boolean
  #name: SinkStateName = 'Disabled'
  #reason: string | null = null
  #since: number

  /** `isInsecure`: told with each connection. */
  constructor(clock: Clock, log: Log, isInsecure = false) {
    this.#clock = clock
    this.#log = log
    this.#isInsecure = isInsecure
    this.#since = clock.now()
  }

  get name(): SinkStateName {
    return this.#name
  }

  /** The sentence that says why, for people; null when all is well. */
  get reason(): string | null {
    return this.#reason
  }

  /** When this state began, ms since 1970. */
  get since(): number {
    return this.#since
  }

  /** What went wrong last, and when (ms since 1970); it stays when all is well again. */
  lastError: { readonly reason: string; readonly at: number } | undefined
  /** When the pause ends after which it is tried again, ms since 1970; undefined: there is none. */
  nextAttemptAt: number | undefined

  /** How it goes on after a failure. */
  get retry() {
    return { nextAttemptAt: this.nextAttemptAt, lastError: this.lastError }
  }

  /** Something went wrong and it is tried again after this pause. */
  pauses(name: SinkStateName, reason: string, ms: number): void {
    this.lastError = { reason, at: this.#clock.now() }
    this.nextAttemptAt = this.#clock.now() + ms
    this.set(name, reason)
  }

  set(name: SinkStateName, reason: string | null): void {
    const changed = name !== this.#name
    const told = this.#reason !== null && name !== 'Failed'
    const news = changed || (reason !== null && reason !== this.#reason && !told)
    this.#reason = reason
    if (changed) this.#since = this.#clock.now()
    const before = this.#name
    this.#name = name
    if (news) this.#tell(before)
  }

  #tell(before: SinkStateName): void {
    const fields = { state: this.#name, before, reason: this.#reason }
    const sentence = this.#reason === null ? `sink is ${this.#name}` : `sink is ${this.#name}: ${this.#reason}`
    if (this.#isInsecure && this.#name === 'Running') this.#log.warn(fields, `${sentence}; ${INSECURE_WARNING}`)
    else if (this.#name === 'Failed') this.#log.error(fields, sentence)
    else if (this.#name === 'Degraded' || (this.#name === 'Connecting' && this.#reason !== null))
      this.#log.warn(fields, sentence)
    else this.#log.info(fields, sentence)
  }
}
