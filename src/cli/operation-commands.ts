/** The commands of those who run a plant: the lock of writes, maintenance, alerts, the audit log and its key. */
import { AUDIT, SECRETS, WRITES } from './audit-commands.ts'
import type { CommandInfo } from './commands.ts'

const URL_OPTION = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const

const MAINTENANCE: CommandInfo = {
  usage: 'maintenance',
  summary: 'windows in which a running gateway and Alertmanager wake nobody',
  examples: [
    ['bifrost maintenance start --device press-1 --for 2h --reason "new pump"', 'its alerts are silent for two hours'],
    ['bifrost maintenance list', 'what is silent now, by whom and why'],
  ],
  commands: [
    {
      usage: 'start',
      summary: 'start a window: devices, an area or the whole gateway; 7 days at most',
      description:
        'Devices are read, stored and delivered as ever: only nobody is woken. It outlives restarts, ends by itself, and is on record in the audit log.',
      examples: [
        [
          'bifrost maintenance start --device press-1 --for 2h --reason "new pump"',
          'one device; --device again for more',
        ],
        ['bifrost maintenance start --area hall-1 --for 8h --reason "shutdown of the hall"', 'all that stands there'],
        ['bifrost maintenance start --all --for 30m --reason "new network"', 'the whole gateway'],
      ],
      options: [
        URL_OPTION,
        ['--device <names...>', 'these devices'],
        ['--area <area>', 'all devices of an area, such as site-1/line-2'],
        ['--all', 'the whole gateway'],
        ['--for <duration>', 'how long, such as 2h; 7d at most'],
        ['--reason <text>', 'why; everybody sees it'],
      ],
      load: async () => ({ run: (await import('./maintenance.ts')).start }),
    },
    {
      usage: 'list',
      summary: 'windows that are active',
      examples: [['bifrost maintenance list --json', 'for a program']],
      options: [URL_OPTION],
      load: async () => ({ run: (await import('./maintenance.ts')).list }),
    },
    {
      usage: 'end <id>',
      summary: 'end a window before its time',
      examples: [['bifrost maintenance end 3f1c2a9e', 'the id is in `bifrost maintenance list`']],
      options: [URL_OPTION, ['--reason <text>', 'why, for the audit']],
      load: async () => ({ run: (await import('./maintenance.ts')).end }),
    },
  ],
}

const ALERTS: CommandInfo = {
  usage: 'alerts',
  summary: 'what a running gateway tells people by itself, and whether it gets there',
  examples: [
    ['bifrost alerts list', 'what is wrong now, and the receivers'],
    ['bifrost alerts test office', 'a test message, and what became of it'],
  ],
  commands: [
    {
      usage: 'list',
      summary: 'alerts that are pending or firing, and the receivers with what waits for them',
      examples: [['bifrost alerts list --json', 'for a program']],
      options: [URL_OPTION],
      load: async () => ({ run: (await import('./alerts.ts')).list }),
    },
    {
      usage: 'test <receiver>',
      summary: 'send a test message to a receiver; exit 3 when it is not reached',
      examples: [['bifrost alerts test office', 'at once, past queue and limits']],
      options: [URL_OPTION],
      load: async () => ({ run: (await import('./alerts.ts')).test }),
    },
  ],
}

export const OPERATION_COMMANDS: readonly CommandInfo[] = [WRITES, MAINTENANCE, ALERTS, AUDIT, SECRETS]
