/** Backups: whether they are made, whether they are whole, and whether anybody has tried to restore one. */
import type { AlertRule, RuleFile } from '../rule.ts'

const OLD: AlertRule = {
  alert: 'BifrostBackupOld',
  expr: 'time() - bifrost_backup_last_success_timestamp_seconds > 900',
  for: '1m',
  severity: 'critical',
  category: 'backup',
  summary: 'The last backup of {instance} in {repository} is {value:duration} old',
  description:
    'The repository {repository} has had no backup of gateway {instance} for {value:duration}. What comes meanwhile is lost if this machine is.',
  dashboard: 'bifrost-overview',
  page: {
    meaning: 'A backup is made every minute. For a quarter of an hour none has reached this repository.',
    causes: [
      'the timer does not run, or the machine of the repository is away',
      'a password, key or certificate that was changed',
      'a disk that is full, here or there',
      'the repository is being pruned or checked, which locks it: a night of that is no fault, one that does not end is',
    ],
    steps: [
      [
        'What does a backup say now?',
        'bifrost backup create',
        'the repository cannot be reached: look at the network and at its machine; the other repositories go on',
        'the password file is that of another repository: it was changed; bring the right one',
        'no space left: `bifrost backup prune`, or give it more',
        'it works: the timer does not run. Go on with 2',
      ],
      [
        'Does the timer run?',
        'systemctl list-timers bifrost-backup.timer',
        'it is not there: `systemctl enable --now bifrost-backup.timer`',
        'it is there: `journalctl -u bifrost-backup -n 50` says what it said',
      ],
    ],
    clears: 'With the next backup that gets there.',
  },
  firing: {
    series: { 'bifrost_backup_last_success_timestamp_seconds{repository="site"}': '0x20 1260+60x20' },
    step: '1m',
    notYet: '15m',
    fires: '18m',
    clears: '24m',
    labels: { repository: 'site' },
    value: '18m 0s',
  },
  quiet: {
    why: 'a backup every ten minutes, by somebody who wants it so',
    series: { 'bifrost_backup_last_success_timestamp_seconds{repository="site"}': '0x10 600x10 1200x10 1800x10' },
    step: '1m',
    at: ['9m', '19m', '29m'],
  },
}

const FAILED: AlertRule = {
  alert: 'BifrostBackupFailed',
  expr: 'bifrost_backup_failed == 1',
  for: '5m',
  severity: 'warning',
  category: 'backup',
  summary: 'Backups of {instance} do not reach {repository}',
  description: 'For five minutes no backup of gateway {instance} has reached the repository {repository}.',
  dashboard: 'bifrost-overview',
  page: {
    meaning: 'The last tries failed for this repository. Others may have their backups.',
    causes: [
      'the network to it',
      'its machine',
      'a password or certificate that was changed',
      'a full disk',
      'the repository is being pruned or checked, which locks it: a night of that is no fault, one that does not end is',
    ],
    steps: [
      [
        'What does a backup say now?',
        'bifrost backup create',
        'its words name the repository and the reason',
        'it works: wait a minute, the alert clears',
      ],
    ],
    clears: 'With the next backup that gets there.',
  },
  firing: {
    series: { 'bifrost_backup_failed{repository="region-2"}': '0x5 1x10 0x20' },
    step: '1m',
    notYet: '10m',
    fires: '12m',
    clears: '17m',
    labels: { repository: 'region-2' },
    value: '1',
  },
  quiet: {
    why: 'two tries in a row that fail, and then one that does not',
    series: { 'bifrost_backup_failed{repository="region-2"}': '0x5 1x3 0x5 1x3 0x20' },
    step: '1m',
    at: ['8m', '16m', '20m'],
  },
}

