/** The words of `bifrost update …`. */
import type { CommandInfo } from './commands.ts'

const SETTINGS = ['-c, --config <file>', 'settings of the updater (default: /etc/bifrost/update.yaml)'] as const
const FROM = ['--from <source>', 'folder or https:// address of a release (default: `source` of the settings)'] as const
const TRUST = ['--trust <file>', 'public keys (PEM) to trust in the place of the pinned ones'] as const
const DOWN = [
  '--allow-downgrade',
  'take a version that is older than the installed one, or another build of it',
] as const

export const UPDATE_COMMANDS: CommandInfo = {
  usage: 'update',
  summary: 'new versions on a box that install.sh set up: signed, judged by their health, and taken back by themselves',
  examples: [
    ['bifrost update check', 'whether there is a newer version; exit 5 when there is'],
    ['bifrost update apply --from /media/usb/bifrost-1.3.0', 'from an offline bundle'],
    ['bifrost update rollback', 'to the version before'],
  ],
  commands: [
    {
      usage: 'check',
      summary: 'look whether the source has another version for this box, without taking it',
      examples: [['bifrost update check --json', 'exit 0 up to date, 5 there is one, 1 it was refused and why']],
      options: [SETTINGS, FROM, TRUST, DOWN],
      load: async () => ({ run: (await import('./update.ts')).check }),
    },
    {
      usage: 'apply',
      summary: 'verify, fetch, check the configuration with it, switch, and go back unless it becomes healthy',
      description:
        'Whatever is refused (signature, expiry, product, lower version, architecture, size, hash, configuration) leaves all as it was. After the switch the new version must become ready, poll, and stay so; else the former one runs again, with configuration and log kept, and the new one is marked and not tried again without --again. Needs root.',
      examples: [
        ['bifrost update apply', 'from the source of the settings, now'],
        ['bifrost update apply --from /media/usb/bifrost-1.3.0', 'offline'],
        ['bifrost update apply --automatic', 'what the timer runs: within the window, in its stage, if enabled'],
      ],
      options: [
        SETTINGS,
        FROM,
        TRUST,
        DOWN,
        ['--again', 'take a version that did not come up before'],
        ['--automatic', 'only if enabled, within the window, and in the stage of the release'],
      ],
      load: async () => ({ run: (await import('./update.ts')).apply }),
    },
    {
      usage: 'status',
      summary: 'what is installed, what is on trial, what was left and why',
      examples: [['bifrost update status', 'with the last ten switches']],
      options: [SETTINGS],
      load: async () => ({ run: (await import('./update.ts')).status }),
    },
    {
      usage: 'rollback',
      summary: 'back to the version before, or to another one that still lies there',
      description:
        'The configuration stays as it is and is checked by the version that comes back first. The version that is left is marked, so that the timer does not take it again. Needs root.',
      examples: [['bifrost update rollback --to 1.2.0', 'to a certain one']],
      options: [SETTINGS, ['--to <version>', 'one of `bifrost update status` (default: the one before)']],
      load: async () => ({ run: (await import('./update.ts')).rollback }),
    },
    {
      usage: 'verify <release>',
      summary: 'check signature, expiry and every file of a release, a folder or an address, without installing',
      examples: [['bifrost update verify /media/usb/bifrost-1.3.0', 'before it goes to the boxes']],
      options: [TRUST],
      load: async () => ({ run: (await import('./update.ts')).verify }),
    },
  ],
}
