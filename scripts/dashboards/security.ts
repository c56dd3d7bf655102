/** Security: who was refused, what was locked out, whether the audit log is whole, and what will expire. */
import { dashboard, ON } from './frame.ts'
import { NONE, upDown } from './palette.ts'
import { graph, stat, table } from './panels.ts'

const lasting = (metric: string, more = ''): string => `round(sum(increase(${metric}{${ON}${more}}[$__range])))`

export const security = dashboard({
  uid: 'bifrost-security',
  title: 'Security',
  description: 'Who was refused, what was locked out, whether the audit log is whole, and what will expire.',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Audit log',
          description: 'Whether the chain of the audit log is whole, as far as was looked.',
          unit: 'none',
          queries: [{ expr: `min(bifrost_audit_intact{${ON}})` }],
          mappings: upDown('whole', 'was changed'),
        }),
        stat({
          title: 'Audit log takes',
          description: 'Whether the audit log can be written; what needs a record is refused otherwise.',
          unit: 'none',
          queries: [{ expr: `min(bifrost_audit_writable{${ON}})` }],
          mappings: upDown('writable', 'not writable'),
        }),
        stat({
          title: 'Sign-ins that failed',
          description: 'In the time shown.',
          unit: 'short',
          queries: [{ expr: lasting('bifrost_sign_ins_total', ', result!="ok"') }],
          limits: { warn: 5, alarm: 50 },
          mappings: NONE,
        }),
        stat({
          title: 'Lock-outs',
          description: 'People and addresses that were locked out after failures, in the time shown.',
          unit: 'short',
          queries: [{ expr: lasting('bifrost_security_events_total', ', kind="lock-out"') }],
          limits: { alarm: 1 },
          mappings: NONE,
        }),
        stat({
          title: 'Open gateways',
          description: 'Gateways whose HTTP server asks nobody who they are.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_http_open_access{${ON}})` }],
          limits: { alarm: 1 },
          mappings: NONE,
        }),
        stat({
          title: 'Insecure connections',
          description: 'Devices and sinks with `insecure: true`: others can read and change their traffic.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_insecure_connections{${ON}}) or vector(0)` }],
          limits: { warn: 1 },
          mappings: NONE,
        }),
      ],
    },
    {
      title: 'Events',
      panels: [
        graph({
          title: 'Security events',
          description: 'Events a minute by kind.',
          unit: 'cpm',
          queries: [
            {
              expr: `60 * sum by (kind) (rate(bifrost_security_events_total{${ON}}[$__rate_interval]))`,
              legend: '{{kind}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Sign-ins',
          description: 'Sign-ins a minute by result.',
          unit: 'cpm',
          queries: [
            {
              expr: `60 * sum by (result) (rate(bifrost_sign_ins_total{${ON}}[$__rate_interval]))`,
              legend: '{{result}}',
            },
          ],
        }),
        graph({
          title: 'Credentials refused',
          description: 'Bearer tokens and client certificates that stand for nobody, and failed set-ups; a minute.',
          unit: 'cpm',
          queries: [
            {
              expr: `60 * sum by (kind) (rate(bifrost_credentials_refused_total{${ON}}[$__rate_interval]))`,
              legend: '{{kind}}',
            },
          ],
        }),
        graph({
          title: 'Answers 401, 403 and 429',
          description: 'Requests a second that were refused.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (status) (rate(bifrost_http_requests_total{${ON}, status=~"401|403|429"}[$__rate_interval]))`,
              legend: '{{status}}',
            },
          ],
        }),
        graph({
          title: 'Cut off to protect the others',
          description: 'Connections and requests a second that were refused or cut off, by reason.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (reason) (rate(bifrost_http_refused_total{${ON}}[$__rate_interval]))`,
              legend: '{{reason}}',
            },
          ],
          many: true,
        }),
        graph({
          title: 'Sessions',
          description: 'People who are signed in, and live sockets.',
          unit: 'none',
          queries: [
            { expr: `sum(bifrost_sessions{${ON}})`, legend: 'sessions' },
            { expr: `sum(bifrost_live_clients{${ON}})`, legend: 'live sockets' },
          ],
        }),
      ],
    },
    {
      title: 'Audit and certificates',
      panels: [
        graph({
          title: 'Audit events',
          description: 'Lines a minute that the audit log took, and those that it could not take.',
          unit: 'cpm',
          queries: [
            { expr: `60 * sum(rate(bifrost_audit_events_total{${ON}}[$__rate_interval]))`, legend: 'recorded' },
            { expr: `60 * sum(rate(bifrost_audit_refused_total{${ON}}[$__rate_interval]))`, legend: 'refused' },
          ],
        }),
        stat({
          title: 'Certificates that wait',
          description: 'Certificates that were presented, are not trusted, and wait for somebody to decide.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_certificates_rejected{${ON}})` }],
          limits: { warn: 1 },
          mappings: NONE,
          span: 6,
        }),
        stat({
          title: 'Writes locked',
          description: 'Gateways on which all writes are locked.',
          unit: 'none',
          queries: [{ expr: `sum(bifrost_writes_locked{${ON}})` }],
          limits: { warn: 1 },
          mappings: NONE,
          span: 6,
        }),
        table({
          title: 'Certificates by expiry',
          description: 'Time left of each certificate that the gateway shows or trusts.',
          unit: 's',
          queries: [{ expr: `sort(bifrost_certificate_not_after_timestamp_seconds{${ON}} - time())` }],
          names: { Value: 'time left' },
          span: 24,
        }),
      ],
    },
  ],
})
