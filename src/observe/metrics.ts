/**
 * What `/metrics` answers. Everything is read at the moment of the scrape from the numbers that the flow counts anyway;
 * the series of a sink's ledger come from one snapshot, so that routed = delivered + pending + dropped holds in each scrape.
 */
import type { Gateway } from '../gateway.ts'
import { collectors, takeSnapshot, type Snapshot } from './collect.ts'
import { keepLabels } from './device-series.ts'
import { Exposition, type Labels } from './exposition.ts'
import type { Health } from './health.ts'
import { createHttpStats, type HttpStats } from './http-stats.ts'
import { metricsTable } from './metrics-table.ts'
import { openFilesNow } from './open-files.ts'
import { SteadySums } from './steady-sums.ts'
import type { System } from './system/system.ts'

export { metricsTable } from './metrics-table.ts'
export type { MetricInfo, MetricName } from './metrics-table.ts'

export interface Metrics {
  /** The content type of each format. */
  contentType(openMetrics: boolean): string
  /** In pieces. `shows`: which series there are for whoever asks; all where absent. */
  bytes(openMetrics: boolean, shows?: (labels: Labels) => boolean): Promise<readonly Uint8Array[]>
  /** The same as text. */
  render(openMetrics: boolean, shows?: (labels: Labels) => boolean): Promise<string>
}

export interface MetricsOptions {
  /** Counters of the HTTP server, where there is one. */
  readonly http?: HttpStats
  readonly health?: Health | undefined
  /** How the process does, where somebody watches that. */
  readonly system?: System | undefined
  /** How many devices get series of their own; the rest is summed under device="_other". As configured where absent. */
  readonly maxDevices?: number
}

/** Devices with series of their own where nothing is said. */
export const MAX_DEVICES = 1000
/** The bound of any family, a device: more than a histogram has. What grows by other things than devices ends there. */
const SERIES_A_DEVICE = 20

/** Metrics of a running gateway. */
export function createMetrics(gateway: Gateway, options: MetricsOptions = {}): Metrics {
  const http = options.http ?? createHttpStats()
  const labelsOf = keepLabels()
  const sums = new SteadySums()
  const { system, health } = options
  /** So many devices were beyond the cap when that was told. */
  let told = 0
  const tell = ({ maxDevices, devices: { others } }: Snapshot): void => {
    if (others.length > 0 && told === 0)
      gateway.log.warn(
        { devices: others.length, maxDevices },
        `${others.length} devices have no series of their own: the metrics show ${maxDevices} (http.metrics.maxDevices) and the sums of the rest as device="_other".`,
      )
    told = others.length
  }
  let platform: Promise<PlatformMetrics> | undefined
  const metrics: Metrics = {
    contentType: (openMetrics) =>
      openMetrics
        ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
        : 'text/plain; version=0.0.4; charset=utf-8',
    render: async (openMetrics, shows) => Buffer.concat(await metrics.bytes(openMetrics, shows)).toString(),
    async bytes(openMetrics, shows) {
      platform ??= loadPlatformMetrics()
      const maxDevices = options.maxDevices ?? gateway.config.http?.metrics?.maxDevices ?? MAX_DEVICES
      const maxSeries = SERIES_A_DEVICE * Math.max(1000, maxDevices)
      const steady = sums.over(`${gateway.polling.changes} ${maxDevices}`)
      const out = new Exposition({ openMetrics, shows, maxSeries, steady })
      const snapshot = await takeSnapshot(out, gateway, { http, health, system, maxDevices, labelsOf })
      tell(snapshot)
      for (const metric of metricsTable) {
        out.family(metric.name, metric.type, metric.help, metric.unit)
        await collectors[metric.name](out, snapshot)
        await out.breathe()
      }
      await writePlatform(out, await platform)
      return out.bytes()
    },
  }
  return metrics
}

interface PlatformMetrics {
  getMetricsAsArray(): { name: string }[]
  removeSingleMetric(name: string): void
  getMetricsAsJSON(): Promise<
    { name: string; type: unknown; help: string; values: { labels: object; value: number; metricName?: string }[] }[]
  >
}

/** `process_*` and `nodejs_*`, loaded with the first scrape: a gateway that nobody scrapes does not pay for them. */
async function loadPlatformMetrics(): Promise<PlatformMetrics> {
  const { Registry, collectDefaultMetrics } = await import('@prometheus-io/client')
  const register = new Registry()
  collectDefaultMetrics({ register })
  // With ten thousand sockets these three walk over all of them, several times, and hold the event loop for 35 ms; files are counted by us.
  for (const { name } of register.getMetricsAsArray())
    if (name.startsWith('nodejs_active_') || name === 'process_open_fds') register.removeSingleMetric(name)
  return register
}

/** The client's own text output renames its counters for good once OpenMetrics was asked for; so it is written here. */
async function writePlatform(out: Exposition, platform: PlatformMetrics): Promise<void> {
  const files = await openFilesNow()
  if (files !== undefined) {
    out.family('process_open_fds', 'gauge', 'Number of open file descriptors.')
    out.sample({}, files.used)
  }
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
