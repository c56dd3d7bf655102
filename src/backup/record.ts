/** Writes `DATA/backup/status.json`, from which the gateway makes metrics: read, changed and put in its place whole. */
import {
  readBackupStatus,
  NO_STATUS,
  statusFile,
  type BackupOutcome,
  type BackupStatus,
} from '../core/backup-status.ts'
import { putFile } from '../core/durable-file.ts'
import { messageOf } from '../core/errors.ts'
import { makeFolders } from '../core/folder.ts'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where the data folder is not to be seen, as in a drill on another machine, there is nobody to tell. */
export async function recordStatus(data: string, change: (status: BackupStatus) => BackupStatus): Promise<void> {
  if (!existsSync(data)) return
  await makeFolders(dirname(statusFile(data)))
  await putFile(statusFile(data), `${JSON.stringify(change(readBackupStatus(data) ?? NO_STATUS))}\n`, { mode: 0o644 })
}

/** What became of something that began at `from` and ended now; `error` undefined: well. */
export const outcome = (
  before: BackupOutcome | undefined | null,
  from: number,
  now: number,
  error: unknown,
): BackupOutcome => ({
  lastAttempt: now,
  lastSuccess: error === undefined ? now : (before?.lastSuccess ?? null),
  ok: error === undefined,
  error: error === undefined ? null : messageOf(error).slice(0, 1000),
  seconds: (now - from) / 1000,
})