const DAMAGED: AlertRule = {
  alert: 'BifrostBackupDamaged',
  expr: 'bifrost_backup_verify_failed == 1',
  for: '1m',
  severity: 'critical',
  category: 'backup',
  summary: 'The repository {repository} of {instance} is damaged, or could not be read',
  description:
    'The last check of the repository {repository} of gateway {instance} found bytes that are not what they were, or could not read it.',
  dashboard: 'bifrost-overview',
  page: {
    meaning:
      'Every byte of a repository is read and checked once a week. Damage there means that some snapshot cannot be restored.',
    causes: ['a disk that fails', 'somebody who changed files of the repository', 'a repository that was away'],
    steps: [
      [
        'What is damaged, and is the other region whole?',
        'bifrost backup verify',
        'it could not be reached: see BifrostBackupFailed',
        'one is damaged, another is whole: go on with 2; never prune the whole one now',
        'all are damaged: make a new repository beside them now (`bifrost backup create --init` with another url), and keep the old ones for restic’s own repair',
      ],
      [
        'Look at the disk that holds it, then make it anew',
        'bifrost backup create --init',
        'move the damaged folder or bucket away first; the next copies bring what the whole one has',
      ],
    ],
    clears: 'When a check finds the repository whole.',
  },
  firing: {
    series: { 'bifrost_backup_verify_failed{repository="site"}': '0x5 1x10 0x20' },
    step: '1m',
    notYet: '5m',
    fires: '8m',
    clears: '17m',
    labels: { repository: 'site' },
    value: '1',
  },
  quiet: {
    why: 'a check that found all well, and another repository whose prune failed',
    series: {
      'bifrost_backup_verify_failed{repository="site"}': '0x40',
      'bifrost_backup_prune_failed{repository="region-2"}': '1x40',
    },
    step: '1m',
    at: ['8m', '30m'],
  },
}

const DRILL_FAILED: AlertRule = {
  alert: 'BifrostBackupDrillFailed',
  expr: 'bifrost_backup_drill_failed == 1',
  for: '1m',
  severity: 'critical',
  category: 'backup',
  summary: 'A backup of {instance} could not be restored in the last drill',
  description: 'The last restore drill of gateway {instance} failed: its backups may be of no use.',
  dashboard: 'bifrost-overview',
  page: {
    meaning:
      'The drill restores the newest backup into a scratch folder, starts a gateway on it that reaches nobody, and compares.',
    causes: ['damage in the repository', 'no room for the scratch folder', 'a defect: tell us'],
    steps: [
      [
        'What was found?',
        'bifrost backup drill',
        'it passes now: a passing cause; the report in DATA/backup/drills says which',
        'a byte is another one: see BifrostBackupDamaged',
        'something else differs: `bifrost backup drill --repository region-2`, and send us both reports',
      ],
    ],
    clears: 'With a drill that passes.',
  },
  firing: {
    series: { bifrost_backup_drill_failed: '0x5 1x10 0x20' },
    step: '1m',
    notYet: '5m',
    fires: '8m',
    clears: '17m',
    value: '1',
  },
  quiet: { why: 'drills that passed', series: { bifrost_backup_drill_failed: '0x40' }, step: '1m', at: ['8m', '30m'] },
}

const DRILL_OLD: AlertRule = {
  alert: 'BifrostBackupDrillOld',
  expr: 'time() - bifrost_backup_drill_last_success_timestamp_seconds > 8 * 86400',
  for: '1h',
  severity: 'warning',
  category: 'backup',
  summary: 'No restore of {instance} was tried for {value:duration}',
  description: 'The last drill of gateway {instance} that passed is {value:duration} ago. It should be a week at most.',
  dashboard: 'bifrost-overview',
  page: {
    meaning: 'A backup that nobody has restored is a hope. The drill runs once a week by its timer.',
    causes: ['the timer does not run', 'drills that fail: see BifrostBackupDrillFailed'],
    steps: [
      [
        'Does the timer run?',
        'systemctl list-timers bifrost-drill.timer',
        'it is not there: `systemctl enable --now bifrost-drill.timer`',
        'it is there: `journalctl -u bifrost-drill -n 50` says what it said',
      ],
      ['Run one now', 'bifrost backup drill', 'it passes: the alert clears'],
    ],
    clears: 'With a drill that passes.',
  },
  firing: {
    series: { bifrost_backup_drill_last_success_timestamp_seconds: '0x200 720000x40' },
    step: '1h',
    evaluate: '1h',
    notYet: '192h',
    fires: '194h',
    clears: '202h',
    value: '8d 2h 0m 0s',
  },
  quiet: {
    why: 'a drill every week',
    series: { bifrost_backup_drill_last_success_timestamp_seconds: '0x168 604800x168' },
    step: '1h',
    evaluate: '1h',
    at: ['167h', '190h', '300h'],
  },
}

