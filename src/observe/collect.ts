/**
 * One collector a metric of the table, typed so that none can be forgotten. A collector writes its series from the
 * snapshot; whatever grows with devices or tags gives the event loop its turns.
 */
import type { Gateway } from '../gateway.ts'
import { createHistogram, type Histogram } from '../core/histogram.ts'
import { isGood, isUncertain } from '../core/status.ts'
import type { Exposition, Labels } from './exposition.ts'
import { latestOf } from './latest-of.ts'
import type { HttpStats } from './http-stats.ts'
import { busySeconds, cappedLines, perLine, seriesDropped, type CappedLines } from './line-series.ts'
import type { MetricName } from './metrics-table.ts'
import { perProxy, proxiesOf, refusals, type Proxied } from './proxy-series.ts'
import { perSubscribed, rebuilds, subscribedOf, worst, type Subscribed } from './subscription-series.ts'

type DeviceSession = Gateway['polling']['devices'][number]
type SinkStatus = ReturnType<Gateway['runners'][number]['status']>
type ReceivedFrom = ReturnType<NonNullable<Gateway['receiver']>['status']>[number]
type LogInfo = ReturnType<Gateway['store']['info']>

/** What one scrape is written from. */
export interface Snapshot {
  readonly gateway: Gateway
  readonly http: HttpStats
  /** Devices with series of their own, and the rest. */
  readonly devices: readonly DeviceSession[]
  readonly others: readonly DeviceSession[]
  readonly lines: CappedLines
  readonly proxies: readonly Proxied[]
  readonly subscribed: readonly Subscribed[]
  readonly sinks: readonly SinkStatus[]
  /** Other gateways that send their logs here. */
  readonly received: readonly ReceivedFrom[]
  readonly log: LogInfo
}

type Collector = (out: Exposition, snapshot: Snapshot) => void | Promise<void>

/** Reads every ledger once, and the log after them. */
export function takeSnapshot(gateway: Gateway, http: HttpStats, maxDevices: number): Snapshot {
  const all = gateway.polling.devices
  return {
    gateway,
    http,
    devices: all.slice(0, maxDevices),
    others: all.slice(maxDevices),
    lines: cappedLines(gateway.polling.lines, maxDevices),
    proxies: proxiesOf(all, maxDevices),
    subscribed: subscribedOf(all, maxDevices),
    sinks: gateway.runners.map((runner) => runner.status()),
    received: gateway.receiver?.status() ?? [],
    log: gateway.store.info(),
  }
}

/** Reasons that exist from the start, so that a rate over them works from the first drop on. */
const DROP_REASONS = ['rejected', 'retention'] as const

