/** The part of the table of metrics that is about traces. */
import { define } from './metric-info.ts'

export const spanMetrics = [
  define(
    'bifrost_spans_total',
    'counter',
    '',
    ['result'],
    'Spans of traces: sent, the collector took them; dropped, there was no room for them or it refused them.',
  ),
] as const
