/** The commands about tags of a running gateway: their lists, and one explained. */
import type { CommandInfo } from './commands.ts'

const URL = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const

export const TAG_COMMANDS: CommandInfo = {
  usage: 'tags',
  summary: 'tag lists of a device as files, out and back',
  examples: [['bifrost tags export press-1 press-1.xlsx', 'for a spreadsheet; `tags import` takes it back']],
  commands: [
    {
      usage: 'export <device> [file]',
      summary: 'the tag list of a device as CSV, or XLSX where the name of the file ends so',
      examples: [['bifrost tags export press-1 press-1.csv', 'comes back with `tags import` without a change']],
      options: [URL],
      load: () => import('./tags.ts').then(({ exportTags }) => ({ run: exportTags })),
    },
    {
      usage: 'import <device> <file>',
      summary: 'take over a tag list: CSV (comma, semicolon or tab) or XLSX',
      description:
        'Tags and columns that the file does not name stay, unless --replace. Each row is told: created (+), updated (~), removed (-), rejected (!) with its column and why. Nothing is written when a row is rejected, unless --skip-rejected.',
      examples: [
        ['bifrost tags import press-1 press-1.xlsx --dry-run', 'what would come of it'],
        ['bifrost tags import press-1 press-1.csv --message "new sensors"', 'one edit of the file that owns the list'],
      ],
      options: [
        URL,
        ['--dry-run', 'write nothing'],
        ['--replace', 'the file is all there is afterwards'],
        ['--skip-rejected', 'leave out rows that are rejected'],
        ['--message <text>', 'why, for the history and the audit'],
        ['--confirm-within <time>', 'go back unless `bifrost config confirm` comes in time, or data stops: 5m'],
      ],
      load: () => import('./tags.ts').then(({ importTags }) => ({ run: importTags })),
    },
  ],
}

export const EXPLAIN_COMMAND: CommandInfo = {
  usage: 'explain <device/tag>',
  summary: 'how the next sample of a tag came to be: bytes, pipeline, log and every sink',
  examples: [
    ['bifrost explain press-1/level', 'waits for its next poll'],
    ['bifrost explain press-1/level --json', 'all of it'],
  ],
  options: [
    URL,
    ['--wait <time>', 'how long to wait for the sample (default: two of its intervals and a second)'],
    ['--settle <time>', 'how long to wait for the disk and the sinks then (default: 1s)'],
  ],
  load: () => import('./explain.ts'),
}
