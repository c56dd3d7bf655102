/** The commands that run a gateway: until it is told to stop, or until nothing waits any more. */
import type { CommandInfo } from './commands.ts'

const CONFIG = ['-c, --config <file>', 'configuration file (default: $BIFROST_CONFIG, else bifrost.yaml)'] as const

export const RUN_COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'run',
    summary: 'run the gateway',
    examples: [
      ['bifrost run -c bifrost.yaml', 'until SIGTERM or Ctrl-C'],
      ['BIFROST_LOG_LEVEL=debug bifrost run -c bifrost.yaml', 'with everything it says'],
      ['bifrost run -c bifrost.yaml --drain 2m', 'asked to stop, it delivers first what waits'],
    ],
    options: [
      CONFIG,
      ['--drain <duration>', 'when it shall stop: read no more, and deliver what waits, at most for so long'],
      ['--isolated', 'reach nobody: to look into a restored data folder'],
    ],
    load: () => import('./run.ts'),
  },
  {
    usage: 'drain',
    summary: 'deliver what a data folder still holds for its sinks, without reading a device',
    description:
      'For the folder of a gateway that does not come back: a replica that was scaled away, a box that was replaced. Exit 0 when every sink has everything; 1 with what still waits. Dead letters stay. A gateway that runs keeps its folder to itself: stop it first.',
    examples: [
      ['bifrost drain -c bifrost.yaml', 'until nothing waits, ten minutes at most'],
      ['bifrost drain -c bifrost.yaml --within 2h --json', 'longer, and for a program'],
    ],
    options: [CONFIG, ['--within <duration>', 'give up after so long (default: 10m)']],
    load: () => import('./drain.ts'),
  },
]
