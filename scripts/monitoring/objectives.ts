/**
 * What the gateway promises, and how the promise is measured: for each objective how many events there were a second, and how many
 * of them were bad. Everything else (ratios over windows, burn rates, budgets) is the same arithmetic for all of them. What happens
 * while a maintenance window for the whole gateway is active does not count. Targets, and which requests and bounds count, are those of
 * the report (`bifrost slo report`): both say the same of the same time.
 */
import { ASKED, AT_ONCE, OBJECTIVES, upTo } from '../../src/report/objectives.ts'

export interface Objective {
  /** The label `slo` of all series. */
  readonly slo: string
  /** The share of events that has to be good, over 30 days. */
  readonly objective: number
  readonly promise: string
  /** PromQL, per gateway: events a second over five minutes, and the bad ones of them. */
  readonly events: string
  readonly bad: string
}

const requests = (selector: string): string =>
  `sum without (route, method, status) (rate(bifrost_http_requests_total{${selector}}[5m]))`

/** All there were. */
const ALL = 'le="+Inf"'

const within = (le: string): string =>
  `sum without (route, le) (rate(bifrost_http_request_duration_seconds_bucket{${le},${AT_ONCE}}[5m]))`

const samples = (kind: 'expected' | 'good'): string =>
  `sum without (device, driver) (rate(bifrost_device_samples_${kind}_total[5m]))`

const delivered = (le: string): string =>
  `sum without (sink, kind, le) (rate(bifrost_sink_delivery_age_seconds_bucket{${le}}[5m]))`

const targetOf = (slo: string): number => OBJECTIVES.find((one) => one.slo === slo)!.target

export const objectives: readonly Objective[] = [
  {
    slo: 'availability',
    objective: targetOf('availability'),
    promise: 'The gateway answers its monitoring.',
    events: 'avg_over_time(up{job="bifrost"}[5m]) * 0 + 1',
    bad: '1 - avg_over_time(up{job="bifrost"}[5m])',
  },
  {
    slo: 'api_errors',
    objective: targetOf('api_errors'),
    promise: 'Requests to the API are answered without an error of the gateway (5xx).',
    events: requests(ASKED),
    bad: `${requests(`status=~"5..",${ASKED}`)} or 0 * ${requests(ASKED)}`,
  },
  {
    slo: 'api_latency',
    objective: targetOf('api_latency'),
    promise: '95 % of the requests to the API are answered within half a second.',
    events: within(ALL),
    bad: `${within(ALL)} - ${within(upTo(0.5))}`,
  },
  {
    slo: 'completeness',
    objective: targetOf('completeness'),
    promise: 'Samples that should have come have come, and are good.',
    events: samples('expected'),
    bad: `clamp_min(${samples('expected')} - ${samples('good')}, 0)`,
  },
  {
    slo: 'freshness',
    objective: targetOf('freshness'),
    promise: '99 % of the samples are confirmed by the far side within ten seconds.',
    events: delivered(ALL),
    bad: `${delivered(ALL)} - ${delivered(upTo(10))}`,
  },
]

/** Windows of the ratios, and how often they are computed. */
export const SHORT_WINDOWS = ['30m', '1h', '2h', '6h'] as const
export const LONG_WINDOWS = ['1d', '3d', '30d'] as const

/** Google SRE workbook, chapter 5, table 5-8: how fast the budget burns, over which two windows, and who is told. */
export const BURN_RATES = [
  {
    factor: 14.4,
    long: '1h',
    short: '5m',
    hold: '2m',
    severity: 'critical',
    spends: '2 % of the budget of a month in an hour',
  },
  {
    factor: 6,
    long: '6h',
    short: '30m',
    hold: '15m',
    severity: 'critical',
    spends: '5 % of the budget of a month in six hours',
  },
  {
    factor: 3,
    long: '1d',
    short: '2h',
    hold: '1h',
    severity: 'warning',
    spends: '10 % of the budget of a month in a day',
  },
  {
    factor: 1,
    long: '3d',
    short: '6h',
    hold: '3h',
    severity: 'warning',
    spends: 'the budget of a month before the month is over',
  },
] as const
