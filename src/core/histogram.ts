/** A histogram of durations in seconds, cheap enough for the hot path: one array increment an observation. */
export interface Histogram {
  /** Upper bounds in seconds, ascending; the last bucket is +Inf. */
  readonly bounds: readonly number[]
  /** Observations per bucket (not cumulative), one longer than `bounds`. */
  readonly counts: number[]
  sum: number
  count: number
}

/** Buckets from 0.5 ms to 30 s: request, poll, lateness and delivery times of field devices. */
export const DURATION_BOUNDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const

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
