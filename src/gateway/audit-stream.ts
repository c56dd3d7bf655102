/** The copy of the audit that goes to systems that watch logs: one line an event, when it is on the disk; the chain itself stays in its files. */
import type { WrittenLine } from '../audit/audit.ts'
import type { Log } from '../core/log.ts'

export function sayAudit(log: Log, line: WrittenLine): void {
  const { n, time, id, action, user, from, object, before, after, reason, outcome, trace, details, hash } = line
  log.info(
    {
      n,
      hash,
      eventId: id,
      eventTime: time,
      eventKind: 'event',
      category: categoryOf(action),
      action,
      outcome: outcomeOf(outcome),
      auditOutcome: outcome,
      user,
      from,
      address: from.startsWith('http ') ? from.slice(5) : undefined,
      object,
      auditBefore: asText(before),
      auditAfter: asText(after),
      reason,
      details,
      'trace.id': trace,
    },
    `${user}: ${action} ${object}: ${outcome}`,
  )
}

const asText = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : JSON.stringify(value)

/** What was asked for, waits for a second person, or got no answer from the device is not known to have been done. */
const UNKNOWN: ReadonlySet<string> = new Set(['requested', 'APPROVAL_REQUIRED', 'WRITE_UNKNOWN'])

/** As ECS has it. */
export function outcomeOf(outcome: string): 'success' | 'failure' | 'unknown' {
  if (UNKNOWN.has(outcome)) return 'unknown'
  return /^[A-Z]/.test(outcome) || /refused|rejected|failed|incomplete|changed/.test(outcome) ? 'failure' : 'success'
}

function categoryOf(action: string): string[] | undefined {
  if (/^(sign-|session)/.test(action)) return ['authentication', 'session']
  if (/^(user|token|role|access|accounts)/.test(action)) return ['iam']
  return /^(config|log\.level|parameters)/.test(action) ? ['configuration'] : undefined
}
