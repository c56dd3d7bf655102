/** The part of the table of metrics that is about the HTTP server. */
import { API_BOUNDS } from '../core/histogram.ts'
import { define } from './metric-info.ts'

export const httpMetrics = [
  define(
    'bifrost_http_requests_total',
    'counter',
    '',
    ['route', 'method', 'status'],
    'HTTP requests by route pattern, method and status.',
    { query: 'sum(rate(bifrost_http_requests_total{status=~"5.."}[5m])) / sum(rate(bifrost_http_requests_total[5m]))' },
  ),
  define(
    'bifrost_http_request_duration_seconds',
    'histogram',
    'seconds',
    ['route'],
    'Time from the request to the end of its answer.',
    {
      buckets: API_BOUNDS,
      query: 'histogram_quantile(0.95, sum by (le) (rate(bifrost_http_request_duration_seconds_bucket[5m])))',
    },
  ),
  define(
    'bifrost_http_open_access',
    'gauge',
    '',
    [],
    '1: nobody is asked who they are (http.access: open), so that every program of the machine may do everything.',
  ),
  define(
    'bifrost_http_connections',
    'gauge',
    '',
    [],
    'Connections to the HTTP server that are open, live sockets included.',
  ),
  define(
    'bifrost_http_refused_total',
    'counter',
    '',
    ['reason'],
    'Connections and requests that were refused or cut off to protect the others, by reason.',
  ),
] as const
