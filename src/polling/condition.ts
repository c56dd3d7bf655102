/**
 * How a device is doing: one of the fixed state words, since when, and a sentence that says what is wrong. The log hears of
 * changes, not of each failure.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { DeviceState } from './session.ts'

export class DeviceCondition {
  state: DeviceState = 'Connecting'
  /** ms since 1970. */
  since: number
  reason: string | null = null
  readonly #device: string
  readonly #clock: Clock
  readonly #log: Log

  constructor(device: string, clock: Clock, log: Log) {
    this.#device = device
    this.#clock = clock
    this.#log = log
    this.since = clock.now()
  }

  become(state: DeviceState, reason: string | null): void {
    const isNews = state !== this.state || (this.reason === null && reason !== null)
    this.reason = reason
    if (!isNews) return
    if (state !== this.state) this.since = this.#clock.now()
    this.state = state
    const fields = { device: this.#device, state }
    if (state !== 'Running' && state !== 'Disabled') this.#log.warn(fields, reason!)
    else this.#log.info(fields, reason ?? `${this.#device} is running.`)
  }

  /** As with sinks: without a connection a device is Failed after a few attempts in a row, until one succeeds. */
  becomeUnconnected(reason: string, isFailing: boolean): void {
    this.become(isFailing || this.state === 'Failed' ? 'Failed' : 'Connecting', reason)
  }
}
