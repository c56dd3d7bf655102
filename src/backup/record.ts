/** Writes `DATA/backup/status.json`, from which the gateway makes metrics: read, changed and put in its place whole, by one at a time. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readBackupStatus, NO_STATUS, statusFile, UNREADABLE, type BackupOutcome, type BackupStatus } from '../core/backup-status.ts' // prettier-ignore
import { putFile } from '../core/durable-file.ts'
import { messageOf } from '../core/errors.ts'
import { makeFolders } from '../core/folder.ts'
import { nodeFiles } from '../store/files.ts'
import { lockFolder } from '../store/lock.ts'

const TRIES = 200
const PAUSE_MS = 50

/** Where the data folder is not to be seen, as in a drill on another machine, there is nobody to tell. */
export async function recordStatus(data: string, change: (status: BackupStatus) => BackupStatus): Promise<void> {
  if (!existsSync(data)) return
  const file = statusFile(data)
  const turn = join(dirname(file), 'status')
  await makeFolders(turn)
  const letGo = await inTurn(turn)
  try {
    const { repositories, ...rest } = readBackupStatus(data) ?? NO_STATUS
    const { [UNREADABLE]: _, ...known } = repositories
    await putFile(file, `${JSON.stringify(change({ ...rest, repositories: known }))}\n`, { mode: 0o644 })
  } finally {
    await letGo()
  }
}

/** A backup, a check and a drill may end at the same time: none may write what another has read before. */
async function inTurn(folder: string): Promise<() => Promise<void>> {
  for (let tried = 1; ; tried++)
    try {
      return await lockFolder(nodeFiles, folder)
    } catch (error) {
      if (tried === TRIES) throw error
      await pause(PAUSE_MS)
    }
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
