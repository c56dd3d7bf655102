/**
 * The points of one pen: a stretch of history from the log and, after it, what arrived live. History always wins where both
 * know a time, so a back-fill after a lost connection adds what was missed and no point twice.
 */
import type { HistoryPoint, HistoryView, JsonValue } from '../api.ts'
import { severityOf } from '../status.ts'

/** Times in ms, rising; null is a gap. */
export interface Columns {
  readonly times: number[]
  readonly values: (number | null)[]
}

const MOST_LIVE = 20_000
/** A decimated point stands for a minimum and a maximum; they are drawn this far apart. */
const MIN_MAX_MS = 0.5

export class PenData {
  #history: Columns = { times: [], values: [] }
  #historyTo = 0
  #live: Columns = { times: [], values: [] }

  /** What arrived over the live socket. Without a new good value at its own time it is a gap at `receivedAt`. */
  addLive(value: JsonValue, status: number, time: number | null, receivedAt: number | null): void {
    const last = this.lastTime()
    const bad = severityOf(status) === 'bad' || toNumber(value) === null
    if (!bad && time !== null && time > last) this.#push(time, toNumber(value))
    else if (severityOf(status) !== 'good' && receivedAt !== null) this.#end(receivedAt)
  }

  // A value that was read again unchanged held until its last good read: the line goes that far, and no further.
  #end(readAt: number): void {
    const { times, values } = this.#live.times.length > 0 ? this.#live : this.#history
    const [last, value] = [times.at(-1), values.at(-1)]
    if (last !== undefined && value !== undefined && value !== null && readAt > last) this.#push(readAt, value)
    this.breakLine(readAt)
  }

  /** A gap from here on: what comes next is not joined to what was before. */
  breakLine(time: number): void {
    const { values } = this.#live
    if (values.at(-1) === null) return
    this.#push(Math.max(time, this.lastTime() + MIN_MAX_MS), null)
  }

  /**
   * Replaces the history by what the gateway has up to `to`, and forgets the live points that it covers. `lead` is the last
   * point before it: what the tag was when the window begins.
   */
  setHistory(view: HistoryView, to: number, lead?: HistoryPoint): void {
    const columns: Columns = { times: [], values: [] }
    if (lead !== undefined) add(columns, lead[0], toNumber(lead[1]))
    for (const [time, value, min, max] of view.points) {
      const [low, high] = [toNumber(min), toNumber(max)]
      if (view.raw || low === null || high === null || low === high) add(columns, time, toNumber(value))
      else {
        add(columns, time, low)
        add(columns, time + MIN_MAX_MS, high)
      }
    }
    this.#history = columns
    this.#historyTo = to
    const end = columns.times.at(-1) ?? 0
    // A break that the page made itself while it did not know better is for the history to decide.
    const covered = (time: number, index: number) => time <= end || (time <= to && this.#live.values[index] === null)
    const keep = this.#live.times.findIndex((time, index) => !covered(time, index))
    this.#drop(keep < 0 ? this.#live.times.length : keep)
  }

  /** History and live points as one. */
  columns(): Columns {
    const { times, values } = this.#live
    const firstLive = times[0]
    const hole = firstLive !== undefined && this.#history.times.length > 0 && firstLive > this.#historyTo + 5000
    const bridge = hole ? [this.#historyTo] : []
    return {
      times: [...this.#history.times, ...bridge, ...times],
      values: [...this.#history.values, ...bridge.map(() => null), ...values],
    }
  }

  lastTime(): number {
    return this.#live.times.at(-1) ?? this.#history.times.at(-1) ?? 0
  }

  #push(time: number, value: number | null): void {
    this.#live.times.push(time)
    this.#live.values.push(value)
    if (this.#live.times.length > MOST_LIVE) this.#drop(MOST_LIVE / 10)
  }

  #drop(count: number): void {
    this.#live.times.splice(0, count)
    this.#live.values.splice(0, count)
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

function add(columns: Columns, time: number, value: number | null): void {
  if (time <= (columns.times.at(-1) ?? -Infinity)) return
  columns.times.push(time)
  columns.values.push(value)
}
