/** The part of the table of metrics that is about writes and the audit log. */
import { define } from './metric-info.ts'

export const auditMetrics = [
  define('bifrost_writes_locked', 'gauge', '', [], '1: all writes are locked.'),
  define('bifrost_writes_pending', 'gauge', '', [], 'Writes that wait for a second person.'),
  define('bifrost_audit_events_total', 'counter', '', [], 'Lines of the audit log since the start.'),
  define('bifrost_audit_refused_total', 'counter', '', [], 'Events that the audit log could not take.'),
  define(
    'bifrost_audit_writable',
    'gauge',
    '',
    [],
    '0: the audit log takes nothing, and what needs a record is refused.',
  ),
  define('bifrost_audit_intact', 'gauge', '', [], '0: the audit log was changed, as far as was looked.'),
  define('bifrost_audit_bytes', 'gauge', 'bytes', [], 'Size of the audit log on the disk.'),
] as const
