/** The part of the table of metrics that is about health, and what the gateway mended by itself. */
import { define } from './metric-info.ts'

export const healthMetrics = [
  define(
    'bifrost_health_check',
    'gauge',
    '',
    ['check'],
    '1: this check of /livez and /readyz is well; 0: it is not, and the answer is 503. What only wants attention is 1.',
  ),
  define(
    'bifrost_component_restarts_total',
    'counter',
    '',
    ['component', 'reason'],
    'What did not go on and was begun anew by itself, by kind of component; the log says which one.',
  ),
  define(
    'bifrost_watchdog_notifications_total',
    'counter',
    '',
    [],
    'How often the watchdog of systemd was told that there is progress; it stands still where nobody asks for it.',
  ),
] as const
