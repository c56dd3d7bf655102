/**
 * THE list of our metrics: name, type, unit, labels and help. What is rendered, documented, alerted on and drawn derives from
 * it. Names follow field guide §7: prefix `bifrost_`, base units, no series per tag.
 */
import { DISK_BOUNDS, DURATION_BOUNDS } from '../core/histogram.ts'
import { alertMetrics } from './alert-metrics.ts'
import { auditMetrics } from './audit-metrics.ts'
import { backupMetrics } from './backup-metrics.ts'
import { capacityMetrics } from './capacity-metrics.ts'
import { messageMetrics } from './message-metrics.ts'
import { certificateMetrics } from './certificate-metrics.ts'
import { spanMetrics } from './span-metrics.ts'
import { DEVICE, deviceMetrics } from './device-metrics.ts'
import { qualityMetrics, securityMetrics, sinkFlowMetrics } from './flow-metrics.ts'
import { healthMetrics } from './health-metrics.ts'
import { httpMetrics } from './http-metrics.ts'
import { kpiMetrics } from './kpi-metrics.ts'
import { define, type MetricInfo } from './metric-info.ts'
import { processMetrics, scrapeMetrics } from './process-metrics.ts'

export type { MetricInfo }

const LINE = ['line'] as const
const SINK = ['sink', 'kind'] as const
const CLIENT = ['client'] as const

