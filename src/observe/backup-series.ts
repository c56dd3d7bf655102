/** The series about backups, from the status that `bifrost backup` leaves in the data folder. */
import { readBackupStatus, type BackupOutcome, type BackupStatus } from '../core/backup-status.ts'
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

type Of<T> = Readonly<Record<string, T>>
type Collect = (out: Exposition, { gateway }: { readonly gateway: Gateway }) => void

const seconds = (ms: number | null): number => (ms ?? 0) / 1000

/** One series a repository. */
const each =
  <T>(of: (status: BackupStatus) => Of<T>, value: (one: T) => number): Collect =>
  (out, { gateway }) => {
    const status = readBackupStatus(gateway.config.data)
    for (const [repository, one] of Object.entries(status === undefined ? {} : of(status))) out.sample({ repository }, value(one)) // prettier-ignore
  }

const drill =
  (value: (one: NonNullable<BackupStatus['drill']>) => number): Collect =>
  (out, { gateway }) => {
    const last = readBackupStatus(gateway.config.data)?.drill ?? undefined
    if (last !== undefined) out.sample({}, value(last))
  }

const failed = ({ ok }: BackupOutcome): number => (ok ? 0 : 1)

export const backupCollectors = {
  bifrost_backup_last_success_timestamp_seconds: each(
    (status) => status.repositories,
    (one) => seconds(one.lastSuccess),
  ),
  bifrost_backup_failed: each((status) => status.repositories, failed),
  bifrost_backup_covered_timestamp_seconds: each(
    (status) => status.repositories,
    (one) => seconds(one.covers),
  ),
  bifrost_backup_bytes: each(
    (status) => status.repositories,
    (one) => one.bytes,
  ),
  bifrost_backup_added_bytes: each(
    (status) => status.repositories,
    (one) => one.addedBytes,
  ),
  bifrost_backup_duration_seconds: each(
    (status) => status.repositories,
    (one) => one.seconds,
  ),
  bifrost_backup_verify_last_success_timestamp_seconds: each(
    (status) => status.verify,
    (one) => seconds(one.lastSuccess),
  ),
  bifrost_backup_verify_failed: each((status) => status.verify, failed),
  bifrost_backup_prune_failed: each((status) => status.prune, failed),
  bifrost_backup_drill_last_success_timestamp_seconds: drill((one) => seconds(one.lastSuccess)),
  bifrost_backup_drill_failed: drill(failed),
  bifrost_backup_drill_restore_seconds: drill((one) => one.restoreSeconds),
} as const
