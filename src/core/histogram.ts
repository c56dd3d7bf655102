/** A histogram of durations in seconds, cheap enough for the hot path: one array increment an observation. */
export interface Histogram {
  /** Upper bounds in seconds, ascending; the last bucket is +Inf. */
  readonly bounds: readonly number[]
  /** Observations per bucket (not cumulative), one longer than `bounds`. */
  readonly counts: number[]
  sum: number
  count: number
  /** The newest of each bucket whose request was traced, for OpenMetrics; absent where nothing is traced. */
  exemplars?: (Exemplar | undefined)[]
}

/** One observation and the trace that it belongs to. */
export interface Exemplar {
  readonly traceId: string
  /** In seconds, as observed. */
  readonly value: number
  /** ms since 1970. */
  readonly at: number
}

/** Requests to field devices, polls, their lateness, batches to a far side: 1 ms … 30 s. */
export const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** What a disk takes to make something safe: a solid-state disk with a cache of its own … a flash card that cleans up. */
export const DISK_BOUNDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const

/** Answers of an API; people wait no longer than ten seconds. */
export const API_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** How old something is: fresh … an hour of outage made up for. */
export const AGE_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] as const

export const createHistogram = (bounds: readonly number[] = DURATION_BOUNDS): Histogram => ({
  bounds,
  // A plain array: a typed one takes twice the memory, and there are two for each of ten thousand devices.
  counts: Array.from({ length: bounds.length + 1 }, () => 0),
  sum: 0,
  count: 0,
})

export function observe(histogram: Histogram, seconds: number): void {
  let bucket = 0
  while (bucket < histogram.bounds.length && seconds > histogram.bounds[bucket]!) bucket++
  histogram.counts[bucket]!++
  histogram.sum += seconds
  histogram.count++
}

/** Keeps the trace of an observation that was made beside its bucket; the newest one stays. */
export function exemplify(histogram: Histogram, exemplar: Exemplar): void {
  const { bounds } = histogram
  const over = bounds.findIndex((bound) => exemplar.value <= bound)
  const exemplars = (histogram.exemplars ??= [])
  exemplars[over < 0 ? bounds.length : over] = exemplar
}

/**
 * `count` observations at once that lie evenly between `least` and `most`: what is known of the ages of a batch's rows when only its
 * first and last were timed. A step a bucket, whatever `count` is; the buckets get whole numbers that add up to it.
 */
export function observeSpread(histogram: Histogram, least: number, most: number, count: number): void {
  if (count <= 0) return
  const { bounds, counts } = histogram
  const width = most - least
  let bucket = 0
  let below = 0
  for (; bucket < bounds.length && below < count; bucket++) {
    const bound = bounds[bucket]!
    if (bound < least) continue
    const upTo = bound >= most ? count : Math.floor((count * (bound - least)) / width)
    counts[bucket]! += upTo - below
    below = upTo
  }
  counts[bounds.length]! += count - below
  histogram.sum += (count * (least + most)) / 2
  histogram.count += count
}

/** The quantile `q` (0…1) in seconds, interpolated within its bucket; undefined without observations. */
export function quantile(histogram: Histogram, q: number): number | undefined {
  if (histogram.count === 0) return undefined
  const rank = q * histogram.count
  let seen = 0
  for (let bucket = 0; bucket < histogram.counts.length; bucket++) {
    const here = histogram.counts[bucket]!
    if (here > 0 && seen + here >= rank) {
      const low = bucket === 0 ? 0 : histogram.bounds[bucket - 1]!
      const high = histogram.bounds[bucket] ?? low
      return low + ((high - low) * (rank - seen)) / here
    }
    seen += here
  }
  return histogram.bounds.at(-1)
}
