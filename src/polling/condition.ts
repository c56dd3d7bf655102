/**
 * How a device is doing: one of the fixed state words, since when, and a sentence that says what is wrong. The log hears of
 * changes, not of each failure.
 */
import type { Clock } from '../core/clock.ts'
import type { DeviceAccount } from '../core/device-account.ts'
import type { Log } from '../core/log.ts'
import { INSECURE_WARNING } from '../core/tls-options.ts'
import type { DeviceState } from './session.ts'

export class DeviceCondition {
  state: DeviceState = 'Connecting'
  /** ms since 1970. */
  since: number
  reason: string | null = null
  readonly #device: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #isInsecure: boolean
  readonly #account: DeviceAccount | undefined

  /** `isInsecure`: told with each connection. */
  constructor(device: string, clock: Clock, log: Log, isInsecure = false, account?: DeviceAccount) {
    this.#account = account
    this.#device = device
    this.#clock = clock
    this.#log = log
    this.#isInsecure = isInsecure
    this.since = clock.now()
  }

  become(state: DeviceState, reason: string | null): void {
    const isNews = state !== this.state || (this.reason === null && reason !== null)
    this.reason = reason
    if (!isNews) return
    if (state !== this.state) this.since = this.#clock.now()
    this.state = state
    this.#account?.became(state === 'Running' ? 'up' : state === 'Disabled' ? 'off' : 'down')
    const fields = { device: this.#device, state }
    if (this.#isInsecure && state === 'Running')
      this.#log.warn(fields, `${this.#device} is running; ${INSECURE_WARNING}.`)
    else if (state !== 'Running' && state !== 'Disabled') this.#log.warn(fields, reason!)
    else this.#log.info(fields, reason ?? `${this.#device} is running.`)
  }

  /** As with sinks: without a connection a device is Failed after a few attempts in a row, until one succeeds. */
  becomeUnconnected(reason: string, isFailing: boolean): void {
    this.become(isFailing || this.state === 'Failed' ? 'Failed' : 'Connecting', reason)
  }
}
