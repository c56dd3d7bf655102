/**
 * One collector a metric of the table, typed so that none can be forgotten. A collector writes its series from the
 * snapshot; whatever grows with devices or tags gives the event loop its turns.
 */
import type { Gateway } from '../gateway.ts'
import { localAlerts, maintenanceActive, notifications } from './alert-series.ts'
import { backupCollectors } from './backup-series.ts'
import { insecure, notAfter, reloadFailed } from './certificate-series.ts'
import {
  away,
  bytes,
  exceptions,
  histogramPerDevice,
  info,
  lastAnswer,
  lateness,
  lossRatio,
  perDevice,
  states,
  up,
  type CappedDevices,
} from './device-series.ts'
import { capacityOf } from './capacity.ts'
import type { Exposition, Labels } from './exposition.ts'
import { countTags, isUnbalanced, samples, securityEvents, type TagCounts } from './flow-series.ts'
import { kpiCollectors } from './kpi-series.ts'
import type { Health } from './health.ts'
import { componentRestarts, healthChecks, watchdogNotifications } from './health-series.ts'
import type { HttpStats } from './http-stats.ts'
import { busySeconds, cappedLines, perLine, type CappedLines } from './line-series.ts'
import { messagePatterns, messages, messagesDropped } from './message-series.ts'
import type { MetricName } from './metrics-table.ts'
import { comparedAt, differences } from './parameter-series.ts'
import { known, memoryLimit, yesOrNo, type ProcessFigures } from './process-series.ts'
import { perProxy, proxiesOf, refusals, type Proxied } from './proxy-series.ts'
import { spans } from './span-series.ts'
import type { System } from './system/system.ts'
import { perSubscribed, rebuilds, subscribedOf, worst, type Subscribed } from './subscription-series.ts'

type SinkStatus = ReturnType<Gateway['runners'][number]['status']>
type ReceivedFrom = ReturnType<NonNullable<Gateway['receiver']>['status']>[number]
type LogInfo = ReturnType<Gateway['store']['info']>

/** What one scrape is written from. */
export interface Snapshot {
  readonly gateway: Gateway
  readonly http: HttpStats
  /** Absent where nobody watches it. */
  readonly health: Health | undefined
  readonly process: ProcessFigures | undefined
  readonly devices: CappedDevices
  readonly lines: CappedLines
  readonly proxies: readonly Proxied[]
  readonly subscribed: readonly Subscribed[]
  readonly sinks: readonly SinkStatus[]
  /** Other gateways that send their logs here. */
  readonly received: readonly ReceivedFrom[]
  readonly log: LogInfo
  /** The latest values of all tags, counted with the first call. */
  tags(): Promise<TagCounts>
  readonly maxDevices: number
  /** Of `performance.now()`. */
  readonly begunAt: number
}

type Collector = (out: Exposition, snapshot: Snapshot) => void | Promise<void>

export interface SnapshotOptions {
  readonly http: HttpStats
  readonly health: Health | undefined
  readonly system: System | undefined
  readonly maxDevices: number
  readonly labelsOf: CappedDevices['labelsOf']
}

/** Reads every ledger once, and the log after them. */
export async function takeSnapshot(out: Exposition, gateway: Gateway, options: SnapshotOptions): Promise<Snapshot> {
  const { http, health, system, maxDevices, labelsOf } = options
  const begunAt = performance.now()
  const all = gateway.polling.devices
  const devices = { shown: all.slice(0, maxDevices), others: all.slice(maxDevices), labelsOf }
  const figures = await system?.figures()
  let tags: Promise<TagCounts> | undefined
  return {
    gateway,
    http,
    health,
    process: figures,
    devices,
    lines: cappedLines(gateway.polling.lines, maxDevices),
    proxies: await proxiesOf(out, devices, maxDevices),
    subscribed: await subscribedOf(out, devices, maxDevices),
    sinks: gateway.runners.map((runner) => runner.status()),
    received: gateway.receiver?.status() ?? [],
    log: gateway.store.info(),
    tags: () => (tags ??= countTags(out, gateway)),
    maxDevices,
    begunAt,
  }
}

/** Reasons that exist from the start, so that a rate over them works from the first drop on. */
const DROP_REASONS = ['rejected', 'retention'] as const

