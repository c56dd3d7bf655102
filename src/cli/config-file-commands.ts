/** The commands about configuration files: what they say, what differs, what they would mean. */
import type { CommandInfo } from './commands.ts'

const CONFIG = ['-c, --config <file>', 'configuration file (default: $BIFROST_CONFIG, else bifrost.yaml)'] as const
const URL = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const

export const CONFIG_FILE_COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'show [object]',
    summary: 'print every setting with its value, and on demand where it comes from',
    description:
      'Sections, devices and sinks with defaults filled in; with OBJECT one of them: a device, a sink, a section such as store, or device/tag. Secrets are blanked; what comes from the environment or a file is shown as the reference that stands there.',
    examples: [
      ['bifrost config show --origin', 'with the line, the template, the variable or the default that each comes from'],
      ['bifrost config show press-1', 'one device'],
      ['bifrost config show press-1/level --origin --json', 'one tag, for a program'],
    ],
    options: [CONFIG, ['--origin', 'where each setting comes from']],
    load: () => import('./config-show.ts'),
  },
  {
    usage: 'diff <a> [b]',
    summary: 'compare two configuration files by what they mean: exit 0 the same, 5 different',
    description:
      'Each device, tag, sink and section that comes (+), changes (~) or goes (-) from A to B, with every setting before and after. Order, comments, templates and the files in which things stand make no difference. B is the usual configuration file where it is not named.',
    examples: [
      ['bifrost config diff old.yaml bifrost.yaml', 'what changed between two files'],
      ['bifrost config diff bifrost.yaml.orig', 'from this one to the one in use'],
    ],
    options: [CONFIG],
    load: async () => ({ run: (await import('./config-plan.ts')).diff }),
  },
  {
    usage: 'plan [file]',
    summary: 'what a configuration would change, and the load that it means',
    description:
      'As diff, from what runs (or --against a file), and then: requests a second and use of each line, samples a second, what the log takes and for how long, topics of each sink. Nothing is connected and nothing changes. Exit 0 whether or not something differs.',
    examples: [
      ['bifrost config plan new.yaml', 'against the configuration of the gateway that runs here'],
      ['bifrost config plan new.yaml --against bifrost.yaml', 'against another file'],
      ['bifrost config plan --round-trip 80ms', 'over a slow line'],
    ],
    options: [
      CONFIG,
      URL,
      ['--against <what>', 'running, or a file (default: running where it can be found)'],
      ['--round-trip <duration>', 'from a request to its answer', '20ms'],
    ],
    load: async () => ({ run: (await import('./config-plan.ts')).plan }),
  },
  {
    usage: 'migrate [file]',
    summary: 'bring a configuration file to the newest version of its format',
    description:
      'There is one version of the format, 1, so that there is nothing to migrate yet: a file that says `version: 1` is left as it is. A file without a version gets the line `version: 1`, where it is valid with it; any other version is refused. --write changes the file, everything else in it stays.',
    examples: [
      ['bifrost config migrate bifrost.yaml', 'what would change, as a diff; exit 5 where there is something'],
      ['bifrost config migrate bifrost.yaml --write', 'change it'],
    ],
    options: [CONFIG, ['--write', 'change the file']],
    load: () => import('./config-migrate.ts'),
  },
  {
    usage: 'example [driver-or-sink]',
    summary: 'print a device or sink with all its options, as it would stand in a file',
    examples: [
      ['bifrost config example', 'which drivers and sinks there are'],
      ['bifrost config example modbus', 'a device with every option, its default and what it means'],
      ['bifrost config example mqtt', 'the same for a sink'],
    ],
    load: () => import('./config-example.ts'),
  },
]
