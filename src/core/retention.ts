/** What happens when the log is at its bound with samples that a sink still waits for. */
export const RETENTION_POLICIES = ['drop-oldest', 'drop-newest', 'thin-oldest', 'block'] as const
export type RetentionPolicy = (typeof RETENTION_POLICIES)[number]
