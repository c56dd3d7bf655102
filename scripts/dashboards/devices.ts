/** Devices and protocols: who answers, how fast, how often not, and what their lines have left. */
import { dashboard, ON, ON_DEVICE } from './frame.ts'
import { upDown } from './palette.ts'
import { graph, stat, table, timeline } from './panels.ts'

const perDevice = (metric: string, more = ''): string =>
  `sum by (device) (rate(${metric}{${ON_DEVICE}${more}}[$__rate_interval]))`

export const devices = dashboard({
  uid: 'bifrost-devices',
  title: 'Devices and protocols',
  description: 'Which devices answer, how fast, how often not, and what their lines have left.',
  picks: ['device'],
  rows: [
    {
      title: 'State',
      panels: [
        stat({
          title: 'Running',
          description: 'Share of the chosen devices that are in state Running.',
          unit: 'percentunit',
          queries: [{ expr: `avg(bifrost_device_up{${ON_DEVICE}})` }],
          limits: { warn: 0.999, alarm: 0.5, below: true },
        }),
        stat({
          title: 'Availability',
          description: 'Time in state Running over all time that counts, in the time shown.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum(increase(bifrost_device_up_seconds_total{${ON_DEVICE}}[$__range])) / (sum(increase(bifrost_device_up_seconds_total{${ON_DEVICE}}[$__range])) + sum(increase(bifrost_device_down_seconds_total{${ON_DEVICE}}[$__range])))`,
            },
          ],
          limits: { warn: 0.999, alarm: 0.99, below: true },
          decimals: 3,
        }),
        stat({
          title: 'Time between failures',
          description: 'Mean time that a device ran between two failures. Without a failure: all the time that it ran.',
          unit: 's',
          queries: [
            {
              expr: `sum(bifrost_device_up_seconds_total{${ON_DEVICE}}) / clamp_min(sum(bifrost_device_failures_total{${ON_DEVICE}}), 1)`,
            },
          ],
        }),
        stat({
          title: 'Time to recovery',
          description: 'Mean time that a device was down before it came back; those that are down now count.',
          unit: 's',
          queries: [
            {
              expr: `sum(bifrost_device_down_seconds_total{${ON_DEVICE}}) / clamp_min(sum(bifrost_device_recoveries_total{${ON_DEVICE}}), 1)`,
            },
          ],
        }),
        stat({
          title: 'Requests lost',
          description:
            'Requests without an answer over all that were asked, in the last five minutes; the worst device.',
          unit: 'percentunit',
          queries: [{ expr: `max(bifrost_device_request_loss_ratio{${ON_DEVICE}})` }],
          limits: { warn: 0.01, alarm: 0.2 },
          decimals: 2,
        }),
        stat({
          title: 'Longest silence',
          description: 'Since the last answer of the device that has been silent for longest.',
          unit: 's',
          queries: [{ expr: `time() - min(bifrost_device_last_answer_timestamp_seconds{${ON_DEVICE}} > 0)` }],
          limits: { warn: 60, alarm: 600 },
        }),
        timeline({
          title: 'Up and down',
          description: 'When each device was in state Running.',
          unit: 'none',
          queries: [{ expr: `bifrost_device_up{${ON_DEVICE}}`, legend: '{{device}}' }],
          mappings: upDown('running', 'not running'),
          span: 24,
        }),
      ],
    },
    {
      title: 'Requests',
      panels: [
        graph({
          title: 'Round trip, 95th percentile',
          description: 'From a request to its answer, measured at real requests.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (device, le) (rate(bifrost_device_request_duration_seconds_bucket{${ON_DEVICE}}[$__rate_interval])))`,
              legend: '{{device}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Poll duration, 95th percentile',
          description: 'From the first request of a poll to its last answer.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (device, le) (rate(bifrost_device_poll_duration_seconds_bucket{${ON_DEVICE}}[$__rate_interval])))`,
              legend: '{{device}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Requests that failed',
          description: 'Requests a second that were refused or had no answer.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (device, result) (rate(bifrost_device_requests_total{${ON_DEVICE}, result!="ok"}[$__rate_interval]))`,
              legend: '{{device}} {{result}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Exceptions by code',
          description: 'Answers of devices that say no, a second, by the status that they became.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (device, code) (rate(bifrost_device_exceptions_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{device}} {{code}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Lateness, 99th percentile',
          description: 'How much later than planned polls began, by driver.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (driver, le) (rate(bifrost_device_poll_lateness_seconds_bucket{${ON}}[$__rate_interval])))`,
              legend: '{{driver}}',
            },
          ],
          limits: { warn: 0.25, alarm: 1 },
          many: true,
        }),
        graph({
          title: 'Overruns and reconnects',
          description: 'Polls left out because the one before was not done, and connections made again; a second.',
          unit: 'cps',
          queries: [
            { expr: perDevice('bifrost_device_overruns_total'), legend: '{{device}} overruns' },
            { expr: perDevice('bifrost_device_reconnects_total'), legend: '{{device}} reconnects' },
          ],
          many: true,
        }),
        graph({
          title: 'Bytes',
          description: 'What went over the wire, by direction.',
          unit: 'Bps',
          queries: [
            {
              expr: `sum by (direction) (rate(bifrost_device_bytes_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{direction}}',
            },
          ],
        }),
        graph({
          title: 'Requests by driver',
          description: 'Requests a second of each protocol.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (driver) (rate(bifrost_device_requests_total{${ON_DEVICE}}[$__rate_interval]))`,
              legend: '{{driver}}',
            },
          ],
          many: true,
        }),
      ],
    },
    {
      title: 'Lines',
      panels: [
        graph({
          title: 'Utilisation',
          description: 'Share of the last minute in which a request was under way on the line (socket or serial port).',
          unit: 'percentunit',
          queries: [{ expr: `bifrost_line_utilisation_ratio{${ON}}`, legend: '{{line}}' }],
          limits: { warn: 0.7, alarm: 0.9 },
          max: 1,
          many: true,
        }),
        graph({
          title: 'Waiting for the line',
          description: 'Polls, commands and other requests in the queue of each line.',
          unit: 'none',
          queries: [{ expr: `bifrost_line_queued{${ON}}`, legend: '{{line}}' }],
          many: true,
        }),
      ],
    },
    {
      title: 'List',
      panels: [
        table({
          title: 'Devices',
          description: 'What is known of each device now.',
          unit: 'none',
          span: 24,
          queries: [
            { expr: `sum by (instance, device, driver, area) (bifrost_device_info{${ON_DEVICE}})` },
            { expr: `sum by (instance, device, driver) (bifrost_device_up{${ON_DEVICE}})` },
            { expr: `sum by (instance, device, driver) (bifrost_device_failures_total{${ON_DEVICE}})` },
            { expr: `max by (instance, device, driver) (bifrost_device_request_loss_ratio{${ON_DEVICE}})` },
          ],
          hide: ['Value #A'],
          names: { 'Value #B': 'running', 'Value #C': 'failures', 'Value #D': 'requests lost (ratio)' },
        }),
      ],
    },
  ],
})