/** What each metric of the table writes. */
export const collectors: Record<MetricName, Collector> = {
  bifrost_build_info: (out, { gateway }) => out.sample({ version: gateway.version, node: process.version }, 1),
  bifrost_config_last_reload_successful: (out) => out.sample({}, 1),
  bifrost_config_last_reload_success_timestamp_seconds: (out, { gateway }) => out.sample({}, gateway.startedAt / 1000),
  bifrost_start_timestamp_seconds: (out, { gateway }) => out.sample({}, gateway.startedAt / 1000),

  bifrost_device_up: async (out, { devices }) => {
    for (const device of devices) {
      out.sample(deviceLabels(device), device.state === 'Running' ? 1 : 0)
      await out.breathe()
    }
  },
  bifrost_device_poll_duration_seconds: async (out, { devices, others }) => {
    for (const device of devices) {
      out.histogram(deviceLabels(device), device.stats.pollDuration)
      await out.breathe()
    }
    if (others.length > 0) out.histogram(OTHER, await sumHistograms(out, others, (device) => device.stats.pollDuration))
  },
  bifrost_device_poll_lateness_seconds: async (out, { devices, others }) => {
    const all = [...devices, ...others]
    for (const driver of new Set(all.map((device) => device.driver))) {
      const own = all.filter((device) => device.driver === driver)
      out.histogram({ driver }, await sumHistograms(out, own, (device) => device.stats.lateness))
    }
  },
  bifrost_device_requests_total: async (out, { devices, others }) => {
    await perDevice(out, devices, others, { result: 'ok' }, (device) => device.stats.requestsOk)
    await perDevice(out, devices, others, { result: 'failed' }, (device) => device.stats.requestsFailed)
    await perDevice(out, devices, others, { result: 'timeout' }, (device) => device.stats.requestsTimeout)
  },
  bifrost_device_overruns_total: (out, { devices, others }) =>
    perDevice(out, devices, others, {}, (device) => device.stats.overruns),
  bifrost_device_reconnects_total: (out, { devices, others }) =>
    perDevice(out, devices, others, {}, (device) => device.stats.reconnects),
  bifrost_device_backfilled_samples_total: (out, { devices, others }) =>
    perDevice(out, devices, others, {}, (device) => device.stats.backfilled),
  bifrost_line_utilisation_ratio: (out, { lines }) => perLine(out, lines, (line) => line.utilisation, Math.max),
  bifrost_line_busy_seconds_total: (out, { lines }) => busySeconds(out, lines),
  bifrost_line_queued: (out, { lines }) => perLine(out, lines, (line) => line.queued),
  bifrost_line_in_flight: (out, { lines }) => perLine(out, lines, (line) => line.inFlight),
  bifrost_line_in_flight_limit: (out, { lines }) => perLine(out, lines, (line) => line.limit),
  bifrost_proxy_clients: (out, { proxies }) => perProxy(out, proxies, ({ clients }) => clients),
  bifrost_proxy_requests_total: (out, { proxies }) => perProxy(out, proxies, ({ requests }) => requests),
  bifrost_proxy_cache_hits_total: (out, { proxies }) => perProxy(out, proxies, ({ cached }) => cached),
  bifrost_proxy_refusals_total: (out, { proxies }) => refusals(out, proxies),
  bifrost_subscription_stale_seconds: (out, { subscribed, gateway }) =>
    worst(out, subscribed, ({ staleSince }) =>
      staleSince === undefined ? 0 : Math.max(0, gateway.clock.now() - staleSince) / 1000,
    ),
  bifrost_subscription_items: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ monitoredItems }) => monitoredItems),
  bifrost_subscription_rebuilds_total: (out, { subscribed }) => rebuilds(out, subscribed),
  bifrost_subscription_notifications_missed_total: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ missed }) => missed),
  bifrost_subscription_notifications_republished_total: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ republished }) => republished),
  bifrost_subscription_queue_overflows_total: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ overflows }) => overflows),
  bifrost_subscription_canary_reads_total: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ canaries }) => canaries),
  bifrost_device_clock_offset_seconds: (out, { subscribed }) =>
    worst(out, subscribed, ({ skewMs }) => (skewMs === undefined ? undefined : skewMs / 1000)),
  bifrost_device_clock_resets_total: (out, { subscribed }) =>
    perSubscribed(out, subscribed, ({ clockResets }) => clockResets),
  bifrost_tags: async (out, { gateway }) => {
    let good = 0
    let uncertain = 0
    let bad = 0
    for (const tag of gateway.store.tags.values()) {
      const { status } = latestOf(gateway, tag)
      if (isGood(status)) good++
      else if (isUncertain(status)) uncertain++
      else bad++
      if ((good + uncertain + bad) % 1000 === 0) await out.breathe()
    }
    out.sample({ quality: 'good' }, good)
    out.sample({ quality: 'uncertain' }, uncertain)
    out.sample({ quality: 'bad' }, bad)
  },
  bifrost_tag_updates_total: (out, { gateway }) =>
    out.sample(
      {},
      gateway.polling.devices.reduce((sum, device) => sum + device.stats.samples, 0),
    ),
  bifrost_pipeline_rejected_total: (out, { gateway }) => {
    for (const [rule, count] of Object.entries(gateway.pipeline.rejected)) out.sample({ rule }, count)
  },

  bifrost_sink_up: (out, { sinks }) => perSink(out, sinks, (sink) => (sink.state === 'Running' ? 1 : 0)),
  bifrost_sink_samples_routed_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.routed),
  bifrost_sink_samples_delivered_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.delivered),
  bifrost_sink_samples_pending: (out, { sinks }) => perSink(out, sinks, (sink) => sink.pending),
  bifrost_sink_samples_dropped_total: (out, { sinks }) => dropped(out, sinks),
  bifrost_sink_dropped_messages_total: (out, { sinks }) => dropped(out, sinks),
  bifrost_sink_queue_messages: (out, { sinks }) => perSink(out, sinks, (sink) => sink.pending),
  bifrost_sink_sent_messages_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.delivered),
  bifrost_sink_queue_oldest_timestamp_seconds: (out, { sinks, gateway }) => {
    const now = gateway.clock.now()
    for (const sink of sinks) {
      if (sink.oldestPendingAgeMs !== null) out.sample(sinkLabels(sink), (now - sink.oldestPendingAgeMs) / 1000)
    }
  },
  bifrost_sink_send_duration_seconds: (out, { sinks }) => {
    for (const sink of sinks) out.histogram(sinkLabels(sink), sink.writeSeconds)
  },
  bifrost_sink_samples_replayed_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.replayed),
  bifrost_sink_retries_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.retries),
  bifrost_sink_reconnects_total: (out, { sinks }) => perSink(out, sinks, (sink) => sink.reconnects),

  bifrost_sign_ins_total: (out, { gateway: { accounts } }) => {
    const { signIns = 0, signInsFailed = 0, signInsPaused = 0 } = accounts?.counters ?? {}
    out.sample({ result: 'ok' }, signIns)
    out.sample({ result: 'failed' }, signInsFailed)
    out.sample({ result: 'paused' }, signInsPaused)
  },
  bifrost_credentials_refused_total: (out, { gateway: { accounts } }) => {
    const { bearersRefused = 0, certificatesRefused = 0, setupsRefused = 0 } = accounts?.counters ?? {}
    out.sample({ kind: 'bearer' }, bearersRefused)
    out.sample({ kind: 'certificate' }, certificatesRefused)
    out.sample({ kind: 'set-up' }, setupsRefused)
  },
  bifrost_sessions: (out, { gateway: { accounts } }) => out.sample({}, accounts?.sessions.list().length ?? 0),

  bifrost_received_up: (out, { received }) => perClient(out, received, (client) => (client.connected ? 1 : 0)),
  bifrost_received_samples_total: (out, { received }) => perClient(out, received, (client) => client.samples),
  bifrost_received_samples_repeated_total: (out, { received }) => perClient(out, received, (client) => client.repeated),
  bifrost_received_samples_rejected_total: (out, { received }) => perClient(out, received, (client) => client.rejected),
  bifrost_received_samples_left_out_total: (out, { received }) => perClient(out, received, (client) => client.leftOut),
  bifrost_received_bytes_total: (out, { received }) => perClient(out, received, (client) => client.bytes),

  bifrost_certificate_expiry_timestamp_seconds: (out, { gateway }) => {
    const { own, trusted } = gateway.certificates.summary
    const write = (kind: string, { thumbprint, commonName, notAfter }: (typeof trusted)[number]): void =>
      out.sample({ kind, thumbprint, name: commonName }, notAfter / 1000)
    if (own !== undefined) write('own', own)
    for (const one of trusted) write('trusted', one)
  },
  bifrost_certificates_rejected: (out, { gateway }) => out.sample({}, gateway.certificates.summary.rejected),

  bifrost_log_bytes: (out, { log }) => out.sample({}, log.bytes),
  bifrost_log_next_seq: (out, { log }) => out.sample({}, log.nextSeq),
  bifrost_log_durable_seq: (out, { log }) => out.sample({}, log.durableSeq),
  bifrost_log_written_bytes_total: (out, { log }) => out.sample({}, log.bytesWritten),
  bifrost_log_fsync_duration_seconds: (out, { log }) => out.histogram({}, log.fsyncSeconds),
  bifrost_log_corrupt_frames_total: (out, { log }) => out.sample({}, log.corruptFrames),
  bifrost_log_pending_samples: (out, { log }) => out.sample({}, log.pendingRows),
  bifrost_log_refused_samples_total: (out, { log }) => out.sample({}, log.refused),
  bifrost_log_failed: (out, { log }) => out.sample({}, log.failed === null ? 0 : 1),
  bifrost_log_full: (out, { log }) => out.sample({}, log.isFull ? 1 : 0),
  bifrost_log_held_seconds: (out, { log }) => out.sample({}, log.hoursHeld === null ? NaN : log.hoursHeld * 3600),
  bifrost_log_left_seconds: (out, { log }) => out.sample({}, log.hoursLeft === null ? NaN : log.hoursLeft * 3600),
  bifrost_trend_bytes: (out, { log }) => out.sample({}, log.trends.bytes),
  bifrost_trend_damaged_total: (out, { log }) => out.sample({}, log.trends.damaged),

  bifrost_http_requests_total: (out, { http }) => {
    for (const { route, method, status, count } of http.requests.values()) out.sample({ route, method, status }, count)
  },
  bifrost_http_request_duration_seconds: (out, { http }) => {
    for (const [route, histogram] of http.durations) out.histogram({ route }, histogram)
  },
  bifrost_live_clients: (out, { http }) => out.sample({}, http.liveClients),
  bifrost_live_conflated_total: (out, { http }) => out.sample({}, http.liveConflated),

  bifrost_metrics_series_dropped: (out, { others, lines }) =>
    out.sample({}, others.length * SERIES_PER_DEVICE + seriesDropped(lines)),
}

