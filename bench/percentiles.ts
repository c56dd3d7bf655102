/** `p50 1.2, p90 1.4, p99 2.0, max 3.1`: how values lie. */
export function percentiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (q: number): string => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!.toFixed(1)
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)}`
}
