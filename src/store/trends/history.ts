/**
 * From samples of one tag to what a chart draws: all of them when they are few, else one point a bucket that keeps the smallest
 * and the largest value, and a null point where quality was bad, so that a gap stays a gap. Samples are condensed as they come,
 * so that memory depends on the points that are asked for and not on how many samples there are.
 */

/**
 * What a point stands for: the last value, the smallest, the largest, the worst status, the mean of the samples (each counts the same,
 * however long it held; null where their sum is too large for a number) and how many they are. Value null: a stretch of bad quality,
 * that is a gap in the line. Times in ms since 1970.
 */
export type HistoryPoint = [
  time: number,
  value: number | null,
  min: number | null,
  max: number | null,
  status: number,
  avg: number | null,
  count: number,
]

export interface HistorySeries {
  /** True when every sample is there, false when they were condensed. */
  readonly raw: boolean
  readonly points: HistoryPoint[]
}

/** Takes the samples of one tag, in any order. */
export interface SampleTaker {
  /** NaN or an infinity stands for no value. */
  add(time: number, value: number, status: number): void
  /** False: of samples between these times none would be kept; they need not be read. */
  wants?(minTime: number, maxTime: number): boolean
}

/** One stretch of time: its good samples as one point (the last value), the bad ones as one null point. */
interface Bucket {
  good: HistoryPoint | undefined
  /** Of the good ones. */
  sum: number
  bad: HistoryPoint | undefined
}

/** Takes samples of one tag between two times, in any order, and holds about `points` of them at most. */
export class HistoryCollector implements SampleTaker {
  readonly #from: number
  readonly #to: number
  readonly #points: number
  /** Every sample while they are few; undefined once they are condensed. */
  #raw: HistoryPoint[] | undefined = []
  readonly #buckets: (Bucket | undefined)[] = []

  constructor(from: number, to: number, points: number) {
    this.#from = from
    this.#to = to
    this.#points = Math.max(1, points)
  }

  /** NaN or an infinity stands for no value. */
  add(time: number, value: number, status: number): void {
    if (!(time >= this.#from && time <= this.#to)) return
    if (this.#raw === undefined) return this.#condense(time, value, status)
    this.#raw.push(pointOf(time, value, status))
    if (this.#raw.length <= this.#points) return
    const before = this.#raw
    this.#raw = undefined
    for (const point of before) this.#condense(point[0], point[1] ?? NaN, point[4])
  }

  series(): HistorySeries {
    // Historical samples may have come late: the order is that of source times, and of the log where those are equal.
    if (this.#raw !== undefined) return { raw: true, points: this.#raw.toSorted((a, b) => a[0] - b[0]) }
    const points = this.#buckets
      .flatMap((bucket) => (bucket === undefined ? [] : pointsOf(bucket)))
      .toSorted((a, b) => a[0] - b[0])
    return { raw: false, points }
  }

  #condense(time: number, value: number, status: number): void {
    const share = (time - this.#from) / (this.#to - this.#from || 1)
    const bucket = (this.#buckets[Math.min(this.#points - 1, Math.floor(share * this.#points))] ??= {
      good: undefined,
      sum: 0,
      bad: undefined,
    })
    if (!isGood(value, status)) {
      const count = (bucket.bad?.[6] ?? 0) + 1
      if (bucket.bad === undefined || time >= bucket.bad[0]) bucket.bad = pointOf(time, value, status)
      bucket.bad[6] = count
      return
    }
    bucket.sum += value
    const { good } = bucket
    if (good === undefined) {
      bucket.good = pointOf(time, value, status)
      return
    }
    good[6]++
    if (time >= good[0]) {
      good[0] = time
      good[1] = value
    }
    if (value < good[2]!) good[2] = value
    if (value > good[3]!) good[3] = value
    if (status > good[4]) good[4] = status
  }
}

const isGood = (value: number, status: number): boolean => status < 0x8000_0000 && Number.isFinite(value)

function pointOf(time: number, value: number, status: number): HistoryPoint {
  const shown = isGood(value, status) ? value : null
  return [time, shown, shown, shown, status, shown, 1]
}

function pointsOf({ good, sum, bad }: Bucket): HistoryPoint[] {
  if (good !== undefined) good[5] = Number.isFinite(sum) ? sum / good[6] : null
  return [good, bad].filter((point) => point !== undefined)
}
