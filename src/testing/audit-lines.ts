/** The events of an audit log as a test reads them: the lines of its files, without what the log says of itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditLine } from '../audit/line.ts'
import type { Audit, AuditEvent } from '../core/audit.ts'
import { GatewayError } from '../core/errors.ts'

/** Every line under `DATA/audit`, oldest first. */
export function auditLines(data: string): AuditLine[] {
  const folder = join(data, 'audit')
  const names = readdirSync(folder).filter((name) => /^\d+\.ndjson$/.test(name)).sort() // prettier-ignore
  const text = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as AuditLine) // prettier-ignore
}

/** Without what the log says of itself. */
export const auditEvents = (data: string): AuditLine[] =>
  auditLines(data).filter(({ action }) => !action.startsWith('audit.'))

/** Keeps what is recorded; `isFull` refuses all of it. */
export class MemoryAudit implements Audit {
  readonly events: AuditEvent[] = []
  isFull = false
  /** Holds records up until it resolves, as a slow disk does. */
  disk: Promise<void> = Promise.resolve()
  asked = 0

  async record(event: AuditEvent): Promise<void> {
    this.asked++
    await this.disk
    if (this.isFull) throw new GatewayError('STORE_FAILED', 'The audit log cannot be written.')
    this.events.push(event)
  }
}

/** Each event with its details beside it; none where there is no log yet. */
export function flatEvents(data: string): Record<string, string>[] {
  if (!existsSync(join(data, 'audit'))) return []
  return auditEvents(data).map(
    ({ details, ...event }) => ({ ...event, ...details }) as unknown as Record<string, string>,
  )
}

/** What waits for a gateway in the inbox, oldest first, each event with its details beside it. */
export function waitingEvents(data: string): Record<string, string>[] {
  const folder = join(data, 'audit', 'inbox')
  const files = readdirSync(folder).sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { event: AuditEvent }) // prettier-ignore
  return files.map(({ event: { details, ...event } }) => ({ ...event, ...details }) as Record<string, string>)
}
