/** Objectives and error budgets: what was promised, what was reached, what is left, and how fast it is used. */
import { dashboard, ON } from './frame.ts'
import { graph, stat, table } from './panels.ts'

/** As the objective has it: requests of people and programs. */
const ASKED = `${ON}, route!~"/metrics|/livez|/readyz|/startupz"`
const PER_BUDGET = '/ on (slo) group_left () slo:error_budget:ratio'

const OBJECTIVES = [
  ['availability', 'Availability', 'The gateway answers 99.9 % of the time.'],
  ['api_latency', 'API latency', '95 % of the requests are answered within 500 ms.'],
  ['api_errors', 'API errors', 'Less than 0.1 % of the requests fail with 5xx.'],
  ['completeness', 'Completeness', '99.9 % of the samples that should have come are there and good.'],
  ['freshness', 'Freshness', '99 % of the samples are confirmed by the far side within 10 s.'],
] as const

const burn = (window: string, limits: { warn?: number; alarm?: number }, says: string) =>
  graph({
    title: `Burn rate over ${window}`,
    description: `How many times faster than allowed the error budget was used in the last ${window}; at 1 it just lasts for 30 days. ${says}`,
    unit: 'none',
    decimals: 1,
    queries: [{ expr: `max by (slo) (slo:bad:ratio_rate${window}{${ON}} ${PER_BUDGET})`, legend: '{{slo}}' }],
    limits,
    many: true,
  })

export const slo = dashboard({
  uid: 'bifrost-slo',
  title: 'SLO and error budget',
  description: 'What was promised, what was reached, what of the error budget is left, and how fast it is used.',
  rows: [
    {
      title: 'Error budget left (30 days, the worst gateway)',
      panels: [
        ...OBJECTIVES.map(([name, title, promise]) =>
          stat({
            title,
            description: `${promise} Shown is the share of the error budget that is left; below 0 it is overdrawn.`,
            unit: 'percentunit',
            queries: [{ expr: `min(slo:error_budget_remaining:ratio_30d{${ON}, slo="${name}"})` }],
            limits: { warn: 0.5, alarm: 0.1, below: true },
            decimals: 1,
          }),
        ),
        stat({
          title: 'Objectives missed',
          description: 'Objectives of gateways whose budget of 30 days is used up.',
          unit: 'none',
          queries: [{ expr: `count(slo:error_budget_remaining:ratio_30d{${ON}} < 0) or vector(0)` }],
          limits: { alarm: 1 },
        }),
        graph({
          title: 'Budget left',
          description: 'The course of the error budget of each objective; the worst gateway.',
          unit: 'percentunit',
          queries: [{ expr: `min by (slo) (slo:error_budget_remaining:ratio_30d{${ON}})`, legend: '{{slo}}' }],
          limits: { warn: 0.5, alarm: 0.1, below: true },
          max: 1,
          many: true,
        }),
        table({
          title: 'Reached',
          description: 'Share of good events against the promise, over windows that get shorter.',
          unit: 'percentunit',
          decimals: 3,
          queries: [
            { expr: 'sum by (slo) (slo:objective:ratio)' },
            { expr: `1 - max by (slo) (slo:bad:ratio_rate30d{${ON}})` },
            { expr: `1 - max by (slo) (slo:bad:ratio_rate1d{${ON}})` },
            { expr: `1 - max by (slo) (slo:bad:ratio_rate1h{${ON}})` },
            { expr: `1 - max by (slo) (slo:bad:ratio_rate5m{${ON}})` },
          ],
          names: {
            'Value #A': 'promised',
            'Value #B': '30 days',
            'Value #C': '1 day',
            'Value #D': '1 hour',
            'Value #E': '5 minutes',
          },
        }),
      ],
    },
    {
      title: 'How fast it is used',
      panels: [
        burn('1h', { alarm: 14.4 }, 'Somebody is woken when the last five minutes agree.'),
        burn('6h', { alarm: 6 }, 'Somebody is woken when the last half hour agrees.'),
        burn('1d', { warn: 3 }, 'A ticket when the last two hours agree.'),
        burn('3d', { warn: 1 }, 'A ticket when the last six hours agree.'),
      ],
    },
    {
      title: 'Behind it',
      panels: [
        graph({
          title: 'Bad events',
          description: 'Share of bad events of each objective over five minutes; the worst gateway.',
          unit: 'percentunit',
          queries: [{ expr: `max by (slo) (slo:bad:ratio_rate5m{${ON}})`, legend: '{{slo}}' }],
          many: true,
        }),
        graph({
          title: 'Events',
          description: 'Events a second that each objective is measured by: requests, samples, deliveries.',
          unit: 'cps',
          queries: [{ expr: `sum by (slo) (slo:events:rate5m{${ON}, slo!="availability"})`, legend: '{{slo}}' }],
          many: true,
        }),
        graph({
          title: 'API, 95th percentile',
          description: 'Time until an answer was complete, by route; the five slowest.',
          unit: 's',
          queries: [
            {
              expr: `topk(5, histogram_quantile(0.95, sum by (route, le) (rate(bifrost_http_request_duration_seconds_bucket{${ON}}[$__rate_interval]))))`,
              legend: '{{route}}',
            },
          ],
          limits: { alarm: 0.5 },
          many: true,
        }),
        graph({
          title: 'API errors',
          description: 'Share of the requests that failed with 5xx; those of the monitoring itself do not count.',
          unit: 'percentunit',
          queries: [
            {
              expr: `(sum(rate(bifrost_http_requests_total{${ASKED}, status=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(bifrost_http_requests_total{${ASKED}}[$__rate_interval]))`,
              legend: '5xx',
            },
          ],
          limits: { alarm: 0.001 },
        }),
      ],
    },
  ],
})
