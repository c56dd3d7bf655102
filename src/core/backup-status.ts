/**
 * `DATA/backup/status.json`: what became of backups, copies, checks and drills. Written by `bifrost backup`, which is a process of its own, and
 * read by the gateway, which makes metrics of it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const outcomeSchema = z.object({
  /** ms since 1970. */
  lastAttempt: z.number(),
  lastSuccess: z.number().nullable(),
  ok: z.boolean(),
  error: z.string().nullable(),
  seconds: z.number(),
})

const repositorySchema = outcomeSchema.extend({
  /** The newest sample in it, ms since 1970. */
  covers: z.number().nullable(),
  /** Of the last backup: all of it, and what was new. */
  bytes: z.number(),
  addedBytes: z.number(),
})

const schema = z.object({
  version: z.literal(1),
  repositories: z.record(z.string(), repositorySchema).default({}),
  verify: z.record(z.string(), outcomeSchema).default({}),
  prune: z.record(z.string(), outcomeSchema).default({}),
  drill: outcomeSchema.extend({ restoreSeconds: z.number(), restoredBytes: z.number() }).nullable().default(null),
})

export type BackupStatus = z.output<typeof schema>
export type BackupOutcome = z.output<typeof outcomeSchema>

export const statusFile = (data: string): string => join(data, 'backup', 'status.json')

export const NO_STATUS: BackupStatus = { version: 1, repositories: {}, verify: {}, prune: {}, drill: null }

/** No name that a repository may have. */
export const UNREADABLE = '(status unreadable)'

/**
 * A few hundred bytes, read with each call; undefined where no backup was ever tried. One that cannot be read, or is none of ours, is a
 * repository of that name which never got a backup: silence would look like health.
 */
export function readBackupStatus(data: string): BackupStatus | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(statusFile(data), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const never = { lastAttempt: 0, lastSuccess: null, ok: false, error: 'the status cannot be read', seconds: 0, covers: null, bytes: 0, addedBytes: 0 } // prettier-ignore
    return { ...NO_STATUS, repositories: { [UNREADABLE]: never } }
  }
}
