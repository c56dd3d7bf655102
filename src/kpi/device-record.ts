/**
 * The figures of one device: how long it was up and down, how often it failed and came back, and how many of the samples came that should
 * have. A failure is the change from Running to anything else while the device is enabled; planned maintenance is neither up nor down.
 */
import type { Clock } from '../core/clock.ts'
import type { AccountState, DeviceAccount } from '../core/device-account.ts'
import type { Segment } from './calendar.ts'
import { difference, Window, type KeptWindow, type Totals } from './window.ts'

/** Places in the totals. Times are ms. */
export const Device = { up: 0, down: 1, failures: 2, recoveries: 3, restored: 4, expected: 5, good: 6 } as const
export const DEVICE_COUNTS = 7

/** A device in the file. */
export interface KeptDevice {
  readonly totals: Totals
  /** What was last known of it: true up, false down. */
  readonly last: boolean | null
  /** How long the failure lasts that is not over, ms. */
  readonly outageMs: number | null
  /** When it was last configured, ms since 1970. */
  readonly seenAt: number
  readonly hour: KeptWindow
  readonly day: KeptWindow
}

export class DeviceRecord implements DeviceAccount {
  readonly hour = new Window()
  readonly day = new Window()
  readonly #clock: Clock
  #totals: Totals = Array.from({ length: DEVICE_COUNTS }, () => 0)
  /** What they were when the process began: metrics count from there. */
  #started: Totals = this.#totals.slice()
  #state: AccountState = 'away'
  #isPlanned = false
  /** The last of up and down that it was, also before it was away. */
  #last: boolean | undefined
  /** A failure that is not over: how long, in ms. */
  #outageMs: number | undefined
  #since: number

  constructor(clock: Clock, kept?: KeptDevice) {
    this.#clock = clock
    this.#since = clock.monotonic()
    if (kept === undefined) return
    this.#totals = [...kept.totals]
    this.#started = [...kept.totals]
    this.#last = kept.last ?? undefined
    this.#outageMs = kept.outageMs ?? undefined
    this.hour.restore(kept.hour, this.#totals)
    this.day.restore(kept.day, this.#totals)
  }

  /** Up or down now; undefined: neither is counted. */
  get isUp(): boolean | undefined {
    if (this.#isPlanned || this.#state === 'away' || this.#state === 'off') return undefined
    return this.#state === 'up'
  }

  get isPlanned(): boolean {
    return this.#isPlanned
  }

  /** Of all time, up to now. */
  totals(): Totals {
    this.#settle()
    return this.#totals
  }

  /** Since the process began. */
  sinceStart(): Totals {
    return difference(this.totals(), this.#started)
  }

  became(state: AccountState): void {
    this.#settle()
    this.#state = state
    // What happens to a device that is disabled, or gone, is no end of its failure.
    if (state === 'off') this.#last = this.#outageMs = undefined
    this.#judge()
  }

  /** Planned maintenance begins or ends. */
  plan(isPlanned: boolean): void {
    if (isPlanned === this.#isPlanned) return
    this.#settle()
    this.#isPlanned = isPlanned
    this.#judge()
  }

  interval(expected: number, good: number): void {
    if (this.#isPlanned) return
    this.#totals[Device.expected]! += expected
    this.#totals[Device.good]! += good
  }

  move({ hour, day }: Segment, at: number): void {
    const totals = this.totals()
    this.hour.move(hour, at, totals)
    this.day.move(day, at, totals)
  }

  toKept(seenAt: number): KeptDevice {
    const totals = this.totals()
    return {
      totals: [...totals],
      last: this.#last ?? null,
      outageMs: this.#outageMs ?? null,
      seenAt,
      hour: this.hour.toKept(totals),
      day: this.day.toKept(totals),
    }
  }

  #judge(): void {
    const { isUp } = this
    if (isUp === undefined) return
    if (isUp && this.#outageMs !== undefined) {
      this.#totals[Device.recoveries]!++
      this.#totals[Device.restored]! += this.#outageMs
      this.#outageMs = undefined
    }
    if (!isUp && this.#last === true) {
      this.#totals[Device.failures]!++
      this.#outageMs = 0
    }
    this.#last = isUp
  }

  #settle(): void {
    const now = this.#clock.monotonic()
    const passed = now - this.#since
    this.#since = now
    const { isUp } = this
    if (isUp === undefined) return
    this.#totals[isUp ? Device.up : Device.down]! += passed
    if (!isUp && this.#outageMs !== undefined) this.#outageMs += passed
  }
}
