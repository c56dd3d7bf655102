/** Definitions of the metrics of maintenance windows and of local alerts. */
import { define } from './metric-info.ts'

export const alertMetrics = [
  define(
    'bifrost_maintenance_active',
    'gauge',
    '',
    ['device'],
    '1 for each device that a maintenance window is active for; device="": the whole gateway. Absent otherwise.',
  ),
  define(
    'bifrost_local_alerts',
    'gauge',
    '',
    ['alert', 'severity'],
    'Local alerts that are firing now, silenced ones included.',
  ),
  define(
    'bifrost_local_alert_notifications_total',
    'counter',
    '',
    ['receiver', 'result'],
    'Messages to the receivers of local alerts: sent; failed, attempts that failed and were or are tried again; dropped, messages that will never arrive.',
  ),
] as const
