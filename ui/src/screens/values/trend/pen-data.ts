/**
 * The points of one pen: a stretch of history from the log and, after it, what arrived live. History always wins where both
 * know a time, so a back-fill after a lost connection adds what was missed and no point twice.
 */
import type { HistoryPoint, HistoryView, JsonValue } from '../../../api.ts'
import { severityOf } from '../../../status.ts'
import { firstAtOrAfter } from './places.ts'

/** Times in ms, rising; null is a gap. */
export interface Columns {
  readonly times: number[]
  readonly values: (number | null)[]
}

/** What a pen was at one time. */
export interface PenPoint {
  readonly time: number
  readonly value: JsonValue
  /** undefined: the page did not hear of it then. */
  readonly status: number | undefined
}

/** A stretch of time that is not good. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly isBad: boolean
}

interface Points extends Columns {
  readonly statuses: (number | undefined)[]
}

/** An hour at ten a second. */
const MOST_LIVE = 40_000
/** A decimated point stands for a minimum and a maximum; they are drawn this far apart. */
const MIN_MAX_MS = 0.5
const MOST_STRETCHES = 500

const none = (): Points => ({ times: [], values: [], statuses: [] })

export class PenData {
  #history = none()
  #historyTo = 0
  #live = none()
  #columns: Columns | undefined

  /** What arrived over the live socket. Without a new good value at its own time it is a gap at `receivedAt`. */
  addLive(value: JsonValue, status: number, time: number | null, receivedAt: number | null): void {
    const last = this.lastTime()
    const bad = severityOf(status) === 'bad' || toNumber(value) === null
    if (!bad && time !== null && time > last) this.#push(time, toNumber(value), status)
    else if (severityOf(status) !== 'good' && receivedAt !== null) this.#end(receivedAt, status)
  }

  // A value that was read again unchanged held until its last good read: the line goes that far, and no further.
  #end(readAt: number, status: number): void {
    const { times, values, statuses } = this.#live.times.length > 0 ? this.#live : this.#history
    const [last, value] = [times.at(-1), values.at(-1)]
    if (last !== undefined && value !== undefined && value !== null && readAt > last)
      this.#push(readAt, value, statuses.at(-1))
    this.breakLine(readAt, status)
  }

  /** A gap from here on: what comes next is not joined to what was before. */
  breakLine(time: number, status?: number): void {
    const { values } = this.#live
    if (values.at(-1) === null) return
    this.#push(Math.max(time, this.lastTime() + MIN_MAX_MS), null, status)
  }

  /**
   * Replaces the history by what the gateway has up to `to`, and forgets the live points that it covers. `lead` is the last
   * point before it: what the tag was when the window begins.
   */
  setHistory(view: HistoryView, to: number, lead?: HistoryPoint): void {
    const points = none()
    if (lead !== undefined) add(points, lead[0], toNumber(lead[1]), lead[4])
    for (const [time, value, min, max, status] of view.points) {
      const [low, high] = [toNumber(min), toNumber(max)]
      if (view.raw || low === null || high === null || low === high) add(points, time, toNumber(value), status)
      else {
        add(points, time, low, status)
        add(points, time + MIN_MAX_MS, high, status)
      }
    }
    this.#history = points
    this.#historyTo = to
    const end = points.times.at(-1) ?? 0
    // A break that the page made itself while it did not know better is for the history to decide.
    const covered = (time: number, index: number) => time <= end || (time <= to && this.#live.values[index] === null)
    const keep = this.#live.times.findIndex((time, index) => !covered(time, index))
    this.#drop(keep < 0 ? this.#live.times.length : keep)
  }

  /** History and live points as one; the same object until something comes. */
  columns(): Columns {
    return (this.#columns ??= this.#joined())
  }

  #joined(): Columns {
    const { times, values } = this.#live
    const firstLive = times[0]
    const hole = firstLive !== undefined && this.#history.times.length > 0 && firstLive > this.#historyTo + 5000
    const bridge = hole ? [this.#historyTo] : []
    return {
      times: this.#history.times.concat(bridge, times),
      values: this.#history.values.concat(
        bridge.map(() => null),
        values,
      ),
    }
  }

  /** What it was at this time: its last point until then; undefined before the first. */
  at(time: number): PenPoint | undefined {
    for (const { times, values, statuses } of [this.#live, this.#history]) {
      const index = firstAtOrAfter(times, time + 1e-6) - 1
      if (index >= 0) return { time: times[index]!, value: values[index] ?? null, status: statuses[index] }
    }
    return undefined
  }

  /** Where it was not good between two times. */
  stretches(from: number, to: number): readonly Stretch[] {
    const found: Stretch[] = []
    let open: { from: number; isBad: boolean } | undefined
    const close = (at: number) => {
      if (open !== undefined && at > from && open.from < to) found.push({ ...open, to: Math.min(at, to) })
      open = undefined
    }
    for (const { times, values, statuses } of [this.#history, this.#live]) {
      for (let index = Math.max(0, firstAtOrAfter(times, from) - 1); index < times.length; index++) {
        const time = times[index]!
        if (time > to || found.length >= MOST_STRETCHES) break
        const isBad = values[index] === null
        const isGood = !isBad && severityOf(statuses[index] ?? 0) === 'good'
        if (open !== undefined && (isGood || open.isBad !== isBad)) close(time)
        if (!isGood) open ??= { from: Math.max(from, time), isBad }
      }
    }
    close(to)
    return found
  }

  lastTime(): number {
    return this.#live.times.at(-1) ?? this.#history.times.at(-1) ?? 0
  }

  #push(time: number, value: number | null, status: number | undefined): void {
    this.#columns = undefined
    this.#live.times.push(time)
    this.#live.values.push(value)
    this.#live.statuses.push(status)
    if (this.#live.times.length > MOST_LIVE) this.#drop(MOST_LIVE / 10)
  }

  #drop(count: number): void {
    this.#columns = undefined
    this.#live.times.splice(0, count)
    this.#live.values.splice(0, count)
    this.#live.statuses.splice(0, count)
  }
}

/** Numbers and booleans can be drawn, 64-bit integers as the nearest number; anything else is null. */
export function toNumber(value: JsonValue): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null || value.trim() === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

function add(points: Points, time: number, value: number | null, status: number): void {
  if (time <= (points.times.at(-1) ?? -Infinity)) return
  points.times.push(time)
  points.values.push(value)
  points.statuses.push(status)
}