/** Up, three results, overruns, reconnects, back-filled samples, and a histogram of 16 buckets with sum and count. */
const SERIES_PER_DEVICE = 25

/** Stands for all devices beyond the cap. */
const OTHER: Labels = { device: '_other', driver: '_other' }

const deviceLabels = (device: DeviceSession): Labels => ({ device: device.name, driver: device.driver })
const sinkLabels = (sink: SinkStatus): Labels => ({ sink: sink.name, kind: sink.kind })

async function perDevice(
  out: Exposition,
  devices: readonly DeviceSession[],
  others: readonly DeviceSession[],
  labels: Labels,
  read: (device: DeviceSession) => number,
): Promise<void> {
  for (const device of devices) {
    out.sample({ ...deviceLabels(device), ...labels }, read(device))
    await out.breathe()
  }
  if (others.length > 0)
    out.sample(
      { ...OTHER, ...labels },
      others.reduce((sum, device) => sum + read(device), 0),
    )
}

function perSink(out: Exposition, sinks: readonly SinkStatus[], read: (sink: SinkStatus) => number): void {
  for (const sink of sinks) out.sample(sinkLabels(sink), read(sink))
}

function perClient(out: Exposition, received: readonly ReceivedFrom[], read: (client: ReceivedFrom) => number): void {
  for (const client of received) out.sample({ client: client.name }, read(client))
}

function dropped(out: Exposition, sinks: readonly SinkStatus[]): void {
  for (const sink of sinks) {
    for (const reason of new Set([...DROP_REASONS, ...Object.keys(sink.dropped)])) {
      out.sample({ ...sinkLabels(sink), reason }, sink.dropped[reason] ?? 0)
    }
  }
}

async function sumHistograms(
  out: Exposition,
  devices: readonly DeviceSession[],
  pick: (device: DeviceSession) => Histogram,
): Promise<Histogram> {
  const total = createHistogram()
  for (const device of devices) {
    const histogram = pick(device)
    for (let bucket = 0; bucket < histogram.counts.length; bucket++) total.counts[bucket]! += histogram.counts[bucket]!
    total.sum += histogram.sum
    total.count += histogram.count
    await out.breathe()
  }
  return total
}
