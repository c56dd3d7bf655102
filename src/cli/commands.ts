/**
 * Every command of `bifrost`: its words, options and examples. The code of a command is loaded only when it runs, so that
 * `--help` and `check` start fast.
 */
import { ACCOUNT_COMMANDS } from './account-commands.ts'
import { BACKUP_COMMANDS } from './backup-commands.ts'
import { BUNDLE_COMMAND } from './bundle-command.ts'
import { CONFIG_LIVE_COMMANDS, RELOAD_COMMAND } from './config-commands.ts'
import type { Action } from './call.ts'
import { CONFIG_FILE_COMMANDS } from './config-file-commands.ts'
import { certs } from './certs-commands.ts'
import { KPI_COMMANDS } from './kpi-commands.ts'
import { OPERATION_COMMANDS } from './operation-commands.ts'
import { PARAMETER_COMMANDS } from './parameter-commands.ts'
import { RECEIVED_COMMAND } from './received-command.ts'
import { RUN_COMMANDS } from './run-commands.ts'
import { CAPACITY_COMMAND, SLO_COMMANDS } from './slo-commands.ts'
import { EXPLAIN_COMMAND, TAG_COMMANDS } from './tag-commands.ts'
import { UPDATE_COMMANDS } from './update-commands.ts'

export interface CommandInfo {
  /** As commander wants it: `read [target] [words...]`. */
  readonly usage: string
  readonly summary: string
  readonly description?: string
  /** Shown first in the help: command line and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  /** Flags, description and, where there is one, the default. */
  readonly options?: readonly (readonly [flags: string, description: string, fallback?: string])[]
  /** Lets flags that are not ours through, for a program that is started. */
  readonly passThrough?: boolean
  readonly load?: () => Promise<{ readonly run: Action }>
  readonly commands?: readonly CommandInfo[]
}

const CONFIG = ['-c, --config <file>', 'configuration file (default: $BIFROST_CONFIG, else bifrost.yaml)'] as const
/** For commands that go straight to a device of a file. */
export const FROM_CONFIG = [
  '-c, --config <file>',
  'read the device itself, as this configuration file describes it',
] as const
/** For commands that talk to a running gateway. */
export const URL_OPTION = [
  '--url <url>',
  'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)',
] as const
const CONFIRM = ['--confirm <name>', 'the name of the sink once more, for what cannot be undone'] as const
const REASON = ['--reason <text>', 'why, for the audit'] as const
const ORDER = ['--order <order>', 'byte order, in the words of the driver'] as const
const LENGTH = ['--length <n>', 'length of a string or of bytes'] as const

const check: CommandInfo = {
  usage: 'check [file]',
  summary: 'check a configuration file and all it refers to, without connecting to anything',
  examples: [
    ['bifrost check -c bifrost.yaml', 'every problem at once as file:line:column; exit 78 when there are any'],
    ['bifrost check --json | jq .problems', 'the same for a program'],
  ],
  options: [CONFIG],
  load: () => import('./check.ts'),
}

