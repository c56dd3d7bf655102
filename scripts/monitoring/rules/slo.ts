/** Objectives: recording rules that anybody may read (`slo:…`), burn-rate alerts, and what is left of the budget. */
import { BURN_RATES, LONG_WINDOWS, objectives, SHORT_WINDOWS } from '../objectives.ts'
import type { AlertRule, FiringCase, QuietCase, RecordingRule, RuleFile, Step } from '../rule.ts'

/** With five minutes after it: the rates look back so far. */
const NOT_IN_MAINTENANCE =
  'unless on (job, instance) last_over_time(ALERTS{alertname="BifrostGatewayInMaintenance",alertstate="firing"}[5m])'

const counts: RecordingRule[] = objectives.flatMap(({ slo, events, bad }) => [
  { record: 'slo:events:rate5m', expr: `(${events}) ${NOT_IN_MAINTENANCE}`, labels: { slo } },
  { record: 'slo:bad_events:rate5m', expr: `(${bad}) ${NOT_IN_MAINTENANCE}`, labels: { slo } },
])

const promises: RecordingRule[] = objectives.flatMap(({ slo, objective }) => [
  { record: 'slo:objective:ratio', expr: `vector(${objective})`, labels: { slo } },
  { record: 'slo:error_budget:ratio', expr: `vector(1 - ${objective})`, labels: { slo } },
])

/** By events, not by time: an hour in which nobody asked weighs nothing. */
const ratioOver = (window: string): RecordingRule => ({
  record: `slo:bad:ratio_rate${window}`,
  expr: `sum_over_time(slo:bad_events:rate5m[${window}]) / (sum_over_time(slo:events:rate5m[${window}]) > 0)`,
})

const ratioNow: RecordingRule = {
  record: 'slo:bad:ratio_rate5m',
  expr: 'slo:bad_events:rate5m / (slo:events:rate5m > 0)',
}

const STEPS: readonly Step[] = [
  [
    'Which objective, and since when?',
    'promtool query instant http://127.0.0.1:9090 slo:bad:ratio_rate1h',
    'availability: see BifrostGatewayDown and BifrostGatewayRestarts',
    'api_errors: see BifrostApiErrorRatio; api_latency: see BifrostApiSlow',
    'completeness: go on with 2',
    'freshness: go on with 3',
  ],
  [
    'Which devices bring too few samples?',
    `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/devices`,
    'those that are away: see BifrostDeviceDisconnected',
    'all of a line: see BifrostPollsLate and BifrostLineSaturated',
  ],
  [
    'Which sink is late?',
    'bifrost sink list',
    'one that was away and makes up for it: it passes',
    'one that is slow: see BifrostSinkQueueOld',
  ],
]

/** Completeness at a given share of bad samples, then without any. */
const incomplete = (bad: number, minutes: number, after: number) => ({
  'bifrost_device_samples_expected_total{device="press-1",driver="modbus"}': `0+10000x${minutes + after}`,
  'bifrost_device_samples_good_total{device="press-1",driver="modbus"}': `0+${10_000 - bad}x${minutes} ${(10_000 - bad) * minutes + 10_000}+10000x${after}`,
})

const CASES: readonly { readonly firing: FiringCase; readonly quiet: QuietCase }[] = [
  {
    firing: {
      series: { up: '1x60 0x5 1x30' },
      step: '1m',
      evaluate: '30s',
      notYet: '1h1m',
      fires: '1h8m',
      clears: '1h20m',
      labels: { slo: 'availability' },
      value: '8.099%',
    },
    quiet: {
      why: 'it burned an hour ago and does not now',
      series: { up: '1x60 0 1x60' },
      step: '1m',
      evaluate: '30s',
      at: ['1h10m', '1h30m'],
    },
  },
  {
    firing: {
      series: incomplete(80, 120, 120),
      step: '1m',
      evaluate: '1m',
      notYet: '10m',
      fires: '1h',
      clears: '2h40m',
      labels: { slo: 'completeness' },
      value: '0.8%',
    },
    quiet: {
      why: 'three times the rate',
      series: incomplete(30, 240, 10),
      step: '1m',
      evaluate: '1m',
      at: ['1h', '4h'],
    },
  },
  {
    firing: {
      series: incomplete(40, 300, 300),
      step: '1m',
      evaluate: '5m',
      notYet: '50m',
      fires: '4h',
      clears: '9h',
      labels: { slo: 'completeness' },
      value: '0.4%',
    },
    quiet: { why: 'twice the rate', series: incomplete(20, 600, 10), step: '1m', evaluate: '5m', at: ['4h', '10h'] },
  },
  {
    firing: {
      series: incomplete(20, 600, 600),
      step: '1m',
      evaluate: '5m',
      notYet: '2h',
      fires: '9h',
      clears: '18h',
      labels: { slo: 'completeness' },
      value: '0.2%',
    },
    quiet: {
      why: 'half of what it may',
      series: incomplete(5, 900, 10),
      step: '1m',
      evaluate: '5m',
      at: ['9h', '15h'],
    },
  },
]

