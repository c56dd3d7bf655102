/** The commands about backups as the help shows them. */
import type { CommandInfo } from './commands.ts'

const SETTINGS = [
  '-c, --config <file>',
  'backup.yaml: what is backed up and where to (default: $BIFROST_BACKUP, else /etc/bifrost/backup.yaml)',
] as const
const WAIT = ['--wait <time>', 'how long to wait for a backup that is being made', '5m'] as const
const REPOSITORY = ['--repository <name>', 'this one of the settings (default: the first)'] as const
const IDENTITY = ['--identity <file>', 'the private key of age, out of the safe'] as const
const TO = [
  ['--to <time>', 'end with what had come by this time, such as 2026-11-29T10:00:00Z'],
  ['--to-seq <n>', 'end with this number of the log'],
] as const

export const BACKUP_COMMANDS: CommandInfo = {
  usage: 'backup',
  summary: 'snapshots of the whole gateway in repositories of restic: made, listed, checked, restored, tried out',
  description:
    'All of a gateway: log with cursors, trends, audit, accounts, certificates, learned profiles, configuration; what is secret is encrypted with age. Beside it, GET /api/v1/backup gives the settings alone as one file without secrets.',
  examples: [
    ['bifrost backup create --init', 'the first one; then a timer makes one every minute'],
    ['bifrost backup restore --preview', 'what the newest would bring, and what would go'],
  ],
  commands: [
    {
      usage: 'create',
      summary: 'make a snapshot of a gateway that runs, or is stopped, and copy it to the other repositories',
      examples: [
        ['bifrost backup create', 'exit 1 when a repository did not get it; the others have it'],
        ['bifrost backup create --init', 'makes repositories that are not there yet'],
      ],
      options: [SETTINGS, ['--init', 'make repositories that are not there']],
      load: async () => ({ run: (await import('./backup.ts')).create }),
    },
    {
      usage: 'list',
      summary: 'the snapshots of each repository',
      examples: [['bifrost backup list --repository region-2', 'of the second region']],
      options: [SETTINGS, REPOSITORY],
      load: async () => ({ run: (await import('./backup.ts')).list }),
    },
    {
      usage: 'verify',
      summary: 'read repositories and check every byte; exit 5 when one is damaged',
      examples: [
        ['bifrost backup verify', 'all repositories, all data'],
        ['bifrost backup verify --read 1/7', 'a seventh of the data, for every day of a week'],
      ],
      options: [
        SETTINGS,
        REPOSITORY,
        ['--read <share>', 'how much of the data is read: 100%, 5% or 1/7', '100%'],
        WAIT,
      ],
      load: async () => ({ run: (await import('./backup.ts')).verify }),
    },
    {
      usage: 'restore [snapshot]',
      summary: 'put a snapshot in place of what is there, to the record if that is asked for; the gateway is stopped',
      description:
        'Prepared beside, held against its manifest byte for byte, then put in place: until then nothing is changed, and what was there is kept in DATA/restore. The restored log gets an id of its own. Exit 1 when the backup is refused.',
      examples: [
        ['bifrost backup restore --identity key.txt', 'the newest'],
        ['bifrost backup restore --identity key.txt --to 2026-11-29T10:00:00Z', 'as it was then, to the record'],
        ['bifrost backup restore --preview', 'what would come and what would go; changes nothing'],
      ],
      options: [
        SETTINGS,
        REPOSITORY,
        IDENTITY,
        ...TO,
        ['--preview', 'say what would come of it, and change nothing'],
        ['--into <folder>', 'into an empty folder of its own, in place of nothing'],
        ['--no-secrets', 'without the private key: neither configuration nor accounts nor keys come back'],
        ['--keep-config', 'leave the configuration as it is'],
        ['--skip-pending', 'what waited for a sink is let go, and not delivered again'],
        ['--finish', 'end a restore that was cut off'],
        ['--redis', 'put back into Redis what the last restore brought of it'],
      ],
      load: async () => ({ run: (await import('./backup-restore.ts')).restore }),
    },
    {
      usage: 'prune',
      summary: 'let go of what retention does not keep, in every repository',
      examples: [['bifrost backup prune', 'once a day, by the timer']],
      options: [SETTINGS, REPOSITORY, WAIT],
      load: async () => ({ run: (await import('./backup.ts')).prune }),
    },
    {
      usage: 'drill',
      summary:
        'restore the newest snapshot into a scratch folder, start a gateway on it that reaches nobody, compare; exit 5 when something differs',
      description:
        'Without --identity what is secret stays closed: the configuration of this machine is taken, accounts and keys are not tried.',
      examples: [['bifrost backup drill --identity key.txt --repository region-2', 'from the second region']],
      options: [
        SETTINGS,
        REPOSITORY,
        IDENTITY,
        ...TO,
        ['--scratch <folder>', 'where it is restored and then removed (default: DATA/backup/drill)'],
        ['--report <folder>', 'where the report goes (default: DATA/backup/drills)'],
      ],
      load: async () => ({ run: (await import('./backup-drill.ts')).drill }),
    },
  ],
}
