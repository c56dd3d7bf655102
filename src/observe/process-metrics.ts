/** The part of the table of metrics that is about the process and its machine: event loop, memory, disk, clock, and the scrape itself. */
import { define } from './metric-info.ts'

export const processMetrics = [
  define(
    'bifrost_event_loop_utilisation_ratio',
    'gauge',
    '',
    [],
    'Share of the last ten seconds in which the event loop was busy; at 1 nothing more fits in.',
    { query: 'avg_over_time(bifrost_event_loop_utilisation_ratio[15m])' },
  ),
  define('bifrost_gc_pause_seconds_total', 'counter', 'seconds', [], 'Time that garbage collection took.', {
    query: 'rate(bifrost_gc_pause_seconds_total[5m])',
  }),
  define(
    'bifrost_memory_limit_bytes',
    'gauge',
    'bytes',
    [],
    'What the process may take: the limit of its control group (version 2 or 1), else the memory of the machine. Compare process_resident_memory_bytes.',
    { query: 'process_resident_memory_bytes / bifrost_memory_limit_bytes' },
  ),
  define('bifrost_data_disk_size_bytes', 'gauge', 'bytes', [], 'Size of the disk that the data folder is on.'),
  define(
    'bifrost_data_disk_free_bytes',
    'gauge',
    'bytes',
    [],
    'What the user of the gateway may still fill of it; looked at every half minute.',
    { query: 'predict_linear(bifrost_data_disk_free_bytes[6h], 86400) < 0' },
  ),
  define(
    'bifrost_clock_synchronised',
    'gauge',
    '',
    [],
    '1: the machine says that its clock is synchronised; 0: it says that it is not; absent where only systemd-timesyncd could tell and it is not used.',
  ),
  define(
    'bifrost_clock_drift_seconds',
    'gauge',
    'seconds',
    [],
    'How far the wall clock has moved against the clock that only goes forward since the start: steps, slewing and sleep together.',
  ),
  define(
    'bifrost_clock_steps_total',
    'counter',
    '',
    [],
    'Times the wall clock was set by a quarter of a second or more.',
  ),
] as const

export const scrapeMetrics = [
  define(
    'bifrost_metrics_series_dropped',
    'gauge',
    '',
    [],
    'Series not shown because of the cap (http.metrics.maxDevices): devices, lines and the like beyond it are summed under "_other", others are left out.',
  ),
  define(
    'bifrost_scrape_duration_seconds',
    'gauge',
    'seconds',
    [],
    'What this scrape took until here, the turns that it gave to others included.',
  ),
] as const
