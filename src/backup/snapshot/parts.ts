/**
 * What of a data folder goes into a snapshot, and how. What is not named here is encrypted: a file that a later version adds cannot slip out
 * in the clear.
 */

/**
 * `plain`: as it is (restic encrypts it all the same); `log`: by the rules of the log; `private`: only within a file of age; `none`: never.
 * A part is a name in the data folder, or a folder with a slash.
 */
export type Way = 'log' | 'plain' | 'private' | 'none'

/** Of this process or this machine alone, or not whole. */
const NEVER = [/^lost\+found(\/|$)/, /^LOCK(\.|$)/, /^HELD$/, /^run\//, /^backup\//, /^restore\//, /^RESTORING$/, /(^|\/)\.[0-9a-f]{16}\.new$/, /\.(thin|part)$/, /-(wal|shm|journal)$/] // prettier-ignore
const LOG = [/^log\//, /^trends\//, /^cursors\//, /^sinks\//, /^origins\//, /^sequence$/, /^tags$/]
const PLAIN = [
  /^audit\//,
  /^dead-letters\//,
  /^learned\//,
  /^parameters\//,
  /^received\//,
  /^reports\//,
  /^kpi\.json$/,
  /^certificates\/(trusted|issuers|crl|rejected)\//,
]

export function wayOf(path: string): Way {
  const is = (one: RegExp): boolean => one.test(path)
  if (NEVER.some(is)) return 'none'
  if (LOG.some(is)) return 'log'
  if (PLAIN.some(is)) return 'plain'
  return isLogStream(path) ? 'none' : 'private'
}

/**
 * A stream of log lines in a file (`log.access.to`, `log.audit.to`), or one that was put aside: it grows with each backup and would be
 * encrypted anew each time. A collector takes those (docs/guide/logs.md); the audit itself is in a snapshot.
 */
export const isLogStream = (path: string): boolean =>
  /(^|\/)logs\/[^/]+\.ndjson$/.test(path) || /\.(log|log\.\d+|ndjson\.\d+)$/.test(path)

/** No file that goes as it is may hold one. */
export const looksPrivate = (bytes: Buffer): boolean =>
  bytes.includes('PRIVATE KEY') || bytes.includes('AGE-SECRET-KEY')

/** Where things lie in a snapshot. */
export const SNAPSHOT = {
  manifest: 'manifest.json',
  /** The data folder, but for what is secret. */
  data: 'data',
  /** Files of age. */
  private: 'private',
} as const