/** Every metric of the gateway itself; `process_*` and `nodejs_*` come from the Prometheus client. */
export const metricsTable = [
  define('bifrost_build_info', 'gauge', '', ['version', 'node'], 'Always 1; the labels say what runs.'),
  define('bifrost_config_info', 'gauge', '', ['hash', 'version'], 'Always 1; the labels say which configuration runs.'),
  define(
    'bifrost_config_last_reload_successful',
    'gauge',
    '',
    [],
    '1: the configuration that runs is the last one that was read; 0: the files are not good, and what ran before goes on.',
  ),
  define(
    'bifrost_config_last_reload_success_timestamp_seconds',
    'gauge',
    'seconds',
    [],
    'When a configuration was last read and taken up.',
  ),
  define('bifrost_start_timestamp_seconds', 'gauge', 'seconds', [], 'When the gateway started.'),
  ...processMetrics,
  ...capacityMetrics,

  define(
    'bifrost_parameters_different',
    'gauge',
    '',
    ['device', 'set'],
    'Parameters of a set that were not equal to those stored, when it was last compared or restored.',
  ),
  define(
    'bifrost_parameters_compared_timestamp_seconds',
    'gauge',
    'seconds',
    ['device', 'set'],
    'When the set was last compared or restored.',
  ),

  ...deviceMetrics,
  define(
    'bifrost_line_utilisation_ratio',
    'gauge',
    '',
    LINE,
    'Share of the last minute in which a request was under way on the line (socket or serial port); "_other": the highest.',
    { query: 'topk(10, bifrost_line_utilisation_ratio)' },
  ),
  define(
    'bifrost_line_busy_seconds_total',
    'counter',
    'seconds',
    [...LINE, 'device', 'unit', 'by'],
    "Time of the line that a device's unit took; requests that overlap share it. No unit: the device, or which one is not known. By: the gateway itself, or the clients of a proxy.",
  ),
  define('bifrost_line_queued', 'gauge', '', LINE, 'Polls, commands and other requests that wait for the line.'),
  define('bifrost_line_in_flight', 'gauge', '', LINE, 'Requests under way on the line.'),
  define(
    'bifrost_line_in_flight_limit',
    'gauge',
    '',
    LINE,
    'Requests that may be under way on the line at once: what it was found to bear, within what is configured.',
  ),
  define('bifrost_proxy_clients', 'gauge', '', DEVICE, "Connected to the address of the device's proxy."),
  define('bifrost_proxy_requests_total', 'counter', '', DEVICE, 'Requests of the clients of a proxy.'),
  define(
    'bifrost_proxy_cache_hits_total',
    'counter',
    '',
    DEVICE,
    'Requests of the clients of a proxy that were answered from what was read lately.',
  ),
  define(
    'bifrost_proxy_refusals_total',
    'counter',
    '',
    [...DEVICE, 'reason'],
    'Requests and clients of a proxy that were turned away without asking the device, by reason.',
  ),
  define(
    'bifrost_subscription_stale_seconds',
    'gauge',
    'seconds',
    DEVICE,
    'How long the evidence has spoken against the subscriptions of the device: no notification or keep-alive in time, or a value that is read and was not reported; 0 while they are alive.',
  ),
  define('bifrost_subscription_items', 'gauge', '', DEVICE, 'Items that the device watches for us.'),
  define(
    'bifrost_subscription_rebuilds_total',
    'counter',
    '',
    [...DEVICE, 'level'],
    'Subscriptions that had gone silent: what was made anew, by level: subscription, session, socket.',
  ),
  define(
    'bifrost_subscription_notifications_missed_total',
    'counter',
    '',
    DEVICE,
    'Notifications that never came and that the device had no more when they were asked for again.',
  ),
  define(
    'bifrost_subscription_notifications_republished_total',
    'counter',
    '',
    DEVICE,
    'Notifications that never came and were sent again on request.',
  ),
  define(
    'bifrost_subscription_queue_overflows_total',
    'counter',
    '',
    DEVICE,
    'Values before which the queue of an item overflowed at the device: changes are lost. Raise `queueSize`.',
  ),
  define(
    'bifrost_subscription_canary_reads_total',
    'counter',
    '',
    DEVICE,
    'Reads that compared a value with what was reported of it.',
  ),
  define(
    'bifrost_device_clock_offset_seconds',
    'gauge',
    'seconds',
    DEVICE,
    "The device's clock before ours, from the times in its answers.",
  ),
  define('bifrost_device_clock_resets_total', 'counter', '', DEVICE, "How often the device's clock was set back."),

  ...qualityMetrics,
  define('bifrost_pipeline_rejected_total', 'counter', '', ['rule'], 'Samples whose value a pipeline rule refused.'),

  define('bifrost_sink_up', 'gauge', '', SINK, '1 when the sink is in state Running, 0 otherwise.'),
  define(
    'bifrost_sink_samples_routed_total',
    'counter',
    '',
    SINK,
    'Samples meant for the sink. Always routed = delivered + pending + dropped.',
  ),
  define('bifrost_sink_samples_delivered_total', 'counter', '', SINK, 'Samples that the far side has confirmed.'),
  define('bifrost_sink_samples_pending', 'gauge', '', SINK, 'Samples in the log that the far side has not confirmed.'),
  define(
    'bifrost_sink_samples_dropped_total',
    'counter',
    '',
    [...SINK, 'reason'],
    'Samples that will never be delivered, by reason.',
    { query: 'sum by (sink, reason) (increase(bifrost_sink_samples_dropped_total[1h])) > 0' },
  ),
  define(
    'bifrost_sink_dropped_messages_total',
    'counter',
    '',
    [...SINK, 'reason'],
    'The same count as bifrost_sink_samples_dropped_total: one message a sample.',
  ),
  define(
    'bifrost_sink_queue_messages',
    'gauge',
    '',
    SINK,
    'The same count as bifrost_sink_samples_pending: one message a sample.',
  ),
  define(
    'bifrost_sink_sent_messages_total',
    'counter',
    '',
    SINK,
    'The same count as bifrost_sink_samples_delivered_total: one message a sample.',
  ),
  define(
    'bifrost_sink_queue_oldest_timestamp_seconds',
    'gauge',
    'seconds',
    SINK,
    'Receive time of the oldest pending sample; absent when none is pending.',
    { query: 'time() - bifrost_sink_queue_oldest_timestamp_seconds' },
  ),
  define(
    'bifrost_sink_send_duration_seconds',
    'histogram',
    'seconds',
    SINK,
    'Time until the far side confirmed a batch.',
    {
      buckets: DURATION_BOUNDS,
      query: 'histogram_quantile(0.95, sum by (le, sink) (rate(bifrost_sink_send_duration_seconds_bucket[5m])))',
    },
  ),
  ...sinkFlowMetrics,
  define(
    'bifrost_sink_samples_replayed_total',
    'counter',
    '',
    SINK,
    'Samples that were delivered again on command; no part of the account.',
  ),
  define('bifrost_sink_retries_total', 'counter', '', SINK, 'Batches that were sent again.'),
  define('bifrost_sink_reconnects_total', 'counter', '', SINK, 'Connections made again after one was lost.'),

  define(
    'bifrost_sign_ins_total',
    'counter',
    '',
    ['result'],
    'Sign-ins: ok, failed, or paused, refused without a look at the password for the pause after failures.',
  ),
  define(
    'bifrost_credentials_refused_total',
    'counter',
    '',
    ['kind'],
    'Bearer tokens and client certificates that stand for nobody, and attempts at the set-up that failed.',
  ),
  define('bifrost_sessions', 'gauge', '', [], 'Sessions of people who are signed in.'),

  define(
    'bifrost_received_up',
    'gauge',
    '',
    CLIENT,
    '1 when the gateway that sends its log here is connected, 0 otherwise.',
  ),
  define(
    'bifrost_received_samples_total',
    'counter',
    '',
    CLIENT,
    'Samples taken from the log of another gateway, those that came again included.',
  ),
  define(
    'bifrost_received_samples_repeated_total',
    'counter',
    '',
    CLIENT,
    'Of these, samples that came though they were here; they are not stored again.',
  ),
  define(
    'bifrost_received_samples_rejected_total',
    'counter',
    '',
    CLIENT,
    'Samples that were not taken, such as those of a device that is configured here; they are dead letters there.',
  ),
  define(
    'bifrost_received_samples_left_out_total',
    'counter',
    '',
    CLIENT,
    'Samples that the other gateway left out on purpose, to thin them.',
  ),
  define(
    'bifrost_received_bytes_total',
    'counter',
    'bytes',
    CLIENT,
    'Bytes of the link from the other gateway, without those of TLS and TCP.',
  ),

  ...kpiMetrics,
  ...certificateMetrics,
  ...spanMetrics,

  define('bifrost_log_bytes', 'gauge', 'bytes', [], 'Size of the log on disk.'),
  define('bifrost_log_next_seq', 'gauge', '', [], 'The sequence number that the next sample gets.'),
  define('bifrost_log_durable_seq', 'gauge', '', [], 'The highest sequence number that is safe on disk.'),
  define('bifrost_log_written_bytes_total', 'counter', 'bytes', [], 'Bytes written to the log.'),
  define(
    'bifrost_log_fsync_duration_seconds',
    'histogram',
    'seconds',
    [],
    'Time that the disk took to make a group of samples safe.',
    {
      buckets: DISK_BOUNDS,
      query: 'histogram_quantile(0.99, sum by (le) (rate(bifrost_log_fsync_duration_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_log_corrupt_frames_total',
    'counter',
    '',
    [],
    'Damaged frames that were found in the log and skipped.',
  ),
  define('bifrost_log_pending_samples', 'gauge', '', [], 'Samples that wait in memory for the disk.'),
  define('bifrost_log_refused_samples_total', 'counter', '', [], 'Samples refused because the disk fell behind.'),
  define('bifrost_log_failed', 'gauge', '', [], '1 when the log cannot be written.'),
  define(
    'bifrost_log_full',
    'gauge',
    '',
    [],
    '1 when the log is at its bound and refuses new samples to keep old ones.',
  ),
  define(
    'bifrost_log_held_seconds',
    'gauge',
    'seconds',
    [],
    'How long a sink may be away before samples are lost, at the rate of the last minutes; NaN when unknown.',
  ),
  define(
    'bifrost_log_left_seconds',
    'gauge',
    'seconds',
    [],
    'How long until samples are lost that a sink does not have, if none takes any from now on; NaN when unknown.',
    { query: 'bifrost_log_left_seconds < 3600' },
  ),
  define('bifrost_trend_bytes', 'gauge', 'bytes', [], 'Size of the trends on disk, which are kept beside the log.'),
  define('bifrost_trend_damaged_total', 'counter', '', [], 'Trend files, and parts of them, that did not check.'),

  ...httpMetrics,
  define('bifrost_live_clients', 'gauge', '', [], 'Live sockets that are open.'),
  define(
    'bifrost_live_conflated_total',
    'counter',
    '',
    [],
    'Changes that live clients did not get because newer ones replaced them.',
  ),

  ...auditMetrics,
  ...backupMetrics,
  ...healthMetrics,
  ...securityMetrics,
  ...alertMetrics,
  ...messageMetrics,

  ...scrapeMetrics,
] as const satisfies readonly MetricInfo[]

/** The name of one of our metrics. */
export type MetricName = (typeof metricsTable)[number]['name']
