/**
 * The objectives of the service: each is a ratio of what was good over all there was, and a target. The recording rules of
 * `deploy/monitoring/rules` are made with the same targets and selectors (scripts/monitoring/objectives.ts). What happens while a
 * maintenance window of the whole gateway is active does not count.
 */
export interface Objective {
  readonly key: 'availability' | 'latency' | 'errors' | 'completeness' | 'freshness'
  /** The label `slo` of the recording rules. */
  readonly slo: string
  readonly title: string
  /** What the target says, for people. */
  readonly promise: string
  /** What is counted. */
  readonly unit: string
  /** Least share that must be good. */
  readonly target: number
  /** PromQL by gateway over a window of so many ms. */
  good(selector: string, ms: number): string
  total(selector: string, ms: number): string
}

/** A distribution whose percentiles the report shows. */
export interface Distribution {
  readonly key: Objective['key']
  readonly metric: string
  readonly selector: string
}

const BY_GATEWAY = 'by (job, instance)'

/** Requests of people and programs, not those of the monitoring. */
export const ASKED = 'route!~"/metrics|/livez|/readyz|/startupz"'
/** Of these, those that are answered at once: exports, live sockets and the like take their time by design. */
export const AT_ONCE = 'route!~"/metrics|/livez|/readyz|/startupz|.*(export|live|bundle|backup|scan|trace).*"'
/** Prometheus writes a bound as 10 or 10.0, by the format that it scraped. */
export const upTo = (seconds: number): string => `le=~"${String(seconds).replace('.', '[.]')}([.]0)?"`

const LATENCY = 'bifrost_http_request_duration_seconds'
const AGE = 'bifrost_sink_delivery_age_seconds'

/** With the sample at its beginning, from which an increase counts; Prometheus 3 would leave it out. */
export const increase = (metric: string, selector: string, ms: number, by = BY_GATEWAY): string =>
  `sum ${by} (increase(${metric}{${selector}}[${ms + 1}ms]))`

/** Without the sample at its beginning, which belongs to the window before; Prometheus 2 would count it in both. */
export const within = (ms: number): string => `[${Math.max(1, ms - 1)}ms]`

/** Without gateways that were in maintenance at some time of the window. */
export const unlessMaintained = (query: string, selector: string, ms: number): string =>
  `(${query}) unless on (job, instance) (${maintained(selector, ms)})`

/** Gateways that were in maintenance as a whole; the alert goes on while the gateway itself is away. */
export const maintained = (selector: string, ms: number): string =>
  `max by (job, instance) (max_over_time(bifrost_maintenance_active{${selector}, device=""}${within(ms)})) or max by (job, instance) (max_over_time(ALERTS{${selector}, alertname="BifrostGatewayInMaintenance", alertstate="firing"}${within(ms)}))`

export const OBJECTIVES: readonly Objective[] = [
  {
    key: 'availability',
    slo: 'availability',
    title: 'Availability',
    promise: 'the gateway answers 99.9 % of the time',
    unit: 'scrapes',
    target: 0.999,
    good: (selector, ms) => `sum ${BY_GATEWAY} (sum_over_time(up{${selector}}${within(ms)}))`,
    total: (selector, ms) => `sum ${BY_GATEWAY} (count_over_time(up{${selector}}${within(ms)}))`,
  },
  {
    key: 'latency',
    slo: 'api_latency',
    title: 'API latency',
    promise: '95 % of the requests are answered within 500 ms',
    unit: 'requests',
    target: 0.95,
    good: (selector, ms) => increase(`${LATENCY}_bucket`, `${selector}, ${AT_ONCE}, ${upTo(0.5)}`, ms),
    total: (selector, ms) => increase(`${LATENCY}_count`, `${selector}, ${AT_ONCE}`, ms),
  },
  {
    key: 'errors',
    slo: 'api_errors',
    title: 'API errors',
    promise: 'less than 0.1 % of the requests fail (5xx)',
    unit: 'requests',
    target: 0.999,
    good: (selector, ms) => increase('bifrost_http_requests_total', `${selector}, ${ASKED}, status!~"5.."`, ms),
    total: (selector, ms) => increase('bifrost_http_requests_total', `${selector}, ${ASKED}`, ms),
  },
  {
    key: 'completeness',
    slo: 'completeness',
    title: 'Data completeness',
    promise: '99.9 % of the expected samples are there and good',
    unit: 'samples',
    target: 0.999,
    good: (selector, ms) => increase('bifrost_device_samples_good_total', selector, ms),
    total: (selector, ms) => increase('bifrost_device_samples_expected_total', selector, ms),
  },
  {
    key: 'freshness',
    slo: 'freshness',
    title: 'Delivery freshness',
    promise: '99 % of the samples are delivered within 10 s',
    unit: 'samples',
    target: 0.99,
    good: (selector, ms) => increase(`${AGE}_bucket`, `${selector}, ${upTo(10)}`, ms),
    total: (selector, ms) => increase(`${AGE}_count`, selector, ms),
  },
]

export const DISTRIBUTIONS: readonly Distribution[] = [
  { key: 'latency', metric: `${LATENCY}_bucket`, selector: AT_ONCE },
  { key: 'freshness', metric: `${AGE}_bucket`, selector: '' },
]

/** Samples that are lost for good: let go before a sink had them, and refused by the log itself. */
export const LOSSES = ['bifrost_sink_samples_dropped_total', 'bifrost_log_refused_samples_total'] as const

export const QUANTILES = [0.5, 0.95, 0.99] as const
