/** Sinks: the far side that is away, slow or refuses. */
import type { RuleFile } from '../rule.ts'

const PLANT = 'sink="plant",kind="mqtt"'
const LABELS = { sink: 'plant', kind: 'mqtt' }

export const sinkRules: RuleFile = {
  name: 'sinks',
  about: 'Sinks whose far side is away, slow or refuses; gateways that hand on their logs.',
  groups: [
    {
      name: 'bifrost-sinks',
      alerts: [
        {
          alert: 'BifrostSinkDown',
          // A sink of whose samples some are refused is not up, and delivers the others.
          expr: 'bifrost_sink_up == 0 unless increase(bifrost_sink_samples_delivered_total[2m]) > 0',
          for: '5m',
          severity: 'warning',
          category: 'sink',
          summary: 'Sink {sink} of {instance} delivers nothing',
          description:
            'Sink {sink} ({kind}) of gateway {instance} has not been running for five minutes. Samples are kept in the log and delivered later; BifrostLogNearlyFull fires before any is lost.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning: 'The far side cannot be reached or refuses. Nothing is lost yet: the log holds what waits.',
            causes: [
              'the broker or database is away',
              'credentials that are no longer valid',
              'a certificate that expired, on either side',
              'a sink that was disabled and forgotten',
            ],
            steps: [
              [
                'What is the reason?',
                'bifrost sink list plant',
                'not reachable: ask who runs the far side; go on with 2',
                'refused: credentials or rights; correct the secret, then `bifrost reload`',
                'certificate: `bifrost certs status -c bifrost.yaml`',
                'Disabled: remove it, or enable it: the log keeps samples for it',
              ],
              [
                'How long may it stay away?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/log`,
                '`hoursLeft` is how long until samples are lost',
              ],
            ],
            clears: 'When the sink is connected again; what waited is delivered then.',
          },
          firing: {
            series: { [`bifrost_sink_up{${PLANT}}`]: '1x4 0x10 1x10' },
            step: '1m',
            notYet: '9m',
            fires: '11m',
            clears: '16m',
            labels: LABELS,
            value: '0',
          },
          quiet: {
            why: 'a broker that was restarted, and one that refuses some of the samples',
            series: {
              [`bifrost_sink_up{${PLANT}}`]: '1x4 0x3 1x10',
              'bifrost_sink_up{sink="cloud",kind="kafka"}': '0x20',
              'bifrost_sink_samples_delivered_total{sink="cloud",kind="kafka"}': '0+60x20',
            },
            step: '1m',
            at: ['7m', '10m', '12m'],
          },
        },
        {
          alert: 'BifrostSinkQueueOld',
          expr: 'time() - bifrost_sink_queue_oldest_timestamp_seconds > 600',
          for: '5m',
          severity: 'warning',
          category: 'sink',
          summary: 'Sink {sink} of {instance} is {value:duration} behind',
          description:
            'The oldest sample that sink {sink} ({kind}) of gateway {instance} has not delivered came {value:duration} ago. The far side sees the plant as it was then.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning: 'The sink runs and cannot keep up, or still makes up for an outage.',
            causes: [
              'a far side or a network that is too slow',
              'batches that are refused and sent again',
              'an outage before: then the age falls by itself',
            ],
            steps: [
              [
                'Does it fall?',
                'bifrost sink list plant',
                'pending gets less: it makes up for an outage; wait',
                'pending grows: go on with 2',
              ],
              [
                'What does the far side say?',
                `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/sinks`,
                'retries grow: see BifrostSinkRetries',
                'no retries: it is slow; compare bifrost_sink_send_duration_seconds, and send larger batches',
              ],
            ],
            clears: 'When the oldest pending sample is younger than ten minutes.',
          },
          firing: {
            series: { [`bifrost_sink_queue_oldest_timestamp_seconds{${PLANT}}`]: '0x20 1260+60x20' },
            step: '1m',
            notYet: '14m',
            fires: '17m',
            clears: '25m',
            labels: LABELS,
            value: '17m 0s',
          },
          quiet: {
            why: 'five minutes behind',
            series: { [`bifrost_sink_queue_oldest_timestamp_seconds{${PLANT}}`]: '0x5 60+60x40' },
            step: '1m',
            at: ['17m', '30m'],
          },
        },
        {
          alert: 'BifrostSinkRetries',
          expr: 'increase(bifrost_sink_retries_total[15m]) > 20',
          for: '5m',
          severity: 'warning',
          category: 'sink',
          summary: 'Sink {sink} of {instance} sends the same again and again',
          description:
            'In a quarter of an hour {value:count} batches of sink {sink} ({kind}) on gateway {instance} were sent again. The far side takes the connection and not the samples.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning:
              'A batch that fails for a reason nobody knows is sent again; after five equal failures the sink looks for the sample that does it and puts it to the dead letters.',
            causes: [
              'a far side that is overloaded',
              'a quota or a limit of message size',
              'a sample that the far side cannot take',
            ],
            steps: [
              [
                'What is the error?',
                'bifrost sink list plant',
                'busy or quota: the far side; raise its limit',
                'too large: smaller batches in the options of the sink',
              ],
              [
                'Were samples put aside?',
                'bifrost sink dead-letters plant',
                'yes: each has the reason; see BifrostDeadLetters',
              ],
            ],
            clears: 'When 20 batches or fewer are sent again in a quarter of an hour.',
          },
          firing: {
            series: { [`bifrost_sink_retries_total{${PLANT}}`]: '0+4x30 120x40' },
            step: '1m',
            notYet: '8m',
            fires: '20m',
            clears: '50m',
            labels: LABELS,
            value: '60',
          },
          quiet: {
            why: 'a batch a minute is sent again',
            series: { [`bifrost_sink_retries_total{${PLANT}}`]: '0+1x60' },
            step: '1m',
            at: ['20m', '40m'],
          },
        },
        {
          alert: 'BifrostDeadLetters',
          // The account outlives restarts: what it grew by while Prometheus saw nothing is no increase.
          expr: `increase(bifrost_sink_samples_dropped_total{reason="rejected"}[15m]) > 0
or
bifrost_sink_samples_dropped_total{reason="rejected"}
  - last_over_time(bifrost_sink_samples_dropped_total{reason="rejected"}[1d] offset 15m) > 0`,
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'data',
          summary: 'Sink {sink} of {instance} puts samples to the dead letters',
          description:
            'The far side of sink {sink} ({kind}) of gateway {instance} refused {value:count} samples for good in a quarter of an hour. They are kept, and can be delivered again when the cause is gone.',
          dashboard: 'bifrost-sinks',
          page: {
            meaning:
              'Samples that the far side will never take as they are: a wrong type, a topic without rights, a column that is not there.',
            causes: [
              'a tag whose type was changed',
              'rights at the far side',
              'a schema at the far side that was changed',
            ],
            steps: [
              [
                'Which samples, and why?',
                'bifrost sink dead-letters plant',
                'correct the cause at the far side or in the configuration, then `bifrost sink dead-letters plant --replay`',
                'nobody needs them: `bifrost sink dead-letters plant --purge --confirm plant`',
              ],
            ],
            clears: 'Half an hour after the last sample was refused.',
          },
          firing: {
            series: { [`bifrost_sink_samples_dropped_total{${PLANT},reason="rejected"}`]: '0x5 10+10x10 110x60' },
            step: '1m',
            fires: '15m',
            clears: '50m',
            labels: { ...LABELS, reason: 'rejected' },
            value: '100',
          },
          quiet: {
            why: 'dead letters from before',
            series: { [`bifrost_sink_samples_dropped_total{${PLANT},reason="rejected"}`]: '110x60' },
            step: '1m',
            at: ['15m', '50m'],
          },
        },
      ],
    },
    {
      name: 'bifrost-received',
      alerts: [
        {
          alert: 'BifrostEdgeGatewayAway',
          expr: 'bifrost_received_up == 0',
          for: '15m',
          severity: 'warning',
          category: 'data',
          summary: 'Edge gateway {client} sends nothing to {instance}',
          description:
            'The gateway {client}, which hands on its log to {instance}, has not been connected for a quarter of an hour. It keeps its samples in a log of its own meanwhile.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'The link from another gateway is down. It delivers what it kept as soon as the link is back.',
            causes: [
              'the line of the site',
              'the other gateway is off',
              'its certificate or token is not valid any more',
            ],
            steps: [
              [
                'Since when, and how far had it come?',
                'bifrost received edge-1',
                'it was never connected: name and key of `receive.clients`',
                'it was: go on with 2',
              ],
              [
                'On the other gateway: what is the reason?',
                'bifrost sink list',
                'not reachable: the line of the site',
                'refused: `bifrost certs status -c bifrost.yaml` there and here',
              ],
            ],
            clears: 'When it is connected again.',
          },
          firing: {
            series: { 'bifrost_received_up{client="edge-1"}': '1x4 0x30 1x10' },
            step: '1m',
            notYet: '19m',
            fires: '21m',
            clears: '36m',
            labels: { client: 'edge-1' },
            value: '0',
          },
          quiet: {
            why: 'a line that was away for ten minutes',
            series: { 'bifrost_received_up{client="edge-1"}': '1x4 0x9 1x10' },
            step: '1m',
            at: ['13m', '20m'],
          },
        },
        {
          alert: 'BifrostReceivedRejected',
          expr: 'increase(bifrost_received_samples_rejected_total[15m]) > 0',
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'data',
          summary: '{instance} refuses samples of edge gateway {client}',
          description:
            'In a quarter of an hour gateway {instance} refused {value:count} samples of {client}, such as those of a device that is configured here too. They are dead letters there.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'The two gateways do not agree on who owns a device.',
            causes: ['the same device name on both', 'a device that moved from one to the other'],
            steps: [
              [
                'What was refused? On the other gateway:',
                'bifrost sink dead-letters central',
                'rename one of the two devices, or remove one; then `bifrost sink dead-letters central --replay` there',
              ],
            ],
            clears: 'Half an hour after the last sample was refused.',
          },
          firing: {
            series: { 'bifrost_received_samples_rejected_total{client="edge-1"}': '0x5 10+10x10 110x60' },
            step: '1m',
            fires: '15m',
            clears: '50m',
            labels: { client: 'edge-1' },
            value: '100',
          },
          quiet: {
            why: 'refused before',
            series: { 'bifrost_received_samples_rejected_total{client="edge-1"}': '110x60' },
            step: '1m',
            at: ['15m', '50m'],
          },
        },
      ],
    },
  ],
}
