/** The first page: is anything wrong, does data flow, and how much room is left. Everything on it leads to a page that says more. */
import { dashboard, ON } from './frame.ts'
import { NONE } from './palette.ts'
import { graph, stat, table } from './panels.ts'

export const overview = dashboard({
  uid: 'bifrost-overview',
  title: 'Overview',
  description: 'Whether anything is wrong, whether data flows, and how much room is left.',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Gateways away',
          description: 'Gateways that Prometheus asks and that do not answer.',
          unit: 'none',
          queries: [{ expr: `count(up{job="bifrost", ${ON}} == 0) or vector(0)` }],
          limits: { alarm: 1 },
          mappings: NONE,
          more: 'bifrost-fleet',
        }),
        stat({
          title: 'Devices not running',
          description: 'Devices that are enabled and in another state than Running.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_devices{${ON}, state!~"Running|Disabled"})` }],
          limits: { warn: 1 },
          mappings: NONE,
          more: 'bifrost-devices',
        }),
        stat({
          title: 'Bad tags',
          description: 'Share of the tags whose latest value has bad quality.',
          unit: 'percentunit',
          queries: [{ expr: `sum(bifrost_tags{${ON}, quality="bad"}) / sum(bifrost_tags{${ON}})` }],
          limits: { warn: 0.01, alarm: 0.1 },
          mappings: NONE,
          decimals: 1,
          more: 'bifrost-data',
        }),
        stat({
          title: 'Sinks not running',
          description: 'Sinks in another state than Running. Their samples wait in the log.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_sink_up{${ON}} == 0) or vector(0)` }],
          limits: { warn: 1 },
          mappings: NONE,
          more: 'bifrost-sinks',
        }),
        stat({
          title: 'Samples lost',
          description: 'Samples that no sink will get any more, in the time shown.',
          unit: 'short',
          queries: [
            {
              expr: `round(sum(increase(bifrost_sink_samples_dropped_total{${ON}}[$__range])) + sum(increase(bifrost_log_refused_samples_total{${ON}}[$__range])))`,
            },
          ],
          limits: { alarm: 1 },
          mappings: NONE,
          more: 'bifrost-sinks',
        }),
        stat({
          title: 'Alerts',
          description:
            'Alerts of the shipped rules that are firing in Prometheus, critical and warning; the one that always fires and mere facts are left out.',
          unit: 'none',
          queries: [
            {
              expr: `count(ALERTS{alertstate="firing", alertname=~"Bifrost.*", severity=~"critical|warning"}) or vector(0)`,
            },
          ],
          limits: { warn: 1 },
          mappings: NONE,
        }),
      ],
    },
    {
      title: 'Flow',
      panels: [
        graph({
          title: 'Samples by quality',
          description: 'Samples a second that came in, by their quality.',
          unit: 'cps',
          queries: [
            { expr: `sum by (quality) (rate(bifrost_samples_total{${ON}}[$__rate_interval]))`, legend: '{{quality}}' },
          ],
          stacked: true,
          more: 'bifrost-data',
        }),
        graph({
          title: 'Delivered and meant for sinks',
          description:
            'Samples a second that the far sides confirmed, and those that are meant for sinks; where the second is higher, what waits grows.',
          unit: 'cps',
          queries: [
            { expr: `sum(rate(bifrost_sink_samples_delivered_total{${ON}}[$__rate_interval]))`, legend: 'delivered' },
            {
              expr: `sum(rate(bifrost_sink_samples_routed_total{${ON}}[$__rate_interval]))`,
              legend: 'meant for sinks',
            },
          ],
          more: 'bifrost-sinks',
        }),
        graph({
          title: 'Devices by state',
          description: 'How many devices are in which state.',
          unit: 'none',
          queries: [{ expr: `sum by (state) (bifrost_devices{${ON}})`, legend: '{{state}}' }],
          stacked: true,
          more: 'bifrost-devices',
        }),
        graph({
          title: 'API requests',
          description: 'Requests a second by class of answer; 5xx are the gateway’s own failures.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (class) (label_replace(rate(bifrost_http_requests_total{${ON}}[$__rate_interval]), "class", "\${1}xx", "status", "(.).*"))`,
              legend: '{{class}}',
            },
          ],
          more: 'bifrost-slo',
        }),
      ],
    },
    {
      title: 'Room',
      panels: [
        stat({
          title: 'Log holds',
          description: 'How long a sink may be away before samples are lost, at the rate of the last minutes.',
          unit: 's',
          queries: [{ expr: `min(bifrost_log_held_seconds{${ON}})` }],
          limits: { warn: 86_400, alarm: 14_400, below: true },
          span: 6,
          more: 'bifrost-sinks',
        }),
        stat({
          title: 'Disk free',
          description: 'Share of the data folder’s disk that is free; the smallest of the gateways.',
          unit: 'percentunit',
          queries: [{ expr: `min(bifrost_data_disk_free_bytes{${ON}} / bifrost_data_disk_size_bytes{${ON}})` }],
          limits: { warn: 0.2, alarm: 0.1, below: true },
          decimals: 1,
          span: 6,
          more: 'bifrost-fleet',
        }),
        stat({
          title: 'Memory used',
          description: 'Memory of the process against its limit (that of its cgroup, else the machine’s); the highest.',
          unit: 'percentunit',
          queries: [{ expr: `max(process_resident_memory_bytes{${ON}} / bifrost_memory_limit_bytes{${ON}})` }],
          limits: { warn: 0.8, alarm: 0.95 },
          decimals: 1,
          span: 6,
          more: 'bifrost-fleet',
        }),
        stat({
          title: 'Certificates',
          description: 'Until the first certificate that the gateway shows or trusts expires.',
          unit: 's',
          queries: [{ expr: `min(bifrost_certificate_not_after_timestamp_seconds{${ON}}) - time()` }],
          limits: { warn: 30 * 86_400, alarm: 7 * 86_400, below: true },
          span: 6,
          more: 'bifrost-security',
        }),
        graph({
          title: 'CPU',
          description: 'Cores that the process uses.',
          unit: 'none',
          decimals: 2,
          queries: [
            { expr: `rate(process_cpu_seconds_total{job="bifrost", ${ON}}[$__rate_interval])`, legend: '{{instance}}' },
          ],
          many: true,
          more: 'bifrost-fleet',
        }),
        table({
          title: 'Alerts',
          description: 'Alerts that fire or are about to, and those that gateways found by themselves.',
          unit: 'none',
          queries: [
            {
              expr: `sum by (alertname, alertstate, severity, instance, device, sink) (ALERTS{alertname=~"Bifrost.*", severity!="none"}) or sum by (alert, severity, instance) (bifrost_local_alerts{${ON}})`,
            },
          ],
          hide: ['Value'],
        }),
      ],
    },
  ],
})
