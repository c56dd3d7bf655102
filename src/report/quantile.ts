/** Percentiles of a histogram, as `histogram_quantile` of Prometheus reads them: evenly spread within a bucket. */

/** Upper bound and how many lie at or below it, in the order of the bounds. */
export type Buckets = readonly (readonly [number, number])[]

/** From counts by the label `le`; `10` and `10.0` are one bound. */
export function bucketsOf(counts: ReadonlyMap<string, number>): Buckets {
  const sums = new Map<number, number>()
  for (const [le, count] of counts) {
    const bound = le === '+Inf' ? Infinity : Number(le)
    sums.set(bound, (sums.get(bound) ?? 0) + count)
  }
  return [...sums].toSorted(([a], [b]) => a - b)
}

/** Undefined where nothing was counted. Above the last bound nothing is known: the last bound itself. */
export function quantileOf(quantile: number, buckets: Buckets): number | undefined {
  const all = buckets.at(-1)?.[1] ?? 0
  if (all <= 0) return undefined
  const wanted = quantile * all
  const at = buckets.findIndex(([, count]) => count >= wanted)
  const [bound, count] = buckets[at]!
  const [below, before] = buckets[at - 1] ?? [0, 0]
  if (bound === Infinity) return below
  return count === before ? bound : below + ((bound - below) * (wanted - before)) / (count - before)
}
