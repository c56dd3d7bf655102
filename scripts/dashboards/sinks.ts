/** Sinks and buffers: does what was read arrive, how old is it then, what waits, and for how long there is room. */
import { dashboard, ON, ON_SINK } from './frame.ts'
import { NONE, upDown } from './palette.ts'
import { graph, stat, table, timeline } from './panels.ts'

const perSink = (metric: string): string => `sum by (sink) (rate(${metric}{${ON_SINK}}[$__rate_interval]))`

export const sinks = dashboard({
  uid: 'bifrost-sinks',
  title: 'Sinks and buffers',
  description: 'Whether what was read arrives, how old it is then, what waits, and for how long there is room.',
  picks: ['sink'],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Sinks not running',
          description: 'Sinks in another state than Running.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_sink_up{${ON_SINK}} == 0) or vector(0)` }],
          limits: { warn: 1 },
          mappings: NONE,
        }),
        stat({
          title: 'Ledgers that do not add up',
          description:
            'For every sink: routed = delivered + pending + dropped. Anything else is a defect of the gateway.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_sink_ledger_unbalanced{${ON_SINK}})` }],
          limits: { alarm: 1 },
          mappings: NONE,
        }),
        stat({
          title: 'Samples lost',
          description: 'Samples that will never be delivered, in the time shown.',
          unit: 'short',
          queries: [{ expr: `round(sum(increase(bifrost_sink_samples_dropped_total{${ON_SINK}}[$__range])))` }],
          limits: { alarm: 1 },
          mappings: NONE,
        }),
        stat({
          title: 'Oldest that waits',
          description: 'Age of the oldest sample that a sink does not have yet.',
          unit: 's',
          queries: [{ expr: `max(time() - bifrost_sink_queue_oldest_timestamp_seconds{${ON_SINK}}) or vector(0)` }],
          limits: { warn: 60, alarm: 3600 },
        }),
        stat({
          title: 'Until samples are lost',
          description: 'If no sink took anything from now on.',
          unit: 's',
          queries: [{ expr: `min(bifrost_log_left_seconds{${ON}})` }],
          limits: { warn: 86_400, alarm: 14_400, below: true },
        }),
        stat({
          title: 'Log',
          description: 'Size of the log on disk.',
          unit: 'bytes',
          queries: [{ expr: `sum(bifrost_log_bytes{${ON}})` }],
        }),
        timeline({
          title: 'Up and down',
          description: 'When each sink was in state Running.',
          unit: 'none',
          queries: [{ expr: `bifrost_sink_up{${ON_SINK}}`, legend: '{{sink}} ({{kind}})' }],
          mappings: upDown('running', 'not running'),
          span: 24,
        }),
      ],
    },
    {
      title: 'Delivery',
      panels: [
        graph({
          title: 'Delivered',
          description: 'Samples a second that the far side confirmed.',
          unit: 'cps',
          queries: [{ expr: perSink('bifrost_sink_samples_delivered_total'), legend: '{{sink}}' }],
          many: true,
        }),
        graph({
          title: 'Age at delivery, 99th percentile',
          description: 'From the arrival of a sample here to the confirmation of the far side.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (sink, le) (rate(bifrost_sink_delivery_age_seconds_bucket{${ON_SINK}}[$__rate_interval])))`,
              legend: '{{sink}}',
            },
          ],
          limits: { alarm: 10 },
          many: true,
          more: 'bifrost-slo',
        }),
        graph({
          title: 'Time to confirm, 95th percentile',
          description: 'Until the far side confirmed a batch.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (sink, le) (rate(bifrost_sink_send_duration_seconds_bucket{${ON_SINK}}[$__rate_interval])))`,
              legend: '{{sink}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Retries and reconnects',
          description: 'Batches sent again, and connections made again; a second.',
          unit: 'cps',
          queries: [
            { expr: perSink('bifrost_sink_retries_total'), legend: '{{sink}} retries' },
            { expr: perSink('bifrost_sink_reconnects_total'), legend: '{{sink}} reconnects' },
          ],
          many: true,
        }),
      ],
    },
    {
      title: 'Buffers',
      panels: [
        graph({
          title: 'Waiting samples',
          description: 'Samples in the log that the far side has not confirmed.',
          unit: 'short',
          queries: [{ expr: `sum by (sink) (bifrost_sink_samples_pending{${ON_SINK}})`, legend: '{{sink}}' }],
          many: true,
        }),
        graph({
          title: 'Waiting bytes',
          description: 'What those samples take on the disk.',
          unit: 'bytes',
          queries: [{ expr: `sum by (sink) (bifrost_sink_queue_bytes{${ON_SINK}})`, legend: '{{sink}}' }],
          many: true,
        }),
        graph({
          title: 'Lost, by reason',
          description: 'Samples a second that will never be delivered.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (sink, reason) (rate(bifrost_sink_samples_dropped_total{${ON_SINK}}[$__rate_interval]))`,
              legend: '{{sink}} {{reason}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Disk takes, 99th percentile',
          description: 'Time until the disk had made a group of samples safe.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (instance, le) (rate(bifrost_log_fsync_duration_seconds_bucket{${ON}}[$__rate_interval])))`,
              legend: '{{instance}}',
            },
          ],
          limits: { warn: 0.5, alarm: 2 },
          many: true,
        }),
        graph({
          title: 'Written',
          description: 'Bytes a second that go to the log.',
          unit: 'Bps',
          queries: [
            {
              expr: `sum by (instance) (rate(bifrost_log_written_bytes_total{${ON}}[$__rate_interval]))`,
              legend: '{{instance}}',
            },
          ],
          many: true,
        }),
        table({
          title: 'Accounts',
          description:
            'The ledger of each sink: routed = delivered + waiting + lost, in samples since its first start.',
          unit: 'short',
          queries: [
            { expr: `sum by (instance, sink, kind) (bifrost_sink_samples_routed_total{${ON_SINK}})` },
            { expr: `sum by (instance, sink, kind) (bifrost_sink_samples_delivered_total{${ON_SINK}})` },
            { expr: `sum by (instance, sink, kind) (bifrost_sink_samples_pending{${ON_SINK}})` },
            { expr: `sum by (instance, sink, kind) (bifrost_sink_samples_dropped_total{${ON_SINK}})` },
          ],
          names: { 'Value #A': 'routed', 'Value #B': 'delivered', 'Value #C': 'waiting', 'Value #D': 'lost' },
        }),
      ],
    },
    {
      title: 'Broker beside the gateway (redis exporter, where one is scraped)',
      panels: [
        graph({
          title: 'Redis memory',
          description: 'Memory that Redis uses; empty where no redis exporter is scraped.',
          unit: 'bytes',
          queries: [{ expr: 'redis_memory_used_bytes', legend: '{{instance}}' }],
          many: true,
        }),
        graph({
          title: 'Redis commands',
          description: 'Commands a second; empty where no redis exporter is scraped.',
          unit: 'cps',
          queries: [{ expr: 'rate(redis_commands_processed_total[$__rate_interval])', legend: '{{instance}}' }],
          many: true,
        }),
      ],
    },
  ],
})
