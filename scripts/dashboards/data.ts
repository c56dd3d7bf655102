/** Data: how much comes, how good and how complete it is, and what the plant makes of it (availability, performance, quality, OEE). */
import { dashboard, ON, ON_DEVICE } from './frame.ts'
import { graph, stat, table } from './panels.ts'

const OEE_LIMITS = { warn: 0.85, alarm: 0.6, below: true } as const

const factor = (name: string, description: string) =>
  stat({
    title: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    description: `${description} Mean of the assets.`,
    unit: 'percentunit',
    queries: [{ expr: `avg(bifrost_asset_${name}_ratio{${ON}})` }],
    decimals: 1,
    span: 6,
    ...(name === 'oee' ? { limits: OEE_LIMITS, title: 'OEE' } : {}),
  })

export const data = dashboard({
  uid: 'bifrost-data',
  title: 'Data quality and throughput',
  description: 'How much data comes, how good and how complete it is, and the key figures of the assets.',
  picks: ['device'],
  rows: [
    {
      title: 'Completeness',
      panels: [
        stat({
          title: 'Completeness',
          description: 'Good samples over those that were expected, of the chosen devices, in the time shown.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum(increase(bifrost_device_samples_good_total{${ON_DEVICE}}[$__range])) / sum(increase(bifrost_device_samples_expected_total{${ON_DEVICE}}[$__range]))`,
            },
          ],
          limits: { warn: 0.999, alarm: 0.99, below: true },
          decimals: 3,
          span: 6,
          more: 'bifrost-slo',
        }),
        stat({
          title: 'Samples',
          description: 'Samples a second that came in.',
          unit: 'cps',
          queries: [{ expr: `sum(rate(bifrost_tag_updates_total{${ON}}[$__rate_interval]))` }],
          span: 6,
        }),
        stat({
          title: 'Tags',
          description: 'Tags that are configured.',
          unit: 'short',
          queries: [{ expr: `sum(bifrost_tags{${ON}})` }],
          span: 6,
        }),
        stat({
          title: 'Good tags',
          description: 'Share of the tags whose latest value is good.',
          unit: 'percentunit',
          queries: [{ expr: `sum(bifrost_tags{${ON}, quality="good"}) / sum(bifrost_tags{${ON}})` }],
          limits: { warn: 0.99, alarm: 0.9, below: true },
          decimals: 1,
          span: 6,
        }),
        graph({
          title: 'Completeness by device',
          description: 'Good samples over those that were expected.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (device) (rate(bifrost_device_samples_good_total{${ON_DEVICE}}[$__rate_interval])) / sum by (device) (rate(bifrost_device_samples_expected_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{device}}',
            },
          ],
          limits: { warn: 0.999, below: true },
          many: true,
        }),
        graph({
          title: 'Samples by quality',
          description: 'Samples a second, by their quality.',
          unit: 'cps',
          queries: [
            { expr: `sum by (quality) (rate(bifrost_samples_total{${ON}}[$__rate_interval]))`, legend: '{{quality}}' },
          ],
          stacked: true,
        }),
      ],
    },
    {
      title: 'Quality',
      panels: [
        graph({
          title: 'Tags by status',
          description: 'Tags by the status of their latest value; Good is left out.',
          unit: 'none',
          queries: [
            {
              expr: `sum by (status) (bifrost_tags_by_status{${ON}, status!="Good"}) or vector(0)`,
              legend: '{{status}}',
            },
          ],
          stacked: true,
          many: true,
        }),
        graph({
          title: 'Refused by rule',
          description: 'Samples a second whose value a rule of the pipeline refused.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (rule) (rate(bifrost_pipeline_rejected_total{${ON}}[$__rate_interval]))`,
              legend: '{{rule}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Throughput by device',
          description: 'Good samples a second of each device.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (device) (rate(bifrost_device_samples_good_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{device}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Backfilled',
          description: 'Samples a second that were read from the devices’ own history, to fill gaps.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (device) (rate(bifrost_device_backfilled_samples_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{device}}',
            },
          ],
          many: true,
        }),
      ],
    },
    {
      title: 'Assets (availability × performance × quality = OEE)',
      panels: [
        factor('oee', 'Overall equipment effectiveness: the product of the three.'),
        factor('availability', 'Time that the asset ran over the time that was planned.'),
        factor('performance', 'What was made over what could have been made while it ran.'),
        factor('quality', 'Good pieces over all that were made.'),
        graph({
          title: 'OEE by asset',
          description: 'Overall equipment effectiveness of each asset.',
          unit: 'percentunit',
          queries: [{ expr: `bifrost_asset_oee_ratio{${ON}}`, legend: '{{asset}}' }],
          limits: OEE_LIMITS,
          max: 1,
          many: true,
        }),
        table({
          title: 'Assets',
          description: 'The key figures of each asset since the gateway started, and pieces made and rejected.',
          unit: 'none',
          queries: [
            { expr: `sum by (instance, asset) (bifrost_asset_availability_ratio{${ON}})` },
            { expr: `sum by (instance, asset) (bifrost_asset_performance_ratio{${ON}})` },
            { expr: `sum by (instance, asset) (bifrost_asset_quality_ratio{${ON}})` },
            { expr: `sum by (instance, asset) (bifrost_asset_produced_total{${ON}})` },
            { expr: `sum by (instance, asset) (bifrost_asset_rejected_total{${ON}})` },
          ],
          names: {
            'Value #A': 'availability',
            'Value #B': 'performance',
            'Value #C': 'quality',
            'Value #D': 'made',
            'Value #E': 'rejected',
          },
        }),
      ],
    },
  ],
})
