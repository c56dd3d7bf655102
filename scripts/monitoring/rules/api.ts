/** Quality of the data and of the API, as those see it who use them. */
import type { RuleFile } from '../rule.ts'

export const apiRules: RuleFile = {
  name: 'api',
  about: 'Quality of the data and of the API, as those see it who use them.',
  groups: [
    {
      name: 'bifrost-quality',
      alerts: [
        {
          alert: 'BifrostTagsBad',
          expr: 'bifrost_tags{quality="bad"} / on (job, instance) group_left () sum by (job, instance) (bifrost_tags) > 0.2',
          for: '15m',
          severity: 'warning',
          category: 'data',
          summary: '{value:percent} of the tags of {instance} are bad',
          description:
            'Of the tags of gateway {instance} {value:percent} have had no good value for a quarter of an hour.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'Bad is a tag whose device is away, or that cannot be read.',
            causes: [
              'devices that are away: see their alerts',
              'addresses that no longer exist after a program change',
            ],
            steps: [
              [
                'Which, and why?',
                'bifrost read --json',
                'of one device: `bifrost test -c bifrost.yaml press-1`',
                'single tags: `bifrost explain press-1/level` names the reason',
              ],
            ],
            clears: 'When less than a fifth of the tags are bad.',
          },
          firing: {
            series: {
              'bifrost_tags{quality="bad"}': '0x4 50x20 0x10',
              'bifrost_tags{quality="good"}': '100x4 50x20 100x10',
              'bifrost_tags{quality="uncertain"}': '0x40',
            },
            step: '1m',
            notYet: '19m',
            fires: '21m',
            clears: '26m',
            labels: { quality: 'bad' },
            value: '50%',
          },
          quiet: {
            why: 'one of ten is bad',
            series: {
              'bifrost_tags{quality="bad"}': '10x40',
              'bifrost_tags{quality="good"}': '90x40',
              'bifrost_tags{quality="uncertain"}': '0x40',
            },
            step: '1m',
            at: ['21m', '40m'],
          },
        },
        {
          alert: 'BifrostValuesRejected',
          expr: 'rate(bifrost_pipeline_rejected_total[15m]) / on (job, instance) group_left () (rate(bifrost_tag_updates_total[15m]) > 0) > 0.05',
          for: '15m',
          severity: 'warning',
          category: 'data',
          summary: 'The rule {rule} of {instance} refuses {value:percent} of the values',
          description:
            'The rule {rule} of gateway {instance} refuses {value:percent} of the values: sensors give what they cannot measure, or the limits are wrong.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'Values outside the range of their tag, spikes and the like are kept with a status that says so.',
            causes: [
              'a sensor that is broken or not wired',
              'a wrong byte order or type: values without sense',
              'limits that do not fit',
            ],
            steps: [
              [
                'Which tags?',
                'bifrost read --json',
                'look for the status of the rule; then `bifrost explain press-1/level`',
                'values without any sense: `bifrost modbus detect press-1 hr:0` finds type and byte order',
              ],
            ],
            clears: 'When less than 5 % are refused.',
          },
          firing: {
            series: {
              'bifrost_pipeline_rejected_total{rule="range"}': '0+60x40 2400x40',
              bifrost_tag_updates_total: '0+600x80',
            },
            step: '1m',
            notYet: '14m',
            fires: '30m',
            clears: '1h5m',
            labels: { rule: 'range' },
            value: '10%',
          },
          quiet: {
            why: 'one of a hundred',
            series: {
              'bifrost_pipeline_rejected_total{rule="range"}': '0+6x80',
              bifrost_tag_updates_total: '0+600x80',
            },
            step: '1m',
            at: ['30m', '1h'],
          },
        },
      ],
    },
    {
      name: 'bifrost-api',
      alerts: [
        {
          alert: 'BifrostApiErrorRatio',
          expr: `sum without (route, method, status) (rate(bifrost_http_requests_total{status=~"5.."}[10m]))
  / (sum without (route, method, status) (rate(bifrost_http_requests_total[10m])) > 0)
  > 0.01`,
          for: '10m',
          severity: 'warning',
          category: 'api',
          summary: '{value:percent} of the requests to {instance} fail',
          description:
            'The API of gateway {instance} answers {value:percent} of its requests with an error of its own (5xx).',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'Errors of the gateway, not of those who ask (4xx).',
            causes: [
              'a device that cannot be reached by writes and tools (502, 504)',
              'the gateway is stopping or overloaded (503)',
              'a defect (500)',
            ],
            steps: [
              [
                'Which requests?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/metrics | grep 'http_requests_total.*status="5'`,
                '500: `bifrost bundle -o support.tar.gz`, and report it',
                '503: see BifrostHealthCheckFailed',
                '502 or 504: the device of the route',
              ],
            ],
            clears: 'When less than 1 % of the requests of ten minutes fail.',
          },
          firing: {
            series: {
              'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="200"}': '0+95x30 2850+100x40',
              'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="500"}': '0+5x30 150x40',
            },
            step: '1m',
            notYet: '9m',
            fires: '20m',
            clears: '45m',
            value: '5%',
          },
          quiet: {
            why: 'refusals, which are no errors of the gateway',
            series: {
              'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="200"}': '0+50x70',
              'bifrost_http_requests_total{route="/api/v1/values",method="GET",status="403"}': '0+50x70',
            },
            step: '1m',
            at: ['20m', '1h'],
          },
        },
        {
          alert: 'BifrostApiSlow',
          expr: 'histogram_quantile(0.95, sum without (route) (rate(bifrost_http_request_duration_seconds_bucket{route!~".*(export|live|bundle|backup|scan).*"}[10m]))) > 0.5',
          for: '10m',
          severity: 'warning',
          category: 'api',
          summary: 'The API of {instance} takes {value:duration} to answer',
          description:
            'One request of twenty to gateway {instance} takes longer than {value:duration}. The objective is half a second; routes that take their time by design are left out.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The 95th percentile over all routes but exports, live sockets, bundles, backups and scans.',
            causes: ['an event loop that is busy', 'writes to slow devices', 'a slow disk under history'],
            steps: [
              [
                'Is the gateway busy?',
                'bifrost health',
                'the event loop is: see BifrostEventLoopBusy',
                'no: which route? The dashboard has the times of each',
              ],
            ],
            clears: 'When 95 % of the requests of ten minutes take less than half a second.',
          },
          firing: {
            series: {
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="0.5"}': '0x30 0+60x40',
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="1"}': '0+60x70',
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="+Inf"}': '0+60x70',
            },
            step: '1m',
            notYet: '9m',
            fires: '20m',
            clears: '50m',
            value: '975ms',
          },
          quiet: {
            why: 'an export that takes its time',
            series: {
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/export",le="0.5"}': '0x70',
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/export",le="+Inf"}': '0+60x70',
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="0.5"}': '0+60x70',
              'bifrost_http_request_duration_seconds_bucket{route="/api/v1/values",le="+Inf"}': '0+60x70',
            },
            step: '1m',
            at: ['20m', '50m'],
          },
        },
      ],
    },
  ],
}
