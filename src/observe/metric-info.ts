/** What a metric of the table says of itself. */
export interface MetricInfo {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Base unit, or '' for a plain count. */
  readonly unit: 'seconds' | 'bytes' | ''
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds of a histogram's buckets; +Inf besides. */
  readonly buckets?: readonly number[] | undefined
  /** What to ask of it, where that is worth a line: a query for Prometheus. */
  readonly query?: string | undefined
}

/** Keeps the name as a type, so that each has its collector. */
export const define = <Name extends string>(
  name: Name,
  type: MetricInfo['type'],
  unit: MetricInfo['unit'],
  labels: readonly string[],
  help: string,
  more: Pick<MetricInfo, 'buckets' | 'query'> = {},
) => ({ name, type, unit, labels, help, ...more })