export const COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'demo',
    summary: 'a simulated plant, a broker and the gateway, with nothing to set up',
    examples: [
      [
        'bifrost demo',
        'prints the addresses of the page, of MQTT and of the API; Ctrl-C stops it and leaves nothing behind',
      ],
      ['bifrost demo --port 9000', 'the page on another port'],
    ],
    options: [
      ['--port <port>', 'port of the page and the API; the next free one when it is taken', '8080'],
      ['--mqtt-port <port>', 'port of the broker; the next free one when it is taken', '1883'],
      ['--seed <n>', 'seed of the simulated plant', '1'],
    ],
    load: () => import('./demo.ts'),
  },
  ...RUN_COMMANDS,
  check,
  {
    usage: 'read [target] [words...]',
    summary: 'read values: from a running gateway, or straight from a device',
    description:
      'A target with :// is a device: driver://host:port/unit, then addresses, each with its type where that is not uint16 (or bool). With -c, the target is device/tag, or a device followed by addresses. Otherwise values come from a running gateway: device/tag, a device, or everything.',
    examples: [
      ['bifrost read press-1/level', 'the last value that the running gateway has'],
      ['bifrost read modbus://10.0.0.5:502/1 hr:0 float32', 'straight from a device, without any configuration'],
      ['bifrost read -c bifrost.yaml press-1/level', 'straight from the device, as configured'],
    ],
    options: [FROM_CONFIG, URL_OPTION, ORDER, LENGTH],
    load: () => import('./read.ts'),
  },
  {
    usage: 'test <target> [words...]',
    summary: 'try the way to a device: DNS, TCP, TLS, session and a first read, each with its time',
    description:
      'A target with :// is a device: driver://host:port/unit, then an address and its type; otherwise a device of the configuration, which is read at its first tag. Nothing is kept, nothing is written.',
    examples: [
      ['bifrost test modbus://10.0.0.5:502/1 hr:0', 'before the device is configured'],
      ['bifrost test -c bifrost.yaml press-1', 'as it is configured'],
    ],
    options: [FROM_CONFIG, ['--timeout <duration>', 'for all stages together', '10s']],
    load: () => import('./connection-test.ts'),
  },
  {
    usage: 'write <target> <words...>',
    summary: 'write one value: through a running gateway, or straight to a device',
    description:
      'Through a gateway (device/tag value) it goes by permission, limits, read-back and audit. Straight to a device (driver://host:port/unit address type value, or -c FILE device/tag value) nobody asks who may, so that it needs --allow-write; with -c the tag keeps its limits, the lock of all writes holds, and it is on record where a gateway has had the data folder.',
    examples: [
      ['bifrost write press-1/set-point 12.5 --reason "batch 7"', 'through the running gateway'],
      ['bifrost write --allow-write modbus://10.0.0.5:502/1 hr:0 float32 12.5', 'straight to a device'],
    ],
    options: [
      FROM_CONFIG,
      URL_OPTION,
      ORDER,
      LENGTH,
      ['--reason <text>', 'why, for the audit log'],
      ['--within <duration>', 'what was not sent to the device by then is never sent', '10s'],
      ['--allow-write', 'write straight to the device'],
    ],
    load: () => import('./write.ts'),
  },
  {
    usage: 'watch [targets...]',
    summary: 'follow values of a running gateway as they change',
    examples: [
      ['bifrost watch', 'everything'],
      ['bifrost watch press-1 filler/speed --json', 'a device and a tag, one JSON object a line'],
    ],
    options: [
      URL_OPTION,
      ['--interval <duration>', 'at most one change of a value in this time', '250ms'],
      ['--count <n>', 'stop after so many lines'],
    ],
    load: () => import('./watch.ts'),
  },
  {
    usage: 'export',
    summary: 'write samples of a running gateway into a file: CSV, NDJSON or Parquet',
    description:
      'All samples with source times from --from up to --to, not included. CSV has the columns time, device, tag, value, unit, status, log, seq. What the log has let go comes out of the trends: numbers and booleans, without log and seq.',
    examples: [
      ['bifrost export --from 24h -o day.csv', 'everything of the last day'],
      [
        "bifrost export --from 2026-11-23T06:00Z --to 2026-11-23T14:00Z --tags 'press-*/*' -o shift.parquet",
        'all presses in one shift',
      ],
      ['bifrost export --from 1h --format ndjson -o - | jq .value', 'down a pipe'],
    ],
    options: [
      URL_OPTION,
      ['--from <time>', 'ISO 8601, or how long ago, such as 24h (default: the oldest)'],
      ['--to <time>', 'not included (default: the newest)'],
      ['--tags <patterns>', 'such as press-1/level or press-*/*, with commas between them (default: all)'],
      ['--format <format>', 'csv, ndjson or parquet (default: as the name of the file ends, else csv)'],
      ['-o, --output <file>', 'the file; - is stdout (default: -)'],
    ],
    load: () => import('./export.ts'),
  },
  {
    usage: 'trace <device>',
    summary: 'follow the requests and answers of a device on the wire, in words and hex, or into a file for Wireshark',
    examples: [
      ['bifrost trace press-1', 'for half a minute'],
      ['bifrost trace press-1 --follow --errors', 'only what goes wrong, until Ctrl-C'],
      ['bifrost trace press-1 --for 10s --pcapng press-1.pcapng', 'ten seconds, to look at in Wireshark too'],
      ['bifrost trace press-1 --follow --pcapng - | wireshark -k -i -', 'live in Wireshark'],
    ],
    options: [
      URL_OPTION,
      ['--follow', 'until Ctrl-C'],
      ['--for <duration>', 'for so long (default: 30s)'],
      ['--count <n>', 'stop after so many exchanges'],
      ['--function <code>', 'only this function code'],
      ['--unit <id>', 'only this unit id'],
      ['--errors', 'only what was not answered well'],
      ['--pcapng <file>', 'write the exchanges into a capture file as they come; - is stdout'],
    ],
    load: () => import('./trace.ts'),
  },
  {
    usage: 'sink',
    summary: 'what became of the samples of each sink, and what can be done about it',
    examples: [
      ['bifrost sink list', 'state and account of every sink'],
      ['bifrost sink replay plant --from 2h', 'deliver the last two hours again'],
    ],
    commands: [
      {
        usage: 'list [sink]',
        summary: 'state, account and session of every sink',
        examples: [['bifrost sink list', 'routed = delivered + pending + dropped, in samples']],
        options: [URL_OPTION],
        load: async () => ({ run: (await import('./sink.ts')).list }),
      },
      {
        usage: 'replay <sink>',
        summary: 'deliver the stored samples of a stretch of time again, beside what comes',
        examples: [
          ['bifrost sink replay plant --from 2h --to 1h', 'what was measured between two hours and one hour ago'],
          ['bifrost sink replay plant --from 2026-11-23T10:00Z --to 2026-11-23T11:00Z', 'a given hour'],
        ],
        options: [
          URL_OPTION,
          ['--from <time>', 'source time, ISO 8601, or how long ago'],
          ['--to <time>', 'source time, ISO 8601, or how long ago (default: now)'],
          ['--cancel', 'end the replay that goes on, of dead letters too'],
          REASON,
        ],
        load: async () => ({ run: (await import('./sink.ts')).replay }),
      },
      {
        usage: 'purge <sink>',
        summary: 'let go of all that waits for a sink; it is told to the far side as a gap',
        examples: [['bifrost sink purge plant --confirm plant', 'there is no way back but a replay']],
        options: [URL_OPTION, CONFIRM, REASON],
        load: async () => ({ run: (await import('./sink.ts')).purge }),
      },
      {
        usage: 'dead-letters <sink>',
        summary: 'samples that the far side refused for good: show, deliver again, or let go',
        examples: [
          ['bifrost sink dead-letters plant', 'the newest hundred, newest first'],
          ['bifrost sink dead-letters plant --replay', 'deliver them again; what is refused again stays'],
        ],
        options: [
          URL_OPTION,
          ['--limit <n>', 'show so many', '100'],
          ['--replay', 'deliver them again'],
          ['--purge', 'let go of them'],
          CONFIRM,
          REASON,
        ],
        load: async () => ({ run: (await import('./sink.ts')).deadLetters }),
      },
    ],
  },
  RECEIVED_COMMAND,
  {
    usage: 'scan [driver] [networks...]',
    summary: 'look for devices in networks that the configuration allows; reads only',
    description:
      'Asks each address of the networks, at a bounded rate, with requests that only read: who it is, and what can be read (modbus) or what it offers (opcua). Only what `discovery: { networks: [10.0.1.0/24] }` of the configuration names may be scanned; hosts of its devices are left alone. Exit 0 when something was found, 3 when nothing answered, 4 when the network is not allowed.',
    examples: [
      ['bifrost scan modbus 10.0.1.0/24', 'every device, who it is and what can be read'],
      ['bifrost scan modbus 10.0.1.7 --port 502,5020 --unit 1-16', 'two ports and the units behind a gateway'],
      ['bifrost scan modbus 10.0.1.0/24 --yaml', 'as devices for bifrost.yaml'],
      [
        'bifrost scan opcua 10.0.1.0/24',
        'every OPC UA server, what it offers, and those that a discovery server knows',
      ],
    ],
    options: [
      CONFIG,
      ['--port <ports>', 'ports, such as 502,5020 (default: that of the protocol, 502 or 4840)'],
      ['--unit <units>', 'unit ids, such as 1 or 1-16,100, where the protocol has them', '1-16'],
      ['--multicast', 'ask the network who announces itself (mDNS), where the configuration allows it'],
      ['--rate <n>', 'new connections a second, at most', '20'],
      ['--concurrency <n>', 'hosts under way at once, at most', '16'],
      ['--timeout <duration>', 'how long to wait for a connection and for each answer', '1s'],
      ['--yaml', 'as entries for bifrost.yaml'],
    ],
    load: () => import('./scan.ts'),
  },
  {
    usage: 'simulate [simulator] [options...]',
    summary: 'run a simulated plant that speaks Modbus: TCP, and UDP, TLS, RTU or ASCII as well',
    description:
      'Options of plant: --host, --port (0: a free one), --seed; --fault, again and again: slow, silent, exception, rst, garbage or half, with unit=, ms=, code=, from=, to=; --serial PATH with --framing rtu|ascii, --baud, --data-bits, --parity, --stop-bits; --udp PORT; --tls PORT with --tls-cert, --tls-key, --tls-ca. While it runs, lines such as `fault silent unit=2` and `fault clear` on stdin change the faults.',
    examples: [
      ['bifrost simulate', 'the plant of the demo on port 5020'],
      ['bifrost simulate plant --serial /dev/ttyUSB0 --framing rtu --udp 5020', 'on a serial line and UDP too'],
      [
        'bifrost simulate plant --port 5020 --seed 7 --fault "silent unit=2"',
        'another run, with a device that does not answer',
      ],
    ],
    passThrough: true,
    load: () => import('./simulate.ts'),
  },
  {
    usage: 'health',
    summary: 'ask a running gateway whether it is well: exit 0 yes, 1 no, 3 not reachable',
    examples: [
      ['bifrost health --url http://127.0.0.1:8080', 'every check with what it found, and since when'],
      ['bifrost health --live', 'for HEALTHCHECK of a container: event loop and poll scheduler only'],
    ],
    options: [
      URL_OPTION,
      ['--live', 'does the process go on: never says anything about devices or sinks'],
      ['--ready', 'can it do its work (this is asked where nothing is said)'],
      ['--startup', 'has it been started'],
    ],
    load: () => import('./health.ts'),
  },
  KPI_COMMANDS,
  BACKUP_COMMANDS,
  BUNDLE_COMMAND,
  UPDATE_COMMANDS,
  RELOAD_COMMAND,
  {
    usage: 'config',
    summary: 'what concerns configuration files',
    examples: [
      ['bifrost config validate -c bifrost.yaml', 'the long form of `bifrost check`'],
      ['bifrost config schema > bifrost.schema.json', 'for completion and checks in an editor'],
      ['bifrost config render -c bifrost.yaml', 'with all templates expanded'],
    ],
    commands: [
      { ...check, usage: 'validate [file]' },
      {
        usage: 'schema',
        summary: 'print the JSON Schema of the configuration file, for editors',
        examples: [
          ['bifrost config schema > bifrost.schema.json', 'draft-07, which editors understand'],
          ['bifrost config schema --draft 2020-12', 'for other tools'],
        ],
        options: [['--draft <draft>', 'draft-07 or 2020-12', 'draft-07']],
        load: () => import('./config-schema.ts'),
      },
      {
        usage: 'render [file]',
        summary: 'print the configuration with its templates expanded: what the gateway really runs',
        description:
          'YAML that loads to the same configuration. References to the environment stay as they are written; secrets in plain text are blanked.',
        examples: [
          ['bifrost config render -c bifrost.yaml', 'every device with the line that it came from'],
          ['bifrost config render -c bifrost.yaml --device meter-1', 'one device'],
        ],
        options: [CONFIG, ['--device <name>', 'only this device']],
        load: () => import('./config-render.ts'),
      },
      ...CONFIG_LIVE_COMMANDS,
      ...CONFIG_FILE_COMMANDS,
    ],
  },
  ...OPERATION_COMMANDS,
  {
    usage: 'templates [name]',
    summary: 'list the library of known devices, or show one with its parameters and tags',
    examples: [
      ['bifrost templates', 'name and device, one a line'],
      ['bifrost templates eastron-sdm630', 'its parameters, its tags and the document they were taken from'],
    ],
    load: () => import('./templates.ts'),
  },
  {
    usage: 'init [folder]',
    summary: 'write a commented configuration to start from; nothing is overwritten',
    examples: [
      ['bifrost init', 'into this folder'],
      ['bifrost init --from-demo ./plant', 'the configuration of the demo, to keep and change'],
    ],
    options: [['--from-demo', 'the configuration of the demo']],
    load: () => import('./init.ts'),
  },
  PARAMETER_COMMANDS,
  TAG_COMMANDS,
  EXPLAIN_COMMAND,
  ...ACCOUNT_COMMANDS,
  certs,
  SLO_COMMANDS,
  CAPACITY_COMMAND,
  {
    usage: 'import <kind> <file>',
    summary: 'make a configuration from that of another gateway; nothing is overwritten',
    description:
      'Writes bifrost.yaml, a tag list a device and import-report.txt into a new folder that `bifrost check` accepts. Tags stay read-only unless --keep-writable. Exit 0 when all came over, 5 when something was left out (the report says what, where it stood, why and what to do), 78 when the file is not of that kind.',
    examples: [
      ['bifrost import telegraf telegraf.conf -o plant', 'inputs.modbus and inputs.opcua of Telegraf'],
      ['bifrost import kepware project.json --json', 'the report for a program'],
    ],
    options: [
      ['-o, --output <folder>', 'where it is written (default: the name of the file with -imported)'],
      ['--keep-writable', 'tags that could be written there may be written here'],
    ],
    load: () => import('./import.ts'),
  },
  {
    usage: 'version',
    summary: 'print the version',
    examples: [['bifrost version --json', 'with commit, date, Node, platform, and how it was installed']],
    load: () => import('./version.ts'),
  },
]
