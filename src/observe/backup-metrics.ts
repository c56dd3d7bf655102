/** The part of the table of metrics that is about backups; all of it absent where none was ever made. */
import { define } from './metric-info.ts'

const REPOSITORY = ['repository'] as const

export const backupMetrics = [
  define(
    'bifrost_backup_last_success_timestamp_seconds',
    'gauge',
    'seconds',
    REPOSITORY,
    'When this repository last got a backup; 0: never.',
  ),
  define(
    'bifrost_backup_failed',
    'gauge',
    '',
    REPOSITORY,
    '1: the last backup did not reach this repository; 0: it did.',
  ),
  define(
    'bifrost_backup_covered_timestamp_seconds',
    'gauge',
    'seconds',
    REPOSITORY,
    'When the newest sample that this repository holds had come: what is younger is lost with this machine.',
  ),
  define('bifrost_backup_bytes', 'gauge', 'bytes', REPOSITORY, 'Size of the last snapshot.'),
  define(
    'bifrost_backup_added_bytes',
    'gauge',
    'bytes',
    REPOSITORY,
    'What of the last snapshot was new and had to be sent.',
  ),
  define('bifrost_backup_duration_seconds', 'gauge', 'seconds', REPOSITORY, 'How long the last backup took.'),
  define(
    'bifrost_backup_verify_last_success_timestamp_seconds',
    'gauge',
    'seconds',
    REPOSITORY,
    'When this repository was last read and found whole; 0: never.',
  ),
  define(
    'bifrost_backup_verify_failed',
    'gauge',
    '',
    REPOSITORY,
    '1: the last check found damage, or could not read the repository.',
  ),
  define('bifrost_backup_prune_failed', 'gauge', '', REPOSITORY, '1: old snapshots could not be let go of.'),
  define(
    'bifrost_backup_drill_last_success_timestamp_seconds',
    'gauge',
    'seconds',
    [],
    'When a backup was last restored, started and found equal; 0: never.',
  ),
  define('bifrost_backup_drill_failed', 'gauge', '', [], '1: the last drill failed.'),
  define(
    'bifrost_backup_drill_restore_seconds',
    'gauge',
    'seconds',
    [],
    'How long the restore of the last drill took, without the start of the gateway.',
  ),
] as const