const CHECK_OLD: AlertRule = {
  alert: 'BifrostBackupCheckOld',
  expr: 'time() - bifrost_backup_verify_last_success_timestamp_seconds > 3 * 86400',
  for: '1h',
  severity: 'warning',
  category: 'backup',
  summary: 'The repository {repository} of {instance} was not checked for {value:duration}',
  description:
    'The last check of the repository {repository} of gateway {instance} that found it whole is {value:duration} ago. One is made each night.',
  dashboard: 'bifrost-overview',
  page: {
    meaning:
      'Each night a seventh of a repository is read and checked. Damage that nobody looks for is found when it is restored.',
    causes: [
      'the timer does not run',
      'each check finds the repository in use: something that holds it hangs, or was killed on another machine',
      'checks that fail: see BifrostBackupDamaged',
    ],
    steps: [
      [
        'Does the timer run?',
        'systemctl list-timers bifrost-backup-daily.timer',
        'it is not there: `systemctl enable --now bifrost-backup-daily.timer`',
        'it is there: `journalctl -u bifrost-backup-daily -n 50` says what it said',
      ],
      [
        'Check now',
        'bifrost backup verify --read 1/7',
        'it is whole: the alert clears',
        'it is in use: end what holds it; restic says which machine and process it is',
      ],
    ],
    clears: 'With a check that finds it whole.',
  },
  firing: {
    series: { 'bifrost_backup_verify_last_success_timestamp_seconds{repository="site"}': '0x76 277200x40' },
    step: '1h',
    evaluate: '1h',
    notYet: '72h',
    fires: '74h',
    clears: '80h',
    labels: { repository: 'site' },
    value: '3d 2h 0m 0s',
  },
  quiet: {
    why: 'a check every second night',
    series: { 'bifrost_backup_verify_last_success_timestamp_seconds{repository="site"}': '0x48 172800x48 345600x48' },
    step: '1h',
    evaluate: '1h',
    at: ['47h', '95h', '140h'],
  },
}

const PRUNE_FAILED: AlertRule = {
  alert: 'BifrostBackupPruneFailed',
  expr: 'bifrost_backup_prune_failed == 1',
  for: '30h',
  severity: 'warning',
  category: 'backup',
  summary: 'Old backups of {instance} in {repository} are not let go',
  description:
    'For two nights old snapshots of gateway {instance} could not be let go in the repository {repository}: it grows.',
  dashboard: 'bifrost-overview',
  page: {
    meaning:
      'Each night what retention does not keep goes. Without that a repository grows until its disk is full, and then no backup is made.',
    causes: [
      'the repository is in use whenever it is tried',
      'rights that allow to add and not to remove',
      'its disk is full',
    ],
    steps: [
      [
        'What does it say now?',
        'bifrost backup prune',
        'it works: the alert clears',
        'it is in use: end what holds it; restic says which machine and process it is',
        'it may not remove: where that is wanted (object lock), let that side prune, and silence this alert for the repository',
      ],
    ],
    clears: 'With the next prune that works.',
  },
  firing: {
    series: { 'bifrost_backup_prune_failed{repository="site"}': '0x5 1x40 0x10' },
    step: '1h',
    evaluate: '1h',
    notYet: '35h',
    fires: '37h',
    clears: '48h',
    labels: { repository: 'site' },
    value: '1',
  },
  quiet: {
    why: 'one night on which it failed',
    series: { 'bifrost_backup_prune_failed{repository="site"}': '0x5 1x24 0x30' },
    step: '1h',
    evaluate: '1h',
    at: ['20h', '29h', '40h'],
  },
}

export const backupRules: RuleFile = {
  name: 'backup',
  about:
    'Backups: made, whole, and tried out. Gateways without a backup have none of the series: that nobody makes one is not told.',
  groups: [
    { name: 'bifrost-backup', alerts: [OLD, FAILED, DAMAGED, CHECK_OLD, PRUNE_FAILED, DRILL_FAILED, DRILL_OLD] },
  ],
}
