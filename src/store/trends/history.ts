/**
 * From samples of one tag to what a chart draws: all of them when they are few, else one point a bucket that keeps the smallest
 * and the largest value, and a null point where quality was bad, so that a gap stays a gap.
 */

/** `[time, value, min, max, status]`; value null: a stretch of bad quality, that is a gap in the line. Times in ms since 1970. */
export type HistoryPoint = [time: number, value: number | null, min: number | null, max: number | null, status: number]

export interface HistorySeries {
  /** True when every sample is there, false when they were condensed. */
  readonly raw: boolean
  readonly points: HistoryPoint[]
}

/** Collects samples of one tag between two times, then condenses them. */
export class HistoryCollector {
  readonly #from: number
  readonly #to: number
  readonly #time: number[] = []
  readonly #value: number[] = []
  readonly #status: number[] = []
  #isOrdered = true

  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  /** NaN or an infinity stands for no value. */
  add(time: number, value: number, status: number): void {
    if (time < this.#from || time > this.#to) return
    if (this.#isOrdered && time < (this.#time.at(-1) ?? time)) this.#isOrdered = false
    this.#time.push(time)
    this.#value.push(value)
    this.#status.push(status)
  }

  series(points: number): HistorySeries {
    const order = this.#order()
    if (order.length <= points) return { raw: true, points: order.map((row) => this.#rawPoint(row)) }
    const width = (this.#to - this.#from) / Math.max(1, points)
    const condensed: HistoryPoint[] = []
    for (let start = 0; start < order.length;) {
      const bucket = Math.floor((this.#time[order[start]!]! - this.#from) / width)
      let end = start + 1
      while (end < order.length && Math.floor((this.#time[order[end]!]! - this.#from) / width) === bucket) end++
      this.#condense(order.slice(start, end), condensed)
      start = end
    }
    return { raw: false, points: condensed }
  }

  /** Rows in order of source time; historical samples may have come late. */
  #order(): number[] {
    const order = this.#time.map((_, row) => row)
    return this.#isOrdered ? order : order.sort((a, b) => this.#time[a]! - this.#time[b]! || a - b)
  }

  #isGood(row: number): boolean {
    return this.#status[row]! < 0x8000_0000 && Number.isFinite(this.#value[row]!)
  }

  #rawPoint(row: number): HistoryPoint {
    const value = this.#isGood(row) ? this.#value[row]! : null
    return [this.#time[row]!, value, value, value, this.#status[row]!]
  }

  /** One point for the good rows of a bucket (its last value), and one null point where there were bad ones, in order of time. */
  #condense(rows: readonly number[], into: HistoryPoint[]): void {
    let good: HistoryPoint | undefined
    let bad: HistoryPoint | undefined
    for (const row of rows) {
      if (!this.#isGood(row)) {
        bad = this.#rawPoint(row)
        continue
      }
      const value = this.#value[row]!
      const min = Math.min(value, good?.[2] ?? value)
      const max = Math.max(value, good?.[3] ?? value)
      good = [this.#time[row]!, value, min, max, Math.max(this.#status[row]!, good?.[4] ?? 0)]
    }
    const both = [good, bad].filter((point) => point !== undefined)
    into.push(...both.sort((a, b) => a[0] - b[0]))
  }
}
