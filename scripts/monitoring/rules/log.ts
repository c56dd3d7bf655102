/** The log: the room that is left for what waits, and its health. */
import type { RuleFile } from '../rule.ts'

const LOG = `curl -s -H "Authorization: Bearer $BIFROST_TOKEN" $BIFROST_URL/api/v1/log`

export const logRules: RuleFile = {
  name: 'log',
  about: 'The room that is left in the log, and its health.',
  groups: [
    {
      name: 'bifrost-log-room',
      alerts: [
        {
          alert: 'BifrostLogFull',
          expr: 'bifrost_log_full == 1',
          for: '1m',
          severity: 'critical',
          category: 'data',
          summary: 'The log of {instance} is full',
          description:
            'The log of gateway {instance} is at its bound and keeps old samples rather than taking new ones. Nothing new is stored until a sink has taken what waits.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'With the policy `drop-newest` or `block` a full log takes nothing new.',
            causes: [
              'a sink that is away',
              'a sink that is too slow',
              'a bound that is too low for the outages that happen',
            ],
            steps: [
              [
                'Which sink holds the log?',
                'bifrost sink list',
                'one that is not Running: bring its far side back',
                'one that nobody needs any more: remove it from the configuration, or `bifrost sink purge plant --confirm plant`',
              ],
              ['Is there disk to spare?', LOG, 'yes: raise `store.maxSize`, then `bifrost reload`', 'no: more disk'],
            ],
            clears: 'When there is room again.',
          },
          firing: {
            series: { bifrost_log_full: '0x20 1x20 0x20' },
            notYet: '5m30s',
            fires: '6m30s',
            clears: '11m',
            value: '1',
          },
          quiet: { why: 'there is room', series: { bifrost_log_full: '0x40' }, at: ['5m', '9m'] },
        },
        {
          alert: 'BifrostLogNearlyFull',
          expr: `bifrost_log_left_seconds < 4 * 3600
and bifrost_log_left_seconds < 0.5 * bifrost_log_held_seconds
and predict_linear(bifrost_log_left_seconds[5m], 4 * 3600) < 0`,
          // Longer than the window: a rate of samples that jumps is no trend.
          for: '10m',
          severity: 'critical',
          category: 'data',
          summary: 'In {value:duration} the log of {instance} is full and samples are lost',
          description:
            'A sink of gateway {instance} has not taken samples for long; more than half of the log is used by what waits for it, and at this rate the first samples are lost in {value:duration}. Bring the far side back, or raise the bound of the log.',
          dashboard: 'bifrost-data',
          page: {
            meaning:
              'Predicted, not happened: less than four hours are left, half of the buffer is gone, and it gets less. There is still time to act without any loss.',
            causes: [
              'a far side that is away (broker, database, network)',
              'a sink that delivers more slowly than samples come',
            ],
            steps: [
              [
                'Which sink, and why?',
                'bifrost sink list',
                'Connecting or Failed: the reason names the far side; call who runs it, and say how much time is left',
                'Running with a growing pending: it is too slow; larger batches, a faster far side',
              ],
              [
                'Can time be bought?',
                LOG,
                'disk is free: raise `store.maxSize`, then `bifrost reload`; nothing is restarted',
                'no disk: raise `every` and deadbands of what matters least',
              ],
            ],
            clears:
              'When the sink catches up: more than four hours or half of the buffer are there again, or it does not shrink any more.',
          },
          firing: {
            series: {
              bifrost_log_left_seconds: '36000x10 35940-60x520 36000x60',
              bifrost_log_held_seconds: '36000x600',
            },
            step: '1m',
            evaluate: '1m',
            notYet: '6h',
            fires: '8h',
            clears: '9h10m',
            value: '2h 10m 0s',
          },
          quiet: {
            why: 'a log that never holds more than three hours, a sink that is behind and catches up, and unknown figures',
            series: {
              bifrost_log_left_seconds: '10800x60 3600+60x100 NaN NaN NaN NaN NaN',
              bifrost_log_held_seconds: '10800x160 NaN NaN NaN NaN NaN',
            },
            step: '1m',
            evaluate: '1m',
            at: ['30m', '1h10m', '1h30m', '2h30m', '2h55m'],
          },
        },
        {
          alert: 'BifrostLogFillsUp',
          expr: `bifrost_log_left_seconds < 24 * 3600
and bifrost_log_left_seconds < 0.8 * bifrost_log_held_seconds
and predict_linear(bifrost_log_left_seconds[15m], 24 * 3600) < 0`,
          for: '30m',
          severity: 'warning',
          category: 'data',
          summary: 'Within {value:duration} the log of {instance} will be full',
          description:
            'A sink of gateway {instance} is behind, and what waits for it fills the log: at this rate samples are lost in {value:duration}. There is time until then.',
          dashboard: 'bifrost-data',
          page: {
            meaning:
              'The early form of BifrostLogNearlyFull: a fifth of the buffer is used, less than a day is left, and it gets less.',
            causes: ['a far side that is away', 'a sink that is too slow', 'more samples than before'],
            steps: [
              [
                'Which sink is behind?',
                'bifrost sink list',
                'one that is away: is it known, and back in time?',
                'one that is slow: see BifrostSinkQueueOld',
              ],
            ],
            clears: 'When the sink catches up, or the bound of the log is raised.',
          },
          firing: {
            series: {
              bifrost_log_left_seconds: '86400x10 86340-60x600 86400x90',
              bifrost_log_held_seconds: '86400x700',
            },
            step: '1m',
            evaluate: '1m',
            notYet: '4h',
            fires: '9h',
            clears: '10h45m',
            value: '15h 10m 0s',
          },
          quiet: {
            why: 'a small log without a backlog',
            series: {
              bifrost_log_left_seconds: '20000x30 19900x30 19990x120',
              bifrost_log_held_seconds: '20000x180',
            },
            step: '1m',
            evaluate: '1m',
            at: ['1h', '2h', '3h'],
          },
        },
      ],
    },
    {
      name: 'bifrost-log-health',
      alerts: [
        {
          alert: 'BifrostLogDamaged',
          expr: `increase(bifrost_log_corrupt_frames_total[1h]) > 0
or
bifrost_log_corrupt_frames_total > 0 and on (job, instance) time() - bifrost_start_timestamp_seconds < 3600`,
          keepFiringFor: '15m',
          severity: 'warning',
          category: 'data',
          summary: 'The log of {instance} has damaged frames',
          description:
            'Gateway {instance} found {value:count} damaged frames in its log and skipped them; their samples are lost for sinks that did not have them. A power cut damages the end alone; anything else is the disk.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'Each frame has a checksum. What does not check is skipped and counted, and the rest is read.',
            causes: [
              'a disk or a flash card that loses its contents',
              'files that were copied while they were written',
              'memory errors',
            ],
            steps: [
              [
                'Is the disk healthy?',
                'dmesg | grep -i error; smartctl -a /dev/sda',
                'errors: take a backup and replace it soon',
                'none: when was it, and was there a power cut?',
              ],
              [
                'What do the far sides have?',
                'bifrost sink list',
                'pending was 0: they have had everything',
                'otherwise compare the stretch of time with `bifrost export --from 24h -o check.csv`',
              ],
            ],
            clears: 'An hour after the last damaged frame was found.',
          },
          firing: {
            series: { bifrost_log_corrupt_frames_total: '0x30 3x200', bifrost_start_timestamp_seconds: '0x230' },
            step: '1m',
            evaluate: '1m',
            fires: '1h10m',
            clears: '2h',
            value: '3',
          },
          quiet: {
            why: 'found at a start that was long ago',
            series: { bifrost_log_corrupt_frames_total: '2x300', bifrost_start_timestamp_seconds: '0x300' },
            step: '1m',
            evaluate: '1m',
            at: ['1h16m', '3h'],
          },
        },
        {
          alert: 'BifrostFsyncSlow',
          expr: 'histogram_quantile(0.99, rate(bifrost_log_fsync_duration_seconds_bucket[10m])) > 0.5',
          for: '10m',
          severity: 'warning',
          category: 'data',
          summary: 'The disk of {instance} takes {value:duration} to make samples safe',
          description:
            'One fsync of a hundred takes longer than {value:duration} on gateway {instance}. When the disk falls further behind, samples are refused.',
          dashboard: 'bifrost-data',
          page: {
            meaning: 'The log is made safe in groups; the time that takes is the disk’s.',
            causes: [
              'a flash card near its end, or one that cleans up',
              'others who write to the same disk',
              'a virtual disk over a slow network',
            ],
            steps: [
              [
                'Who writes?',
                'iostat -x 5 3',
                'the gateway alone: the disk is too slow; fewer commits (`store` in the configuration) or a better disk',
                'others: move them, or the data folder',
              ],
            ],
            clears: 'When 99 % of the fsyncs of ten minutes take less than half a second.',
          },
          firing: {
            series: {
              'bifrost_log_fsync_duration_seconds_bucket{le="0.5"}': '0x30 0+60x40',
              'bifrost_log_fsync_duration_seconds_bucket{le="1"}': '0+60x70',
              'bifrost_log_fsync_duration_seconds_bucket{le="+Inf"}': '0+60x70',
            },
            step: '1m',
            notYet: '10m',
            fires: '20m',
            clears: '50m',
            value: '995ms',
          },
          quiet: {
            why: 'a flash card that takes a quarter of a second',
            series: {
              'bifrost_log_fsync_duration_seconds_bucket{le="0.25"}': '0+60x70',
              'bifrost_log_fsync_duration_seconds_bucket{le="0.5"}': '0+60x70',
              'bifrost_log_fsync_duration_seconds_bucket{le="+Inf"}': '0+60x70',
            },
            step: '1m',
            at: ['20m', '50m'],
          },
        },
      ],
    },
  ],
}