const burns: AlertRule[] = BURN_RATES.map(({ factor, long, short, hold, severity, spends }, i) => {
  const over = (window: string): string =>
    `slo:bad:ratio_rate${window} > on (slo) group_left () (${factor} * slo:error_budget:ratio)`
  return {
    alert: `BifrostErrorBudgetBurn${long}`,
    expr: `${over(long)}\nand\n${over(short)}`,
    for: hold,
    severity,
    category: 'slo',
    summary: `{instance} misses its objective {slo}: {value:percent} bad within ${long}`,
    description: `Of the events of the objective {slo} of gateway {instance} {value:percent} were bad within ${long}, and it goes on: more than ${factor} times what may be. That spends ${spends}.`,
    dashboard: 'bifrost-slo',
    page: {
      meaning: `The share of bad events over ${long} and over ${short} is above ${factor} times the error budget. The long window says that it matters, the short one that it goes on now.`,
      causes: objectives.map(({ slo, promise, objective }) => `${slo} (${objective * 100} %): ${promise}`),
      steps: STEPS,
      clears: `When less than ${factor} times the budget was bad within the last ${short}. Planned works do not count: open a maintenance window for the whole gateway.`,
    },
    ...CASES[i]!,
  }
})

const spent: AlertRule = {
  alert: 'BifrostErrorBudgetSpent',
  expr: `slo:error_budget_remaining:ratio_30d < 0.1
and slo:events:rate5m offset 1d`,
  for: '1h',
  severity: 'warning',
  category: 'slo',
  summary: 'The error budget of {slo} of {instance} is nearly spent',
  description:
    'Of what may be bad within 30 days for the objective {slo} of gateway {instance}, {value:percent} are left. Put off risky changes, and find what spent it.',
  dashboard: 'bifrost-slo',
  page: {
    meaning:
      'Less than a tenth of the budget of 30 days is left; below 0 the promise is broken. It is told when at least a day was measured.',
    causes: ['one long outage', 'many short ones that nobody looked into'],
    steps: STEPS,
    clears: 'As what was bad leaves the window of 30 days.',
  },
  firing: {
    series: incomplete(20, 1800, 5400),
    step: '1m',
    evaluate: '5m',
    notYet: '24h',
    fires: '27h',
    clears: '75h',
    labels: { slo: 'completeness' },
    value: '-100%',
  },
  quiet: { why: 'half of the budget', series: incomplete(5, 1800, 10), step: '1m', evaluate: '5m', at: ['27h', '30h'] },
}

const AT = 'job="bifrost",instance="edge-1:8080"'

