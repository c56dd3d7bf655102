/** Maintenance windows: alerts that wake nobody and silence others, by the inhibition in alertmanager.yml. */
import { withArea, type RuleFile } from '../rule.ts'

export const maintenanceRules: RuleFile = {
  name: 'maintenance',
  evaluate: '5s',
  about: 'Maintenance windows; Alertmanager silences other alerts by these.',
  groups: [
    {
      name: 'bifrost-maintenance',
      interval: '5s',
      alerts: [
        {
          alert: 'BifrostGatewayInMaintenance',
          // A gateway that is down shows no window. It was within one when it was last seen, as long as this alert has been firing
          // since; and no longer than an hour, so that a gateway that never comes back is told.
          expr: `bifrost_maintenance_active{device=""} == 1
or
last_over_time(bifrost_maintenance_active{device=""}[1h])
  and on (job, instance) up{job="bifrost"} == 0
  and on (job, instance) ALERTS{alertname="BifrostGatewayInMaintenance",alertstate="firing"}`,
          for: '0s',
          severity: 'info',
          category: 'maintenance',
          summary: 'Gateway {instance} is in maintenance',
          description:
            'A maintenance window for the whole gateway {instance} is active. None of its alerts is sent, and what happens does not count against its objectives.',
          dashboard: 'bifrost-overview',
          page: {
            meaning:
              'Somebody opened a maintenance window for the whole gateway. While it is down within the window, the alert holds for at most an hour; then BifrostGatewayDown is told after all.',
            causes: ['planned works'],
            steps: [
              [
                'Who opened it, and until when?',
                'bifrost maintenance list',
                'the works are done: `bifrost maintenance end <id>`',
                'nobody knows of it: end it, and look who opened it: `bifrost audit list --from 24h`',
              ],
            ],
            clears: 'When the window ends.',
          },
          firing: {
            series: { 'bifrost_maintenance_active{device=""}': '_x5 1x10 stale _x30', up: '1x14 0x10 1x20' },
            step: '5s',
            notYet: '20s',
            fires: '1m45s',
            clears: '2m10s',
            value: '1',
          },
          quiet: {
            why: 'a window that was over before the gateway went down, and one for a device',
            series: {
              'bifrost_maintenance_active{device=""}': '1x5 stale _x40',
              'bifrost_maintenance_active{device="press-1"}': '1x45',
              up: '1x14 0x30',
            },
            step: '5s',
            at: ['40s', '1m20s', '2m'],
          },
        },
        {
          alert: 'BifrostDeviceInMaintenance',
          expr: withArea('bifrost_maintenance_active{device!=""} == 1'),
          for: '0s',
          severity: 'info',
          category: 'maintenance',
          summary: 'Device {device} of {instance} is in maintenance{at}',
          description:
            'A maintenance window for device {device} of gateway {instance} is active. No other alert about it is sent.',
          dashboard: 'bifrost-devices',
          page: {
            meaning:
              'Somebody opened a maintenance window for this device. Samples are read and delivered as before, as far as it answers.',
            causes: ['planned works'],
            steps: [
              [
                'Who opened it, and until when?',
                'bifrost maintenance list',
                'the works are done: `bifrost maintenance end <id>`',
                'nobody knows of it: end it, and look who opened it: `bifrost audit list --from 24h`',
              ],
            ],
            clears: 'When the window ends.',
          },
          firing: {
            series: {
              'bifrost_maintenance_active{device="press-1"}': '_x5 1x10 stale _x30',
              'bifrost_device_info{device="press-1",driver="modbus",area="site-1/line-2"}': '1x50',
            },
            step: '5s',
            notYet: '20s',
            fires: '40s',
            clears: '1m30s',
            labels: { device: 'press-1', area: 'site-1/line-2' },
            value: '1',
          },
          quiet: {
            why: 'a window for the whole gateway',
            series: { 'bifrost_maintenance_active{device=""}': '1x40' },
            step: '5s',
            at: ['40s', '1m30s'],
          },
        },
      ],
    },
  ],
}
