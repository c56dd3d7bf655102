/**
 * Whether the clock of the machine was set while the gateway runs: wall time against the time that only goes forward, once a second. A machine
 * that slept looks the same, since the latter stands still meanwhile.
 */
import { stat } from 'node:fs/promises'
import type { Clock } from '../../core/clock.ts'

/** The clock was this much ahead or behind of where it should have been. */
export interface ClockStep {
  /** ms since 1970, after the step. */
  readonly at: number
  /** Positive: forward. */
  readonly byMs: number
}

/** Less than this may be a timer that came late between two readings, or slewing by NTP. */
const STEP_MS = 250
const MOST_STEPS = 20
/** systemd-timesyncd makes the folder when it runs, and the file when it has set the clock (systemd-timesyncd.service(8)). */
const TIMESYNC = '/run/systemd/timesync'

export class ClockWatch {
  readonly #clock: Clock
  readonly #startOffset: number
  #offset: number
  readonly #steps: ClockStep[] = []
  /** Since the start; `steps` has the newest of them. */
  stepCount = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startOffset = this.#offset = this.#now()
  }

  tick(): void {
    const offset = this.#now()
    const byMs = Math.round(offset - this.#offset)
    this.#offset = offset
    if (Math.abs(byMs) < STEP_MS) return
    this.stepCount++
    this.#steps.push({ at: this.#clock.now(), byMs })
    if (this.#steps.length > MOST_STEPS) this.#steps.shift()
  }

  /** How far wall time has moved against the time that only goes forward since the start, steps and slewing together, in ms. */
  get driftMs(): number {
    return Math.round(this.#now() - this.#startOffset)
  }

  /** The newest last. */
  get steps(): readonly ClockStep[] {
    return this.#steps
  }

  #now(): number {
    return this.#clock.now() - this.#clock.monotonic()
  }
}

/** Whether the machine says that its clock is synchronised; null where it cannot be read, as with other time services. */
export async function isClockSynchronised(folder = TIMESYNC): Promise<boolean | null> {
  if (!(await exists(folder))) return null
  return exists(`${folder}/synchronized`)
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