export const sloRules: RuleFile = {
  name: 'slo',
  about: 'Objectives: events, bad events, ratios over windows, burn-rate alerts, what is left of the budget.',
  groups: [
    {
      name: 'bifrost-slo',
      interval: '30s',
      records: [...promises, ...counts, ratioNow, ...SHORT_WINDOWS.map(ratioOver)],
      alerts: burns.slice(0, 2),
    },
    {
      name: 'bifrost-slo-long',
      interval: '5m',
      records: [
        ...LONG_WINDOWS.map(ratioOver),
        {
          record: 'slo:error_budget_remaining:ratio_30d',
          expr: '1 - slo:bad:ratio_rate30d / on (slo) group_left () slo:error_budget:ratio',
        },
      ],
      alerts: [...burns.slice(2), spent],
    },
  ],
  recordingCases: [
    {
      why: 'events and bad events of every objective',
      step: '1m',
      series: {
        up: '1x5 0 1x4',
        'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="200"}': '0+54x10',
        'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="500"}': '0+6x10',
        'bifrost_http_requests_total{route="/metrics",method="GET",status="200"}': '0+6000x10',
        'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="0.5"}': '0+48x10',
        'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="+Inf"}': '0+60x10',
        'bifrost_http_request_duration_seconds_bucket{route="/api/v1/export",le="0.5"}': '0x10',
        'bifrost_http_request_duration_seconds_bucket{route="/api/v1/export",le="+Inf"}': '0+60x10',
        ...incomplete(600, 10, 1),
        'bifrost_sink_delivery_age_seconds_bucket{sink="plant",kind="mqtt",le="10"}': '0+540x10',
        'bifrost_sink_delivery_age_seconds_bucket{sink="plant",kind="mqtt",le="+Inf"}': '0+600x10',
        // As OpenMetrics writes the bound.
        'bifrost_sink_delivery_age_seconds_bucket{sink="cloud",kind="kafka",le="10.0"}': '0+600x10',
        'bifrost_sink_delivery_age_seconds_bucket{sink="cloud",kind="kafka",le="+Inf"}': '0+600x10',
      },
      expect: [
        {
          expr: 'round(slo:events:rate5m)',
          at: '10m',
          samples: {
            [`{${AT},slo="availability"}`]: 1,
            [`{${AT},slo="api_errors"}`]: 1,
            [`{${AT},slo="api_latency"}`]: 1,
            [`{${AT},slo="completeness"}`]: 167,
            [`{${AT},slo="freshness"}`]: 20,
          },
        },
        {
          expr: 'round(1e4 * slo:bad:ratio_rate5m)',
          at: '10m',
          samples: {
            [`{${AT},slo="availability"}`]: 1667,
            [`{${AT},slo="api_errors"}`]: 1000,
            [`{${AT},slo="api_latency"}`]: 2000,
            [`{${AT},slo="completeness"}`]: 600,
            [`{${AT},slo="freshness"}`]: 500,
          },
        },
        {
          expr: 'slo:objective:ratio',
          at: '1m',
          samples: Object.fromEntries(
            objectives.map(({ slo, objective }) => [`slo:objective:ratio{slo="${slo}"}`, objective]),
          ),
        },
      ],
    },
    {
      why: 'a gateway that is down within a maintenance window does not count, nor the five minutes in which the rates still see it',
      step: '1m',
      series: {
        up: '1x10 0x10 1x20',
        'ALERTS{alertname="BifrostGatewayInMaintenance",alertstate="firing",severity="info",category="gateway"}':
          '_x9 1x12 stale _x20',
      },
      expect: [
        { expr: 'slo:events:rate5m{slo="availability"}', at: '15m', samples: {} },
        {
          expr: 'sum_over_time(slo:bad_events:rate5m{slo="availability"}[40m])',
          at: '40m',
          samples: { [`{${AT},slo="availability"}`]: 0 },
        },
        {
          expr: 'slo:bad:ratio_rate30m{slo="availability"}',
          at: '40m',
          samples: { [`slo:bad:ratio_rate30m{${AT},slo="availability"}`]: 0 },
        },
      ],
    },
    {
      why: 'hours without a request weigh nothing, and windows of days give the budget that is left',
      step: '5m',
      evaluate: '5m',
      series: {
        'bifrost_device_samples_expected_total{device="press-1",driver="modbus"}': '0+10000x288 2880000x288',
        'bifrost_device_samples_good_total{device="press-1",driver="modbus"}': '0+9995x288 2878560x288',
      },
      expect: [
        ...['30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window) => ({
          expr: `round(1e5 * slo:bad:ratio_rate${window})`,
          at: '23h',
          samples: { [`{${AT},slo="completeness"}`]: 50 },
        })),
        { expr: 'round(1e5 * slo:bad:ratio_rate30d)', at: '47h', samples: { [`{${AT},slo="completeness"}`]: 50 } },
        { expr: 'slo:bad:ratio_rate6h', at: '47h', samples: {} },
        {
          expr: 'round(100 * slo:error_budget_remaining:ratio_30d)',
          at: '47h',
          samples: { [`{${AT},slo="completeness"}`]: 50 },
        },
        {
          expr: 'round(1e4 * slo:error_budget:ratio{slo="completeness"})',
          at: '1h',
          samples: { '{slo="completeness"}': 10 },
        },
      ],
    },
  ],
}
