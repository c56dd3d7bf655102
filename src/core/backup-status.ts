/**
 * `DATA/backup/status.json`: what became of backups, copies, checks and drills. Written by `bifrost backup`, which is a process of its own, and
 * read by the gateway, which makes metrics of it.
 */
import { existsSync, readFileSync } from 'node:fs'
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

/** Undefined where no backup was ever tried; what is no status of ours counts as none. */
function parseStatus(text: string): BackupStatus | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** A few hundred bytes, read with each call. */
export function readBackupStatus(data: string): BackupStatus | undefined {
  const file = statusFile(data)
  return existsSync(file) ? parseStatus(readFileSync(file, 'utf8')) : undefined
}
