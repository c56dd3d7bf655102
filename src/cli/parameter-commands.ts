/** The commands about parameter sets of devices; all of them ask a running gateway. */
import type { Action } from './call.ts'
import type { CommandInfo } from './commands.ts'

const URL_OPTION = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const
const VERSION = ['--stored <n>', 'this stored version (default: the newest)'] as const
const REASON = ['--reason <text>', 'why, for the audit'] as const

type Name = 'list' | 'read' | 'save' | 'compare' | 'restore'

const load = (name: Name) => async (): Promise<{ readonly run: Action }> => ({
  run: (await import('./parameters.ts'))[name],
})

export const PARAMETER_COMMANDS: CommandInfo = {
  usage: 'parameters',
  summary: 'parameter sets of devices: read, keep, compare, and put back after a device was replaced',
  description:
    'The sets are configured under `parameterSets` of a device. Where a device has one set, its name may be left out.',
  examples: [
    ['bifrost parameters save drive-7 motor --reason "after commissioning"', 'keep what the device holds as a version'],
    ['bifrost parameters compare drive-7', 'exit 5 when anything differs from the newest version'],
    ['bifrost parameters restore drive-7 motor --write', 'write what differs; without --write it is only shown'],
  ],
  commands: [
    {
      usage: 'list <device> [set]',
      summary: 'the parameter sets of a device; of one set its parameters and stored versions',
      examples: [
        ['bifrost parameters list drive-7', 'every set, its newest version and what the last comparison found'],
        ['bifrost parameters list drive-7 motor', 'its parameters and versions'],
        ['bifrost parameters list drive-7 motor --stored 3 --json', 'a stored version with its values'],
      ],
      options: [URL_OPTION, VERSION],
      load: load('list'),
    },
    {
      usage: 'read <device> [set]',
      summary: 'read a set from the device; exit 1 when a part of it cannot be read',
      examples: [['bifrost parameters read drive-7 motor', 'name, value and unit, one parameter a line']],
      options: [URL_OPTION],
      load: load('read'),
    },
    {
      usage: 'save <device> [set]',
      summary: 'read a set from the device and keep it as a version, unless the newest one says the same',
      examples: [
        ['bifrost parameters save drive-7 motor --reason "after commissioning"', 'with a reason for the audit'],
      ],
      options: [URL_OPTION, ['--partial', 'save what can be read, where a part cannot be'], REASON],
      load: load('save'),
    },
    {
      usage: 'compare <device> [set]',
      summary: 'compare the device with a stored version: exit 0 when all is equal, 5 when not',
      examples: [
        ['bifrost parameters compare drive-7 motor', 'what differs from the newest version'],
        ['bifrost parameters compare drive-7 motor --stored 2 --json', 'from another one, for a program'],
      ],
      options: [URL_OPTION, VERSION],
      load: load('compare'),
    },
    {
      usage: 'restore <device> [set]',
      summary: 'write a stored version to the device: without --write it is only shown what would be written',
      description:
        'Needs `parameterWrites: true` of the device and `restore: true` of the set. Each parameter is read back and audited; at the end all is read once more. Exit 0 when the device holds the version (or, without --write, could be given it), 1 when it does not, 4 when it is not allowed.',
      examples: [
        ['bifrost parameters restore drive-7 motor', 'what would be written'],
        ['bifrost parameters restore drive-7 motor --write --reason "drive replaced, ticket 812"', 'write it'],
      ],
      options: [
        URL_OPTION,
        VERSION,
        ['--write', 'write to the device'],
        ['--force', 'onto another model, or one that does not say what it is, too'],
        REASON,
      ],
      load: load('restore'),
    },
  ],
}