/** What each metric of the table writes. */
export const collectors: Record<MetricName, Collector> = {
  bifrost_build_info: (out, { gateway }) => out.sample({ version: gateway.version, node: process.version }, 1),
  bifrost_config_info: (out, { gateway }) => {
    const status = gateway.configuration?.status
    if (status !== undefined) out.sample({ hash: status.hash.slice(0, 12), version: `${status.version}` }, 1)
  },
  bifrost_config_last_reload_successful: (out, { gateway }) =>
    out.sample({}, gateway.configuration?.status.lastReload.ok === false ? 0 : 1),
  bifrost_config_last_reload_success_timestamp_seconds: (out, { gateway }) =>
    out.sample({}, (gateway.configuration?.status.lastSuccessAt ?? gateway.startedAt) / 1000),
  bifrost_start_timestamp_seconds: (out, { gateway }) => out.sample({}, gateway.startedAt / 1000),
  bifrost_event_loop_utilisation_ratio: (out, { process: figures }) => known(out, figures?.loopBusyShare),
  bifrost_gc_pause_seconds_total: (out, { process: figures }) => known(out, figures?.gcSeconds),
  bifrost_memory_limit_bytes: (out, { process: figures }) => known(out, memoryLimit(figures)),
  bifrost_data_disk_size_bytes: (out, { process: figures }) => known(out, figures?.disk?.totalBytes),
  bifrost_data_disk_free_bytes: (out, { process: figures }) => known(out, figures?.disk?.freeBytes),
  bifrost_clock_synchronised: (out, { process: figures }) => known(out, yesOrNo(figures?.isClockSynchronised)),
  bifrost_clock_drift_seconds: (out, { process: figures }) => known(out, figures?.clockDriftSeconds),
  bifrost_clock_steps_total: (out, { process: figures }) => known(out, figures?.clockSteps),

  bifrost_parameters_different: (out, { gateway, maxDevices }) =>
    differences(out, gateway.parameters.compared(), maxDevices),
  bifrost_parameters_compared_timestamp_seconds: (out, { gateway, maxDevices }) =>
    comparedAt(out, gateway.parameters.compared(), maxDevices),

  bifrost_spans_total: (out, { gateway }) => spans(out, gateway),
  bifrost_devices: (out, { devices }) => states(out, devices),
  bifrost_device_info: (out, { devices, gateway }) => info(out, devices, gateway),
  bifrost_device_up: (out, { devices }) => up(out, devices),
  bifrost_device_away: (out, { devices }) => away(out, devices),
  bifrost_device_poll_duration_seconds: (out, { devices }) =>
    histogramPerDevice(out, devices, ({ stats }) => stats.pollDuration),
  bifrost_device_poll_lateness_seconds: (out, { devices }) => lateness(out, devices),
  bifrost_device_requests_total: async (out, { devices }) => {
    await perDevice(out, devices, ({ stats }) => stats.requestsOk, { more: 'result="ok"' })
    await perDevice(out, devices, ({ stats }) => stats.requestsFailed, { more: 'result="failed"' })
    await perDevice(out, devices, ({ stats }) => stats.requestsTimeout, { more: 'result="timeout"' })
  },
  bifrost_device_request_duration_seconds: (out, { devices }) =>
    histogramPerDevice(out, devices, ({ stats }) => stats.wire.roundTrip),
  bifrost_device_request_loss_ratio: (out, { devices, gateway }) => lossRatio(out, devices, gateway.clock.monotonic()),
  bifrost_device_last_answer_timestamp_seconds: (out, { devices }) => lastAnswer(out, devices),
  bifrost_device_bytes_total: (out, { devices }) => bytes(out, devices),
  bifrost_device_exceptions_total: (out, { devices }) => exceptions(out, devices),
  bifrost_device_overruns_total: (out, { devices }) => perDevice(out, devices, ({ stats }) => stats.overruns),
  bifrost_device_reconnects_total: (out, { devices }) => perDevice(out, devices, ({ stats }) => stats.reconnects),
  bifrost_device_backfilled_samples_total: (out, { devices }) =>
    perDevice(out, devices, ({ stats }) => stats.backfilled),
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
  bifrost_tags: async (out, { tags }) => {
    for (const [quality, count] of Object.entries((await tags()).quality)) out.sample({ quality }, count)
  },
  bifrost_tags_by_status: async (out, { tags }) => {
    for (const [status, count] of (await tags()).statuses) out.sample({ status }, count)
  },
  bifrost_tag_updates_total: (out, { gateway }) => out.sample({}, gateway.polling.samples),
  bifrost_samples_total: (out, { gateway }) => samples(out, gateway),
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
  bifrost_sink_queue_bytes: (out, { sinks }) => perSink(out, sinks, (sink) => sink.pendingBytes),
  bifrost_sink_delivery_age_seconds: (out, { sinks }) => {
    for (const sink of sinks) out.histogram(sinkLabels(sink), sink.ageSeconds)
  },
  bifrost_sink_ledger_unbalanced: (out, { sinks }) => perSink(out, sinks, (sink) => (isUnbalanced(sink) ? 1 : 0)),
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

  bifrost_certificate_not_after_timestamp_seconds: (out, { gateway }) => notAfter(out, gateway),
  bifrost_certificate_reload_failed: (out, { gateway }) => reloadFailed(out, gateway),
  bifrost_insecure_connections: (out, { gateway }) => insecure(out, gateway),

  ...kpiCollectors,

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
  bifrost_http_open_access: (out, { http }) => out.sample({}, http.isOpen ? 1 : 0),
  bifrost_http_connections: (out, { http }) => out.sample({}, http.connections),
  bifrost_http_refused_total: (out, { http }) => {
    for (const [reason, count] of Object.entries(http.refused)) out.sample({ reason }, count)
  },
  bifrost_live_clients: (out, { http }) => out.sample({}, http.liveClients),
  bifrost_live_conflated_total: (out, { http }) => out.sample({}, http.liveConflated),

  bifrost_writes_locked: (out, { gateway }) => out.sample({}, gateway.writesLock.state === undefined ? 0 : 1),
  bifrost_writes_pending: (out, { gateway }) => out.sample({}, gateway.commands.pending.length),
  bifrost_audit_events_total: (out, { gateway }) => out.sample({}, gateway.audit.status().recorded),
  bifrost_audit_refused_total: (out, { gateway }) => out.sample({}, gateway.audit.status().refused),
  bifrost_audit_writable: (out, { gateway }) => out.sample({}, gateway.audit.status().writable ? 1 : 0),
  bifrost_audit_intact: (out, { gateway }) => out.sample({}, gateway.audit.status().finding === null ? 1 : 0),
  bifrost_messages_total: (out, { gateway }) => messages(out, gateway.logbook),
  bifrost_messages_dropped_total: (out, { gateway }) => messagesDropped(out, gateway.logbook),
  bifrost_message_patterns_total: (out, { gateway }) => messagePatterns(out, gateway.logbook),
  bifrost_audit_bytes: (out, { gateway }) => out.sample({}, gateway.audit.status().bytes),

  ...backupCollectors,
  bifrost_maintenance_active: (out, { gateway, maxDevices }) => maintenanceActive(out, gateway, maxDevices),
  bifrost_local_alerts: (out, { gateway }) => localAlerts(out, gateway),
  bifrost_local_alert_notifications_total: (out, { gateway }) => notifications(out, gateway),

  bifrost_security_events_total: (out, { gateway, http }) => securityEvents(out, gateway, http),

  bifrost_health_check: (out, { health }) => healthChecks(out, health),
  bifrost_component_restarts_total: (out, { gateway }) => componentRestarts(out, gateway),
  bifrost_watchdog_notifications_total: (out, { health }) => watchdogNotifications(out, health),
  bifrost_capacity_used_ratio: async (out, { gateway, process: figures }) => {
    for (const { resource, ratio } of await capacityOf(gateway, figures)) out.sample({ resource }, ratio)
  },

  bifrost_metrics_series_dropped: (out) => out.sample({}, out.dropped),
  bifrost_scrape_duration_seconds: (out, { begunAt }) => out.sample({}, (performance.now() - begunAt) / 1000),
}

const sinkLabels = (sink: SinkStatus): Labels => ({ sink: sink.name, kind: sink.kind })

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
