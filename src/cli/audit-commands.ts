/** The commands about the audit log, the key of secrets and the safety of writes: their words, options and examples. */
import type { CommandInfo } from './commands.ts'

const URL_OPTION = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const
const FOLDER = ['-c, --config <file>', 'read the files of the data folder of this configuration'] as const
const RANGE = [
  ['--from <time>', 'ISO 8601, or how long ago, such as 24h (default: the oldest)'],
  ['--to <time>', 'not included (default: the newest)'],
] as const
const FILTER = [
  ['--user <name>', 'only by this user; * stands for anything'],
  ['--action <word>', 'only this action, such as write or sign-in'],
  ['--object <words>', "only this object, such as 'tag press-1/*'"],
] as const
const CONFIG = ['-c, --config <file>', 'configuration file (default: $BIFROST_CONFIG, else bifrost.yaml)'] as const

export const AUDIT: CommandInfo = {
  usage: 'audit',
  summary: 'what was done at a gateway, by whom and why; and whether its log was changed',
  examples: [
    ["bifrost audit list --from 24h --object 'tag press-1/*'", 'who wrote to the press since yesterday'],
    ['bifrost audit verify', 'exit 0 when the log is whole, 5 when somebody changed it'],
  ],
  commands: [
    {
      usage: 'list',
      summary: 'events of a running gateway, newest first',
      examples: [['bifrost audit list --user anna --action write', 'the newest hundred that anna wrote']],
      options: [URL_OPTION, ...RANGE, ...FILTER, ['--limit <n>', 'show so many', '100']],
      load: async () => ({ run: (await import('./audit.ts')).list }),
    },
    {
      usage: 'tail',
      summary: 'events of a running gateway as they happen, until Ctrl-C',
      examples: [['bifrost audit tail --json', 'one JSON object a line']],
      options: [URL_OPTION, ...FILTER, ['--count <n>', 'stop after so many']],
      load: async () => ({ run: (await import('./audit.ts')).tail }),
    },
    {
      usage: 'export',
      summary: 'the log of a running gateway as a file, oldest first: NDJSON with its hashes, or CSV for spreadsheets',
      examples: [
        ['bifrost audit export --from 720h -o november.csv', 'the last thirty days'],
        ['bifrost audit export -o - | tail -1', 'the newest line, with its hash'],
      ],
      options: [
        URL_OPTION,
        ...RANGE,
        ['--format <format>', 'ndjson or csv (default: as the name of the file ends, else ndjson)'],
        ['-o, --output <file>', 'the file; - is stdout (default: -)'],
      ],
      load: async () => ({ run: (await import('./audit.ts')).exportLog }),
    },
    {
      usage: 'verify [folder]',
      summary: 'find any line that was changed, removed, moved, copied or put there, and an end that was cut off',
      description:
        'Asks a running gateway; with -c or a folder it reads the files itself, and a copy of them. Exit 0: the log is whole; 5: it is not, and each finding names file and line.',
      examples: [
        ['bifrost audit verify', 'at the running gateway'],
        ['bifrost audit verify -c bifrost.yaml', 'the files of its data folder'],
        [
          'bifrost audit verify /backup/audit --anchor 4711:9f86d0…',
          'a copy, against what the gateway said in its log',
        ],
      ],
      options: [
        URL_OPTION,
        FOLDER,
        ['--anchor <n:hash>', 'number and hash of a line, as the gateway says them in its own log (`audit anchor`)'],
      ],
      load: async () => ({ run: (await import('./audit.ts')).verify }),
    },
  ],
}

export const SECRETS: CommandInfo = {
  usage: 'secrets',
  summary: 'the key that seals secrets and signs the audit log',
  examples: [
    ['bifrost secrets status -c bifrost.yaml', 'where it comes from, and its id'],
    ['bifrost secrets key > /run/keys/bifrost', 'a new one, for `secrets.keyFile`'],
  ],
  commands: [
    {
      usage: 'status',
      summary: 'where the key comes from, its id, and the ids of older ones; never the key',
      examples: [['bifrost secrets status -c bifrost.yaml', 'reads the configuration and the key']],
      options: [CONFIG],
      load: async () => ({ run: (await import('./secrets.ts')).status }),
    },
    {
      usage: 'rotate',
      summary: 'a new key in DATA/secret.key from the next start on; the old one stays and opens what is older',
      examples: [['bifrost secrets rotate -c bifrost.yaml', 'on record in the audit log']],
      options: [CONFIG, ['--reason <text>', 'why, for the audit']],
      load: async () => ({ run: (await import('./secrets.ts')).rotate }),
    },
    {
      usage: 'key',
      summary: 'print a new random key, as a line of a key file',
      examples: [['bifrost secrets key > /run/keys/bifrost', 'in a file that only the gateway may read']],
      load: async () => ({ run: (await import('./secrets.ts')).key }),
    },
  ],
}

const WHY = ['--reason <text>', 'why, for the audit'] as const

export const WRITES: CommandInfo = {
  usage: 'writes',
  summary: 'lock all writes of a running gateway, and approve what needs a second person',
  examples: [
    [
      'bifrost writes lock --reason "works on press 1"',
      'nothing is written to a device, whoever asks, until somebody unlocks',
    ],
    ['bifrost writes pending', 'what waits for a second person'],
  ],
  commands: [
    {
      usage: 'status',
      summary: 'whether writes are locked, by whom and why',
      examples: [['bifrost writes status --json', 'for a program']],
      options: [URL_OPTION],
      load: async () => ({ run: (await import('./writes.ts')).status }),
    },
    {
      usage: 'lock',
      summary: 'lock all writes: API, sinks, proxies and OPC UA alike, over restarts',
      examples: [['bifrost writes lock --reason "works on press 1"', 'everybody sees the reason']],
      options: [URL_OPTION, ['--reason <text>', 'why; everybody sees it']],
      load: async () => ({ run: (await import('./writes.ts')).lock }),
    },
    {
      usage: 'unlock',
      summary: 'let writes go on',
      examples: [['bifrost writes unlock --reason done', 'on record in the audit log']],
      options: [URL_OPTION, WHY],
      load: async () => ({ run: (await import('./writes.ts')).unlock }),
    },
    {
      usage: 'pending',
      summary: 'writes that wait for a second person',
      examples: [['bifrost writes pending', 'each with its id, who asked, and until when']],
      options: [URL_OPTION],
      load: async () => ({ run: (await import('./writes.ts')).pending }),
    },
    {
      usage: 'approve <id>',
      summary: 'approve a write that somebody else asked for; it is checked anew and written',
      examples: [['bifrost writes approve 970d9f52-…', 'the id is in `bifrost writes pending`']],
      options: [URL_OPTION, WHY],
      load: async () => ({ run: (await import('./writes.ts')).approve }),
    },
    {
      usage: 'reject <id>',
      summary: 'reject a write that waits, also an own one',
      examples: [['bifrost writes reject 970d9f52-… --reason "not now"', 'nothing is written']],
      options: [URL_OPTION, WHY],
      load: async () => ({ run: (await import('./writes.ts')).reject }),
    },
  ],
}
