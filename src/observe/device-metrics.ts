/** The part of the table of metrics that is about single devices: state, polls, and what their requests came to. */
import { DURATION_BOUNDS } from '../core/histogram.ts'
import { define } from './metric-info.ts'

export const DEVICE = ['device', 'driver'] as const

export const deviceMetrics = [
  define('bifrost_devices', 'gauge', '', ['state'], 'Devices by state, all of them, those beyond the cap included.', {
    query: 'sum(bifrost_devices{state=~"Failed|Connecting"}) / sum(bifrost_devices{state!="Disabled"})',
  }),
  define('bifrost_device_info', 'gauge', '', [...DEVICE, 'area'], 'Always 1; the labels say where the device stands.', {
    query: 'sum by (area) (bifrost_device_up * on (device, driver) group_left (area) bifrost_device_info)',
  }),
  define('bifrost_device_up', 'gauge', '', DEVICE, '1 when the device is in state Running, 0 otherwise.', {
    query: 'count by (driver) (bifrost_device_up == 0)',
  }),
  define('bifrost_device_away', 'gauge', '', DEVICE, '1 while the device is not reached (Connecting, Failed), 0 while it is, if with some bad tags (Running, Degraded); absent while it is disabled.'), // prettier-ignore
  define(
    'bifrost_device_poll_duration_seconds',
    'histogram',
    'seconds',
    DEVICE,
    'Time from the first request of a poll to its last answer.',
    {
      buckets: DURATION_BOUNDS,
      query: 'histogram_quantile(0.95, sum by (le, device) (rate(bifrost_device_poll_duration_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_device_poll_lateness_seconds',
    'histogram',
    'seconds',
    ['driver'],
    'How much later than planned polls began, over all devices of a driver.',
    {
      buckets: DURATION_BOUNDS,
      query: 'histogram_quantile(0.99, sum by (le, driver) (rate(bifrost_device_poll_lateness_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_device_requests_total',
    'counter',
    '',
    [...DEVICE, 'result'],
    'Requests to the device by result: ok, failed, timeout.',
    {
      query:
        'sum by (device) (rate(bifrost_device_requests_total{result!="ok"}[5m])) / sum by (device) (rate(bifrost_device_requests_total[5m]))',
    },
  ),
  define(
    'bifrost_device_request_duration_seconds',
    'histogram',
    'seconds',
    DEVICE,
    'Round trip of one request, from its place on the line to its answer: polls, commands (one write is one request), requests of the clients of a proxy; those without an answer are not in it.',
    {
      buckets: DURATION_BOUNDS,
      query: 'histogram_quantile(0.95, sum by (le, device) (rate(bifrost_device_request_duration_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_device_request_loss_ratio',
    'gauge',
    '',
    DEVICE,
    'Requests without an answer over all requests of the last five minutes; absent when there were none. "_other": of all devices beyond the cap together.',
    { query: 'topk(10, bifrost_device_request_loss_ratio > 0.01)' },
  ),
  define(
    'bifrost_device_last_answer_timestamp_seconds',
    'gauge',
    'seconds',
    DEVICE,
    'When the device last answered a request or reported a good value; absent before the first one. "_other": the oldest.',
    { query: 'time() - bifrost_device_last_answer_timestamp_seconds > 60' },
  ),
  define(
    'bifrost_device_bytes_total',
    'counter',
    'bytes',
    [...DEVICE, 'direction'],
    'Bytes sent to and received from the device, those of TLS included where it is used, those of TCP and IP not; absent where a library keeps the connection to itself (OPC UA). On a connection that several devices share, what came since the last request ended is counted for the one that ends: the sum is exact.',
    { query: 'sum by (direction) (rate(bifrost_device_bytes_total[5m]))' },
  ),
  define(
    'bifrost_device_exceptions_total',
    'counter',
    '',
    [...DEVICE, 'code'],
    'Requests that the device answered with a refusal, by the name of the status that it became; of a request with several the first. Codes beyond 32 of a device are code="_other".',
    { query: 'sum by (device, code) (increase(bifrost_device_exceptions_total[1h])) > 0' },
  ),
  define('bifrost_device_overruns_total', 'counter', '', DEVICE, 'Polls left out because the one before was not done.'),
  define('bifrost_device_reconnects_total', 'counter', '', DEVICE, 'Connections made again after one was lost.'),
  define(
    'bifrost_device_backfilled_samples_total',
    'counter',
    '',
    DEVICE,
    'Samples that were read from the device’s own history, to fill gaps.',
  ),
] as const
