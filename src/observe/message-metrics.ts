/** The part of the table of metrics that is about the gateway's own log. */
import { define } from './metric-info.ts'

export const messageMetrics = [
  define(
    'bifrost_messages_total',
    'counter',
    '',
    ['level', 'component'],
    'Lines that the gateway said of itself, repeats that were summarised included.',
  ),
  define(
    'bifrost_messages_dropped_total',
    'counter',
    '',
    ['reason'],
    'Lines that did not leave: blocked, whoever reads them stands still; closed, nobody reads them any more; failed, the file takes nothing.',
  ),
  define(
    'bifrost_message_patterns_total',
    'counter',
    '',
    ['pattern'],
    'Lines that match an error pattern (log.patterns), repeats that were summarised included.',
  ),
] as const
