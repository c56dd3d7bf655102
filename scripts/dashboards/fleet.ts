/** The edge fleet: every gateway and its machine side by side, and the gateways that send their log to others. */
import { dashboard, ON } from './frame.ts'
import { upDown } from './palette.ts'
import { graph, stat, table, timeline } from './panels.ts'

export const fleet = dashboard({
  uid: 'bifrost-fleet',
  title: 'Edge fleet',
  description: 'Every gateway and its machine side by side, and the gateways that send their log here.',
  rows: [
    {
      title: 'Gateways',
      panels: [
        stat({
          title: 'Gateways',
          description: 'Gateways that answer.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_build_info{${ON}})` }],
        }),
        stat({
          title: 'Versions',
          description: 'How many versions run at once.',
          unit: 'none',
          queries: [{ expr: `count(count by (version) (bifrost_build_info{${ON}}))` }],
          limits: { warn: 2 },
        }),
        stat({
          title: 'Refused configurations',
          description: 'Gateways whose files are not good; what ran before goes on.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_config_last_reload_successful{${ON}} == 0) or vector(0)` }],
          limits: { warn: 1 },
        }),
        stat({
          title: 'Clocks not synchronised',
          description: 'Gateways whose operating system says that its clock follows no time server.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_clock_synchronised{${ON}} == 0) or vector(0)` }],
          limits: { warn: 1 },
        }),
        stat({
          title: 'Capacity used',
          description: 'The resource that is used most, of all gateways; what the autoscaler looks at.',
          unit: 'percentunit',
          queries: [{ expr: `max(bifrost_capacity_used_ratio{${ON}})` }],
          limits: { warn: 0.7, alarm: 0.9 },
          decimals: 1,
        }),
        stat({
          title: 'Maintenance',
          description: 'Maintenance windows that are active.',
          unit: 'none',
          queries: [{ expr: `count(bifrost_maintenance_active{${ON}}) or vector(0)` }],
        }),
        timeline({
          title: 'Answering',
          description: 'When each gateway answered Prometheus.',
          unit: 'none',
          queries: [{ expr: `up{job="bifrost", ${ON}}`, legend: '{{instance}}' }],
          mappings: upDown('answers', 'away'),
        }),
        table({
          title: 'What runs where',
          description: 'Version, configuration and start of each gateway.',
          unit: 'none',
          queries: [
            { expr: `sum by (instance, version, node) (bifrost_build_info{${ON}})` },
            { expr: `sum by (instance) (time() - bifrost_start_timestamp_seconds{${ON}})` },
            { expr: `sum by (instance) (bifrost_tags{${ON}})` },
          ],
          hide: ['Value #A'],
          names: { 'Value #B': 'seconds up', 'Value #C': 'tags' },
        }),
      ],
    },
    {
      title: 'Capacity',
      panels: [
        graph({
          title: 'Capacity used',
          description: 'Each resource of each gateway against what there is.',
          unit: 'percentunit',
          queries: [{ expr: `bifrost_capacity_used_ratio{${ON}}`, legend: '{{instance}} {{resource}}' }],
          limits: { warn: 0.7, alarm: 0.9 },
          many: true,
        }),
        graph({
          title: 'Memory',
          description: 'Memory of each process, and its limit.',
          unit: 'bytes',
          queries: [
            { expr: `process_resident_memory_bytes{job="bifrost", ${ON}}`, legend: '{{instance}}' },
            { expr: `bifrost_memory_limit_bytes{${ON}}`, legend: '{{instance}} limit' },
          ],
          many: true,
        }),
        graph({
          title: 'Event loop',
          description: 'Share of the time in which the process was busy; near 1 it is late with everything.',
          unit: 'percentunit',
          queries: [{ expr: `bifrost_event_loop_utilisation_ratio{${ON}}`, legend: '{{instance}}' }],
          limits: { warn: 0.7, alarm: 0.9 },
          max: 1,
          many: true,
        }),
        graph({
          title: 'Garbage collection',
          description: 'Share of the time that V8 took to collect garbage.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (instance) (rate(bifrost_gc_pause_seconds_total{${ON}}[$__rate_interval]))`,
              legend: '{{instance}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Disk of the data folder',
          description: 'Free bytes where the log lies, and their size in four hours if the last hour goes on.',
          unit: 'bytes',
          queries: [
            { expr: `bifrost_data_disk_free_bytes{${ON}}`, legend: '{{instance}}' },
            {
              expr: `clamp_min(predict_linear(bifrost_data_disk_free_bytes{${ON}}[1h], 4 * 3600), 0)`,
              legend: '{{instance}} in 4 h',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Clock drift',
          description: 'How far the wall clock went away from the monotonic one, and back.',
          unit: 's',
          queries: [{ expr: `abs(bifrost_clock_drift_seconds{${ON}})`, legend: '{{instance}}' }],
          many: true,
        }),
      ],
    },
    {
      title: 'Health',
      panels: [
        table({
          title: 'Checks',
          description: 'The health checks of each gateway.',
          unit: 'none',
          queries: [{ expr: `sum by (instance, check) (bifrost_health_check{${ON}})` }],
          mappings: upDown('ok', 'not ok'),
          names: { Value: 'state' },
        }),
        graph({
          title: 'Parts restarted',
          description:
            'Parts that the gateway restarted by itself, a minute, and what its log says at warning and above.',
          unit: 'cpm',
          queries: [
            {
              expr: `60 * sum by (instance, component) (rate(bifrost_component_restarts_total{${ON}}[$__rate_interval])) or 0 * sum by (instance) (up{job="bifrost", ${ON}})`,
              legend: '{{instance}} {{component}} restarts',
            },
            {
              expr: `60 * sum by (instance, level) (rate(bifrost_messages_total{${ON}, level=~"warn|error|fatal"}[$__rate_interval]))`,
              legend: '{{instance}} {{level}}',
            },
          ],
          many: true,
        }),
        timeline({
          title: 'Gateways that send here',
          description: 'When the link of each gateway that sends its log here was up.',
          unit: 'none',
          queries: [{ expr: `bifrost_received_up{${ON}}`, legend: '{{client}}' }],
          mappings: upDown('connected', 'away'),
        }),
        graph({
          title: 'Received from gateways',
          description: 'Samples a second from each gateway that sends its log here.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (client) (rate(bifrost_received_samples_total{${ON}}[$__rate_interval]))`,
              legend: '{{client}}',
            },
          ],
          many: true,
        }),
      ],
    },
    {
      title: 'Machines (node exporter)',
      panels: [
        graph({
          title: 'Load per core',
          description: 'Load of one minute over the number of cores.',
          unit: 'none',
          decimals: 2,
          queries: [
            {
              expr: 'node_load1 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
              legend: '{{instance}}',
            },
          ],
          limits: { warn: 1, alarm: 2 },
          many: true,
        }),
        graph({
          title: 'Memory available',
          description: 'Share of the machine’s memory that is available.',
          unit: 'percentunit',
          queries: [{ expr: 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', legend: '{{instance}}' }],
          limits: { warn: 0.2, alarm: 0.1, below: true },
          many: true,
        }),
        graph({
          title: 'Disks',
          description: 'Share of each file system that is free.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'min by (instance, mountpoint) (node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} / (node_filesystem_size_bytes > 0))',
              legend: '{{instance}} {{mountpoint}}',
            },
          ],
          limits: { warn: 0.2, alarm: 0.1, below: true },
          many: true,
        }),
        graph({
          title: 'Network',
          description: 'Bytes a second of all interfaces but the loopback.',
          unit: 'Bps',
          queries: [
            {
              expr: 'sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[$__rate_interval]))',
              legend: '{{instance}} received',
            },
            {
              expr: 'sum by (instance) (rate(node_network_transmit_bytes_total{device!="lo"}[$__rate_interval]))',
              legend: '{{instance}} sent',
            },
          ],
          many: true,
        }),
      ],
    },
  ],
})
