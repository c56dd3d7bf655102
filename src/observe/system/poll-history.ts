/**
 * What was measured of each device lately: samples a second over the last ten seconds, and for each of the last sixty minutes its longest poll,
 * the share of its interval that took, how many polls and overruns there were. All in a few typed arrays with a slot a device, so that ten
 * thousand devices cost six megabytes and an hour of one device nothing to speak of. Read from counters that polls keep anyway.
 */
import type { DeviceSession } from '../../polling/session.ts'
import { roundRate } from './rate.ts'

export const MINUTES = 60
/** Readings of the counters of samples that are kept: at a turn of two seconds each, ten seconds. */
const READINGS = 6
/** Devices beyond this are not kept. */
const MOST_DEVICES = 10_000
const FIRST_SLOTS = 16
/** In thousandths; more than this is as bad. */
const MOST_DUTY = 65_535
const MOST_COUNT = 65_535

/** One device over some minutes, oldest first; null: nothing was polled in that minute. */
export interface PollMinutes {
  readonly maxMs: readonly (number | null)[]
  /** Of the interval, 1 and more: the poll was not over when the next one was due. */
  readonly duty: readonly (number | null)[]
  readonly polls: readonly number[]
  readonly overruns: readonly number[]
}

interface MinuteOfDevice {
  readonly maxMs: number
  /** In thousandths. */
  readonly duty: number
  readonly polls: number
  readonly overruns: number
}

class Columns {
  readonly slots: number
  readonly samples: Float64Array
  readonly maxMs: Float32Array
  readonly duty: Uint16Array
  readonly polls: Uint16Array
  readonly overruns: Uint16Array
  /** Counters at the begin of this minute. */
  readonly pollsBefore: Float64Array
  readonly overrunsBefore: Float64Array

  constructor(slots: number, from?: Columns) {
    this.slots = slots
    this.samples = new Float64Array(slots * READINGS)
    this.maxMs = new Float32Array(slots * MINUTES)
    this.duty = new Uint16Array(slots * MINUTES)
    this.polls = new Uint16Array(slots * MINUTES)
    this.overruns = new Uint16Array(slots * MINUTES)
    this.pollsBefore = new Float64Array(slots)
    this.overrunsBefore = new Float64Array(slots)
    if (from === undefined) return
    for (const name of ['samples', 'maxMs', 'duty', 'polls', 'overruns', 'pollsBefore', 'overrunsBefore'] as const)
      this[name].set(from[name])
  }
}

export class PollHistory {
  #columns = new Columns(FIRST_SLOTS)
  readonly #slots = new Map<DeviceSession, number>()
  readonly #free: number[] = []
  #used = 0
  /** Where the present minute, and the next reading, goes. */
  #minute = 0
  #reading = 0
  readonly #readAt = new Float64Array(READINGS).fill(Number.NaN)

