/** The part of the table of metrics that an autoscaler looks at. */
import { define } from './metric-info.ts'

export const capacityMetrics = [
  define(
    'bifrost_capacity_used_ratio',
    'gauge',
    '',
    ['resource'],
    'Share of a resource that is used: cpu (event loop), memory (against the limit), disk (of the data folder), line (the busiest), file-descriptors. An autoscaler looks at the highest.',
    { query: 'max by (instance) (bifrost_capacity_used_ratio)' },
  ),
] as const
