/** The series about traces; 0 while nothing is traced. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

export function spans(out: Exposition, { tracing }: Gateway): void {
  out.sample({ result: 'sent' }, tracing?.spans.sent ?? 0)
  out.sample({ result: 'dropped' }, tracing?.spans.dropped ?? 0)
}
