/** The part of the table of metrics that is about certificates and encryption. */
import { define } from './metric-info.ts'

export const certificateMetrics = [
  define(
    'bifrost_certificate_expiry_timestamp_seconds',
    'gauge',
    'seconds',
    ['kind', 'thumbprint', 'name'],
    'When a certificate of OPC UA expires: kind is own or trusted; of the trusted ones the 100 that expire first.',
  ),
  define(
    'bifrost_certificates_rejected',
    'gauge',
    '',
    [],
    'Certificates that were presented, are not trusted, and wait for somebody to decide.',
  ),
  define(
    'bifrost_certificate_not_after_timestamp_seconds',
    'gauge',
    'seconds',
    ['use', 'name'],
    'When a certificate that we show or trust expires: use is http, receive, device, sink (with -ca: what is trusted there), oidc-ca, ca, opcua-own or opcua-trusted; the earliest of a file; the 500 that expire first.',
  ),
  define(
    'bifrost_certificate_reload_failed',
    'gauge',
    '',
    ['use'],
    '1: the files of this server have changed and are of no use; the certificate before stays in use.',
  ),
  define(
    'bifrost_insecure_connections',
    'gauge',
    '',
    ['kind', 'name'],
    '1 for each device and sink that has `insecure: true`: others can read and change its traffic.',
  ),
] as const
