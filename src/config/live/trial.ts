/**
 * A configuration on trial: unless somebody confirms it in time it goes back by itself, and sooner when data stops. That is when a
 * device that was running before and is still configured has not been running for a while, or when the devices that were not touched
 * bring no sample any more.
 */
import type { ChangeReport } from '../../core/change-report.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import type { Vital } from './status.ts'

/** How often it is looked. */
const LOOK_MS = 1000
/** How long a device may need to come back; longer where it is polled more seldom than that. */
const GRACE_MS = 10_000
/** So many of its longest intervals pass before a device counts as one that brings nothing. */
const MISSED_POLLS = 3

type Vitals = ReadonlyMap<string, Vital>

export interface TrialContext {
  readonly clock: Clock
  vitals(): Vitals
  /** The time is over, or data has stopped; called once. */
  onOver(reason: string): void
}

/** The devices that a change left alone. */
export function untouchedBy({ devices }: ChangeReport, before: Vitals): ReadonlySet<string> {
  const touched = new Set([...devices.added, ...devices.removed, ...devices.changed.map(({ name }) => name)])
  return new Set([...before.keys()].filter((name) => !touched.has(name)))
}

export class TrialWatch {
  readonly #context: TrialContext
  readonly #before: Vitals
  readonly #untouched: ReadonlySet<string>
  readonly #timer: Timer
  /** Since when a device that was running is not: monotonic ms. */
  readonly #notRunningSince = new Map<string, number>()
  #samples = -1
  #grewAt: number
  #isOver = false

  /** `before`: as it was before the change; `untouched`: devices that the change left alone. `forMs`: how long it has. */
  constructor(context: TrialContext, before: Vitals, untouched: ReadonlySet<string>, forMs: number) {
    const { clock } = context
    this.#context = context
    this.#before = before
    this.#untouched = untouched
    this.#grewAt = clock.monotonic()
    const end = this.#grewAt + forMs
    this.#timer = clock.every(Math.min(LOOK_MS, forMs), () => this.#look(end))
  }

  stop(): void {
    this.#isOver = true
    this.#timer.cancel()
  }

  #look(end: number): void {
    const now = this.#context.clock.monotonic()
    if (now >= end) return this.#end('nobody confirmed it in time')
    const vitals = this.#context.vitals()
    const lost = this.#lostDevice(vitals, now)
    if (lost !== undefined) return this.#end(`${lost} was running before and is not any more`)
    if (this.#isSilent(vitals, now)) this.#end('the devices that it left alone bring no samples any more')
  }

  #lostDevice(vitals: Vitals, now: number): string | undefined {
    for (const [name, { isRunning }] of this.#before) {
      const vital = vitals.get(name)
      if (!isRunning || vital === undefined || vital.isRunning) {
        this.#notRunningSince.delete(name)
        continue
      }
      const since = this.#notRunningSince.get(name) ?? now
      this.#notRunningSince.set(name, since)
      if (now - since >= graceOf(vital)) return name
    }
    return undefined
  }

  #isSilent(vitals: Vitals, now: number): boolean {
    let samples = 0
    let graceMs = 0
    for (const name of this.#untouched) {
      const before = this.#before.get(name)
      const vital = vitals.get(name)
      // Subscribed values may rightly stand still.
      if (before?.isRunning !== true || vital?.slowestMs === undefined) continue
      samples += vital.samples
      graceMs = Math.max(graceMs, graceOf(vital))
    }
    if (graceMs === 0 || samples !== this.#samples) {
      this.#samples = samples
      this.#grewAt = now
      return false
    }
    return now - this.#grewAt >= graceMs
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.stop()
    this.#context.onOver(reason)
  }
}

const graceOf = ({ slowestMs = 0 }: Vital): number => Math.max(GRACE_MS, MISSED_POLLS * slowestMs)
