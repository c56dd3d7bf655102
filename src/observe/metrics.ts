/**
 * What `/metrics` answers. Everything is read at the moment of the scrape from the numbers that the flow counts anyway;
 * the series of a sink's ledger come from one snapshot, so that routed = delivered + pending + dropped holds in each scrape.
 */
import type { Gateway } from '../gateway.ts'
import { collectors, takeSnapshot } from './collect.ts'
import { Exposition, type Labels } from './exposition.ts'
import { createHttpStats, type HttpStats } from './http-stats.ts'
import { metricsTable } from './metrics-table.ts'

export { metricsTable } from './metrics-table.ts'
export type { MetricInfo, MetricName } from './metrics-table.ts'

export interface Metrics {
  /** The content type of each format. */
  contentType(openMetrics: boolean): string
  render(openMetrics: boolean): Promise<string>
}

export interface MetricsOptions {
  /** Counters of the HTTP server, where there is one. */
  readonly http?: HttpStats
  /** How many devices get series of their own; the rest is summed under device="_other". */
  readonly maxDevices?: number
}

/** Metrics of a running gateway. */
export function createMetrics(gateway: Gateway, options: MetricsOptions = {}): Metrics {
  const http = options.http ?? createHttpStats()
  const maxDevices = options.maxDevices ?? 1000
  let platform: Promise<PlatformMetrics> | undefined
  return {
    contentType: (openMetrics) =>
      openMetrics
        ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
        : 'text/plain; version=0.0.4; charset=utf-8',
    async render(openMetrics) {
      platform ??= loadPlatformMetrics()
      const out = new Exposition(openMetrics)
      const snapshot = takeSnapshot(gateway, http, maxDevices)
      for (const metric of metricsTable) {
        out.family(metric.name, metric.type, metric.help, metric.unit)
        await collectors[metric.name](out, snapshot)
        await out.breathe()
      }
      await writePlatform(out, await platform)
      return out.text()
    },
  }
}

interface PlatformMetrics {
  getMetricsAsJSON(): Promise<
    { name: string; type: unknown; help: string; values: { labels: object; value: number; metricName?: string }[] }[]
  >
}

/** `process_*` and `nodejs_*`, loaded with the first scrape: a gateway that nobody scrapes does not pay for them. */
async function loadPlatformMetrics(): Promise<PlatformMetrics> {
  const { Registry, collectDefaultMetrics } = await import('@prometheus-io/client')
  const register = new Registry()
  collectDefaultMetrics({ register })
  return register
}

/** The client's own text output renames its counters for good once OpenMetrics was asked for; so it is written here. */
async function writePlatform(out: Exposition, platform: PlatformMetrics): Promise<void> {
  for (const metric of await platform.getMetricsAsJSON()) {
    const type = String(metric.type)
    // Names that end in the type, or gauges in _total, break the rules that promtool checks.
    if (/_(histogram|summary)$/.test(metric.name) || (type !== 'counter' && metric.name.endsWith('_total'))) continue
    out.family(metric.name, type, metric.help)
    for (const { labels, value, metricName } of metric.values)
      out.sample(labels as Labels, value, metricName ?? metric.name)
    await out.breathe()
  }
}