  /** Reads the counters of samples; `at`: monotonic ms. */
  read(devices: readonly DeviceSession[], at: number): void {
    this.#reading = (this.#reading + 1) % READINGS
    this.#readAt[this.#reading] = at
    let there = 0
    for (const device of devices) {
      const slot = this.#slots.get(device) ?? this.#take(device)
      if (slot === undefined) continue
      there++
      this.#columns.samples[slot * READINGS + this.#reading] = device.stats.samples
    }
    if (this.#slots.size > there) this.#forgetOthers(new Set(devices))
  }

  /** The present minute is over. */
  turn(): void {
    const { maxMs, duty, polls, overruns, pollsBefore, overrunsBefore } = this.#columns
    const next = (this.#minute + 1) % MINUTES
    for (const [device, slot] of this.#slots) {
      const at = slot * MINUTES + this.#minute
      const now = this.#present(device, slot)
      maxMs[at] = now.maxMs
      duty[at] = now.duty
      polls[at] = now.polls
      overruns[at] = now.overruns
      const { stats } = device
      pollsBefore[slot] = stats.pollDuration.count
      overrunsBefore[slot] = stats.overruns
      stats.peakMs = stats.peakShare = 0
      polls[slot * MINUTES + next] = overruns[slot * MINUTES + next] = 0
    }
    this.#minute = next
  }

  /** Samples a second over the last ten seconds; null: not known yet. */
  samplesPerSecond(device: DeviceSession): number | null {
    const slot = this.#slots.get(device)
    if (slot === undefined) return null
    const { samples } = this.#columns
    for (let back = READINGS - 1; back > 0; back--) {
      const then = (this.#reading + READINGS - back) % READINGS
      const before = samples[slot * READINGS + then]!
      const ms = this.#readAt[this.#reading]! - this.#readAt[then]!
      if (Number.isNaN(before) || !(ms > 0)) continue
      return roundRate(((samples[slot * READINGS + this.#reading]! - before) * 1000) / ms)
    }
    return null
  }

  /** The greatest share of its interval that a poll took in this minute and the one before; null: there was none. */
  duty(device: DeviceSession): number | null {
    const slot = this.#slots.get(device)
    if (slot === undefined) return null
    const now = this.#present(device, slot)
    const before = slot * MINUTES + ((this.#minute + MINUTES - 1) % MINUTES)
    const had = this.#columns.polls[before]! > 0
    if (now.polls === 0 && !had) return null
    return Math.max(now.duty, had ? this.#columns.duty[before]! : 0) / 1000
  }

  /** The last `minutes` of a device, this one last; undefined: it is one too many. */
  minutes(device: DeviceSession, minutes: number): PollMinutes | undefined {
    const slot = this.#slots.get(device)
    if (slot === undefined) return undefined
    const { maxMs, duty, polls, overruns } = this.#columns
    const shown = { maxMs: [] as (number | null)[], duty: [] as (number | null)[], polls: [] as number[], overruns: [] as number[] } // prettier-ignore
    const add = (row: MinuteOfDevice): void => {
      shown.maxMs.push(row.polls === 0 ? null : Math.round(row.maxMs * 100) / 100)
      shown.duty.push(row.polls === 0 ? null : row.duty / 1000)
      shown.polls.push(row.polls)
      shown.overruns.push(row.overruns)
    }
    for (let back = minutes - 1; back > 0; back--) {
      const at = slot * MINUTES + ((this.#minute + MINUTES - back) % MINUTES)
      add({ maxMs: maxMs[at]!, duty: duty[at]!, polls: polls[at]!, overruns: overruns[at]! })
    }
    add(this.#present(device, slot))
    return shown
  }

  #present({ stats }: DeviceSession, slot: number): MinuteOfDevice {
    return {
      maxMs: stats.peakMs,
      duty: Math.min(MOST_DUTY, Math.round(stats.peakShare * 1000)),
      polls: Math.min(MOST_COUNT, stats.pollDuration.count - this.#columns.pollsBefore[slot]!),
      overruns: Math.min(MOST_COUNT, stats.overruns - this.#columns.overrunsBefore[slot]!),
    }
  }

  #take(device: DeviceSession): number | undefined {
    const slot = this.#free.pop() ?? (this.#used < MOST_DEVICES ? this.#used++ : undefined)
    if (slot === undefined) return undefined
    if (slot >= this.#columns.slots)
      this.#columns = new Columns(Math.min(MOST_DEVICES, this.#columns.slots * 2), this.#columns)
    const { samples, polls, overruns, pollsBefore, overrunsBefore } = this.#columns
    samples.fill(Number.NaN, slot * READINGS, (slot + 1) * READINGS)
    polls.fill(0, slot * MINUTES, (slot + 1) * MINUTES)
    overruns.fill(0, slot * MINUTES, (slot + 1) * MINUTES)
    pollsBefore[slot] = overrunsBefore[slot] = 0
    this.#slots.set(device, slot)
    return slot
  }

  #forgetOthers(there: ReadonlySet<DeviceSession>): void {
    for (const [device, slot] of this.#slots) {
      if (there.has(device)) continue
      this.#slots.delete(device)
      this.#free.push(slot)
    }
  }
}
