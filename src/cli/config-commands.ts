/** The commands about the configuration of a running gateway, as a whole. */
import type { CommandInfo } from './commands.ts'

const URL = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const
const MESSAGE = ['--message <text>', 'why, for the history and the audit'] as const
const WITHIN = [
  '--confirm-within <time>',
  'go back unless `bifrost config confirm` comes in time, or data stops: 5m',
] as const

export const RELOAD_COMMAND: CommandInfo = {
  usage: 'reload',
  summary: 'let a running gateway read its configuration again',
  description:
    'Only what differs is touched: devices, tags and sinks that are the same keep their connections. A configuration that is not good changes nothing: every problem is listed, exit 78. SIGHUP and a change of the files do the same by themselves.',
  examples: [
    ['bifrost reload', 'what came (+), changed (~) and went (-)'],
    ['bifrost reload --json | jq .report.devices', 'the same for a program'],
  ],
  options: [URL, MESSAGE],
  load: () => import('./config-live.ts').then(({ reload }) => ({ run: reload })),
}

export const CONFIG_LIVE_COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'apply [file]',
    summary: 'run by a new configuration, on trial if you like',
    description:
      'Without FILE: by what is in the files of the gateway now. With FILE: its content goes into the first file of the running configuration, checked before anything is written. On trial it goes back by itself unless it is confirmed in time, or as soon as a device that was running is not any more, or samples of the devices that were left alone stop; also when the gateway is restarted meanwhile.',
    examples: [
      ['bifrost config apply --confirm-within 5m', 'what is in the files, with a way back'],
      ['bifrost config apply new.yaml --message "line 3"', 'this file in place of the one that runs'],
    ],
    options: [URL, WITHIN, MESSAGE, ['--if-match <hash>', 'only while this one runs: the hash of `config history`']],
    load: () => import('./config-live.ts').then(({ apply }) => ({ run: apply })),
  },
  {
    usage: 'confirm',
    summary: 'keep the configuration that is on trial',
    examples: [['bifrost config confirm', 'it does not go back any more']],
    options: [URL, MESSAGE],
    load: () => import('./config-live.ts').then(({ confirm }) => ({ run: confirm })),
  },
  {
    usage: 'history',
    summary: 'the versions that were applied: when, by whom, and why',
    examples: [['bifrost config history', 'newest first']],
    options: [URL],
    load: () => import('./config-live.ts').then(({ history }) => ({ run: history })),
  },
  {
    usage: 'rollback <version>',
    summary: 'write the files of an earlier version back, and run by them',
    examples: [['bifrost config rollback 12', 'byte for byte as they were; `config history` shows the numbers']],
    options: [URL, WITHIN, MESSAGE, ['--if-match <hash>', 'only while this one runs']],
    load: () => import('./config-live.ts').then(({ rollback }) => ({ run: rollback })),
  },
]
