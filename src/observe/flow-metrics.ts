/** The part of the table of metrics that is about samples on their way: tags by status, quality, and how sinks keep up. */
import { AGE_BOUNDS } from '../core/histogram.ts'
import { define } from './metric-info.ts'

const SINK = ['sink', 'kind'] as const

export const qualityMetrics = [
  define('bifrost_tags', 'gauge', '', ['quality'], 'Tags by the quality of their latest value: good, uncertain, bad.'),
  define(
    'bifrost_tags_by_status',
    'gauge',
    '',
    ['status'],
    'Tags by the status of their latest value. Beyond 64 statuses: status="_other".',
    { query: 'bifrost_tags_by_status{status!="Good"} > 0' },
  ),
  define('bifrost_tag_updates_total', 'counter', '', [], 'Samples received from devices.'),
  define(
    'bifrost_samples_total',
    'counter',
    '',
    ['quality'],
    'The same by the quality that the driver gave them: good, uncertain, bad. What a rule of the pipeline makes of them is in bifrost_pipeline_rejected_total.',
    {
      query:
        'rate(bifrost_samples_total{quality="good"}[5m]) / ignoring (quality) sum without (quality) (rate(bifrost_samples_total[5m]))',
    },
  ),
] as const

export const sinkFlowMetrics = [
  define(
    'bifrost_sink_queue_bytes',
    'gauge',
    'bytes',
    SINK,
    'About how many bytes of the log on the disk hold what is pending: retention must leave them.',
    { query: 'deriv(bifrost_sink_queue_bytes[15m]) > 0' },
  ),
  define(
    'bifrost_sink_delivery_age_seconds',
    'histogram',
    'seconds',
    SINK,
    'From the arrival of a sample here until the far side had confirmed it, by samples. Of a batch the first and the last arrival are known: the samples between are taken to have come evenly. Setting the clock in between moves it.',
    {
      buckets: AGE_BOUNDS,
      query: 'histogram_quantile(0.99, sum by (le, sink) (rate(bifrost_sink_delivery_age_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_sink_ledger_unbalanced',
    'gauge',
    '',
    SINK,
    '1: routed is not delivered + pending + dropped: samples went where nobody counted them. Report it.',
  ),
] as const

export const securityMetrics = [
  define(
    'bifrost_security_events_total',
    'counter',
    '',
    ['kind'],
    'Since the start: lock-out (a failed sign-in began or renewed a pause), certificate-rejected (a certificate of OPC UA that is not trusted, looked for once a minute, or a client certificate of nobody), permission-denied (requests answered with 403), token-refused (bearer tokens of nobody, wrong set-up tokens), audit-broken (the audit log was changed).',
    { query: 'sum by (kind) (increase(bifrost_security_events_total[1h])) > 0' },
  ),
] as const
