/** What drivers and sinks report of themselves, as events. */
import type { AuditEvent } from '../core/audit.ts'
import type { AuditedAction } from '../core/driver.ts'

/** Something that was asked of a device past the commands, such as a write through a proxy. */
export const deviceEvent = (device: string, action: AuditedAction): AuditEvent => eventOf(`device ${device}`, action)

/** The session of a sink with its far side. */
export const sinkEvent = (sink: string, action: AuditedAction): AuditEvent => eventOf(`sink ${sink}`, action)

const eventOf = (object: string, { id, action, from, what, outcome }: AuditedAction): AuditEvent => ({
  id,
  action,
  user: from,
  from,
  object,
  outcome,
  details: { what },
})
