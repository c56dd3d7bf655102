/** `bifrost kpi …`: figures of devices and assets. */
import type { CommandInfo } from './commands.ts'

const URL_OPTION = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const
const PREVIOUS = ['--previous', 'the window before in place of the one that is not over'] as const

export const KPI_COMMANDS: CommandInfo = {
  usage: 'kpi',
  summary: 'how reliable devices are, how complete their data, and the OEE of assets',
  examples: [
    ['bifrost kpi devices', 'mean time between failures and to recovery, good samples over expected, today'],
    ['bifrost kpi assets', 'availability, performance, quality and OEE of the shift'],
  ],
  commands: [
    {
      usage: 'devices',
      summary: 'up and down time, failures, and completeness of the data of every device',
      examples: [
        ['bifrost kpi devices --window total', 'since it is kept'],
        ['bifrost kpi devices --json | jq .sum', 'of the whole gateway, for a program'],
      ],
      options: [URL_OPTION, ['--window <window>', 'hour, day or total (default: day)'], PREVIOUS],
      load: async () => ({ run: (await import('./kpi.ts')).devices }),
    },
    {
      usage: 'assets',
      summary: 'availability, performance, quality and OEE of every asset of the configuration',
      examples: [
        ['bifrost kpi assets', 'the shift that goes on'],
        ['bifrost kpi assets --window shift --previous', 'the shift before'],
      ],
      options: [URL_OPTION, ['--window <window>', 'hour, shift, day or total (default: shift)'], PREVIOUS],
      load: async () => ({ run: (await import('./kpi.ts')).assets }),
    },
  ],
}
