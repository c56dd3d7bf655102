/**
 * When an asset should run, and in which hour, day and shift a moment lies. Days and shifts go by the clock on the wall: a night shift has
 * seven or nine hours when the clocks change. What was found out for a day serves all moments of it.
 */
import type { PlannedTime, Shift } from '../core/asset.ts'
import { Zone } from './zone.ts'

/** A stretch of time: from (inclusive) to (exclusive), ms since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
  /** Of the shift. */
  readonly name?: string
}

/** A stretch in which nothing changes: planned or not, and in which windows it lies. */
export interface Segment extends Span {
  readonly planned: boolean
  readonly hour: Span
  readonly day: Span
  /** Undefined between shifts, and where there are none. */
  readonly shift: Span | undefined
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

interface Day extends Span {
  /** Shifts that touch it, in order. */
  readonly shifts: readonly Span[]
}

export class Calendar {
  readonly #zone: Zone
  readonly #shifts: readonly Shift[]
  #day: Day | undefined
  #segment: Segment | undefined

  constructor({ timeZone, shifts }: PlannedTime) {
    this.#zone = new Zone(timeZone)
    this.#shifts = shifts
  }

  /** The segment that holds this moment. */
  at(time: number): Segment {
    const known = this.#segment
    if (known !== undefined && time >= known.from && time < known.to) return known
    return (this.#segment = this.#find(time))
  }

  #find(time: number): Segment {
    const day = this.#dayAt(time)
    const hour = this.#hourAt(time)
    const shift = day.shifts.find(({ from, to }) => time >= from && time < to)
    const edges = day.shifts.flatMap(({ from, to }) => [from, to])
    const begun = [hour.from, day.from, ...edges].filter((edge) => edge <= time)
    const due = [hour.to, day.to, ...edges].filter((edge) => edge > time)
    return {
      from: Math.max(...begun),
      to: Math.min(...due),
      planned: this.#shifts.length === 0 || shift !== undefined,
      hour,
      day,
      shift,
    }
  }

  /** An hour of the clock on the wall; where the clock is set by half an hour (Lord Howe) it ends or begins with that. */
  #hourAt(time: number): Span {
    const offset = this.#zone.offsetAt(time)
    const from = Math.floor((time + offset) / HOUR_MS) * HOUR_MS - offset
    const to = from + HOUR_MS
    return {
      from: this.#zone.offsetAt(from) === offset ? from : this.#changeIn(from, time),
      to: this.#zone.offsetAt(to - 1) === offset ? to : this.#changeIn(time, to - 1),
    }
  }

  /** The first moment after `before` that has the offset of `after`. */
  #changeIn(before: number, after: number): number {
    const offset = this.#zone.offsetAt(after)
    let [old, changed] = [before, after]
    while (changed - old > 1) {
      const middle = Math.floor((old + changed) / 2)
      if (this.#zone.offsetAt(middle) === offset) changed = middle
      else old = middle
    }
    return changed
  }

  #dayAt(time: number): Day {
    const known = this.#day
    if (known !== undefined && time >= known.from && time < known.to) return known
    const midnight = Math.floor(this.#zone.toLocal(time) / DAY_MS) * DAY_MS
    const shifts = [-1, 0, 1]
      .flatMap((days) => this.#shiftsOf(midnight + days * DAY_MS))
      .toSorted((a, b) => a.from - b.from)
    return (this.#day = {
      from: this.#zone.fromLocal(midnight),
      to: this.#zone.fromLocal(midnight + DAY_MS),
      shifts,
    })
  }

  /** The shifts that begin on the day of this local midnight. */
  #shiftsOf(midnight: number): Span[] {
    const weekday = new Date(midnight).getUTCDay()
    return (
      this.#shifts
        .filter(({ days }) => days.includes(weekday))
        .map(({ name, fromMinute, toMinute }) => {
          const nextDay = toMinute <= fromMinute ? DAY_MS : 0
          return {
            name,
            from: this.#zone.fromLocal(midnight + fromMinute * MINUTE_MS),
            to: this.#zone.fromLocal(midnight + nextDay + toMinute * MINUTE_MS),
          }
        })
        // A change of the clocks may leave a short shift no time at all.
        .filter(({ from, to }) => to > from)
    )
  }
}
