/** The process: does it keep up, is it well, does it stay up? */
import type { RuleFile } from '../rule.ts'

const HEALTH = 'bifrost health'

export const processRules: RuleFile = {
  name: 'process',
  about: 'The process: does it keep up, is it well, is its clock right?',
  groups: [
    {
      name: 'bifrost-process',
      alerts: [
        {
          alert: 'BifrostGatewayRestarts',
          expr: 'changes(bifrost_start_timestamp_seconds[30m]) > 2',
          keepFiringFor: '10m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} starts again and again',
          description:
            'Gateway {instance} was started {value:count} times within half an hour. Each start costs samples of some seconds. Its log says why it ends.',
          dashboard: 'bifrost-fleet',
          page: {
            meaning: 'The process ends and is started again by its supervisor (systemd, a container).',
            causes: [
              'it is killed for taking too much memory',
              'the watchdog finds it without progress',
              'an error that ends the process: a defect',
              'somebody tries configurations',
            ],
            steps: [
              [
                'How did it end?',
                'journalctl -u bifrost -n 100',
                'oom-kill: see BifrostMemoryNearLimit',
                'watchdog: see BifrostEventLoopBusy; `bifrost bundle -o support.tar.gz` and report it',
                'an error with a stack: report it with the bundle',
                'stopped and started by somebody: a maintenance window next time',
              ],
            ],
            clears: 'Half an hour with two starts or fewer.',
          },
          firing: {
            series: { bifrost_start_timestamp_seconds: '10x5 310x5 610x5 910x60' },
            step: '1m',
            fires: '25m',
            clears: '1h10m',
            value: '3',
          },
          quiet: {
            why: 'an upgrade and its way back',
            series: { bifrost_start_timestamp_seconds: '10x5 310x5 610x60' },
            step: '1m',
            at: ['15m', '25m', '1h'],
          },
        },
        {
          alert: 'BifrostHealthCheckFailed',
          expr: 'bifrost_health_check == 0',
          for: '10m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} is not well: {check}',
          description:
            'The check {check} of gateway {instance} has failed for ten minutes. `bifrost health` says what it found and what to do.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'One of the checks behind /readyz fails. Where a load balancer or Kubernetes asks it, no requests are sent here.',
            causes: ['see what the check says'],
            steps: [
              [
                'What did the check find?',
                HEALTH,
                'log: see BifrostLogFailed and BifrostLogFull',
                'a sink: see BifrostSinkDown',
                'config: see BifrostConfigReloadFailed',
              ],
            ],
            clears: 'When the check succeeds.',
          },
          firing: {
            series: { 'bifrost_health_check{check="sinks"}': '1x4 0x20 1x10' },
            step: '1m',
            notYet: '14m',
            fires: '16m',
            clears: '26m',
            labels: { check: 'sinks' },
            value: '0',
          },
          quiet: {
            why: 'it was not well for a moment',
            series: { 'bifrost_health_check{check="sinks"}': '1x4 0x5 1x20' },
            step: '1m',
            at: ['9m', '16m'],
          },
        },
        {
          alert: 'BifrostComponentRestarts',
          expr: 'sum without (reason) (increase(bifrost_component_restarts_total[30m])) > 3',
          for: '5m',
          severity: 'warning',
          category: 'gateway',
          summary: 'Gateway {instance} had to restart {component} again and again',
          description:
            'Within half an hour gateway {instance} restarted its part {component} {value:count} times because it made no progress. It heals itself, and something makes it ill.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'A sink or a session that hangs is ended and begun anew. Now and then that is what it is for; again and again it is not.',
            causes: [
              'a far side that takes connections and answers nothing',
              'a device that hangs in the middle of an answer',
              'a defect of the gateway',
            ],
            steps: [
              [
                'Which part, and why?',
                HEALTH,
                'a sink: `bifrost sink list`',
                'a device: `bifrost trace press-1 --errors`',
              ],
              ['Nothing explains it', 'bifrost bundle -o support.tar.gz', 'report it'],
            ],
            clears: 'Half an hour with three restarts or fewer.',
          },
          firing: {
            series: { 'bifrost_component_restarts_total{component="sink",reason="stuck"}': '0x5 1+1x10 11x60' },
            step: '1m',
            notYet: '12m',
            fires: '20m',
            clears: '55m',
            labels: { component: 'sink' },
            value: '11',
          },
          quiet: {
            why: 'one restart',
            series: { 'bifrost_component_restarts_total{component="sink",reason="stuck"}': '0x5 1x60' },
            step: '1m',
            at: ['10m', '20m'],
          },
        },
        {
          alert: 'BifrostEventLoopBusy',
          expr: 'bifrost_event_loop_utilisation_ratio > 0.9',
          for: '10m',
          severity: 'warning',
          category: 'capacity',
          summary: 'Gateway {instance} has no processor time left ({value:percent})',
          description:
            'The event loop of gateway {instance} is busy {value:percent} of the time. Polls begin late and the API is slow: give it less to do, or a faster machine.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'One thread does the work of the gateway. At 1 nothing more fits in.',
            causes: [
              'more tags or shorter intervals than the machine bears',
              'large exports or many live pages',
              'other programs on the machine',
            ],
            steps: [
              ['Who takes the processor?', 'top -b -n 1 | head -15', 'others: move them', 'the gateway: go on with 2'],
              [
                'What does the configuration ask for?',
                'bifrost config plan bifrost.yaml',
                'many samples a second: raise `every`, set deadbands, or share the devices among two gateways',
              ],
            ],
            clears: 'When it is busy less than 90 % of the time.',
          },
          firing: {
            series: { bifrost_event_loop_utilisation_ratio: '0.5x4 0.96x20 0.5x10' },
            step: '1m',
            notYet: '14m',
            fires: '16m',
            clears: '26m',
            value: '96%',
          },
          quiet: {
            why: 'busy with an export for a few minutes',
            series: { bifrost_event_loop_utilisation_ratio: '0.5x4 1x8 0.8x20' },
            step: '1m',
            at: ['12m', '20m'],
          },
        },
      ],
    },
    {
      name: 'bifrost-clock',
      alerts: [
        {
          alert: 'BifrostClockNotSynchronised',
          expr: 'bifrost_clock_synchronised == 0',
          for: '30m',
          severity: 'warning',
          category: 'gateway',
          summary: 'The clock of {instance} is not synchronised',
          description:
            'The machine of gateway {instance} has had no time server for half an hour. Times of samples drift away; certificates may be judged wrongly.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The machine itself says that its clock is not synchronised.',
            causes: [
              'the time server cannot be reached',
              'no time service is installed',
              'a virtual machine that was paused',
            ],
            steps: [
              [
                'What does the time service say?',
                'timedatectl timesync-status || chronyc sources',
                'no server reachable: firewall, port 123',
                'none configured: set the time server of the plant',
              ],
            ],
            clears: 'When the machine says that its clock is synchronised.',
          },
          firing: {
            series: { bifrost_clock_synchronised: '1x4 0x40 1x10' },
            step: '1m',
            notYet: '34m',
            fires: '36m',
            clears: '46m',
            value: '0',
          },
          quiet: {
            why: 'after a start, until the first answer',
            series: { bifrost_clock_synchronised: '0x10 1x40' },
            step: '1m',
            at: ['9m', '35m'],
          },
        },
        {
          alert: 'BifrostClockOff',
          // The drift begins at 0 with each start.
          expr: `abs(delta(bifrost_clock_drift_seconds[1h])) > 2
  unless on (job, instance) changes(bifrost_start_timestamp_seconds[1h]) > 0
or
increase(bifrost_clock_steps_total[1h]) > 0`,
          keepFiringFor: '10m',
          severity: 'warning',
          category: 'gateway',
          summary: 'The clock of {instance} was set or runs wrong',
          description:
            'The wall clock of gateway {instance} moved against the clock that only goes forward, or was set by a quarter of a second or more, within the last hour. Times of samples of that hour may be off.',
          dashboard: 'bifrost-overview',
          page: {
            meaning: 'The order of samples is safe (sequence numbers); their times are not.',
            causes: [
              'somebody set the clock',
              'a time server that jumps, or two that disagree',
              'a virtual machine that was moved or paused',
            ],
            steps: [
              [
                'Is the clock right now?',
                'timedatectl timesync-status || chronyc tracking',
                'no: set the time server',
                'yes: note the stretch of time for those who read the samples',
              ],
            ],
            clears: 'An hour after the last step.',
          },
          firing: {
            series: {
              bifrost_clock_steps_total: '0x10 1x120',
              bifrost_clock_drift_seconds: '0x130',
            },
            step: '1m',
            fires: '20m',
            clears: '1h45m',
            value: '1',
          },
          quiet: {
            why: 'slewed by what a time service does',
            series: {
              bifrost_clock_steps_total: '0x130',
              bifrost_clock_drift_seconds: '0+0.015x130',
            },
            step: '1m',
            at: ['20m', '2h'],
          },
        },
      ],
    },
  ],
  recordingCases: [
    {
      why: 'a clock that drifts without a step is off',
      step: '1m',
      series: { bifrost_clock_steps_total: '0x130', bifrost_clock_drift_seconds: '0+0.05x130', bifrost_start_timestamp_seconds: '0x130' }, // prettier-ignore
      expect: [
        { expr: 'count(ALERTS{alertname="BifrostClockOff",alertstate="firing"})', at: '1h', samples: { '{}': 1 } },
      ],
    },
    {
      why: 'a clock that was set days ago is not off because the gateway was started again',
      step: '1m',
      series: { bifrost_clock_steps_total: '1x60 0x70', bifrost_clock_drift_seconds: '3600x60 0x70', bifrost_start_timestamp_seconds: '0x60 3660x70' }, // prettier-ignore
      expect: ['1h2m', '1h30m', '2h'].map((at) => ({ expr: 'ALERTS{alertname="BifrostClockOff"}', at, samples: {} })),
    },
  ],
}
