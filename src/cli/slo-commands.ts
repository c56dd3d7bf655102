/** `bifrost slo` and `bifrost capacity` as the help shows them. */
import type { CommandInfo } from './commands.ts'

const PROMETHEUS =
  'Prometheus server that scrapes the gateways; its bearer token in BIFROST_PROMETHEUS_TOKEN or …_TOKEN_FILE'

export const CAPACITY_COMMAND: CommandInfo = {
  usage: 'capacity',
  summary: 'how much of what there is a running gateway uses: processor, memory, disk, lines, files',
  description: 'With --prometheus also how each grew in the last day, and when it will be used up.',
  examples: [
    ['bifrost capacity', 'of the gateway on this machine'],
    ['bifrost capacity --prometheus http://127.0.0.1:9090 --instance edge-1:8080', 'with the trend of a day'],
  ],
  options: [
    ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'],
    ['--prometheus <url>', PROMETHEUS],
    ['--instance <name>', 'what Prometheus calls this gateway (default: host and port of --url)'],
  ],
  load: () => import('./capacity.ts'),
}

export const SLO_COMMANDS: CommandInfo = {
  usage: 'slo',
  summary: 'what was promised and what was kept',
  examples: [['bifrost slo report --from 30d --prometheus http://127.0.0.1:9090', 'the last thirty days']],
  commands: [
    {
      usage: 'report',
      summary: 'a service report of a range of time, from a Prometheus server',
      description:
        'Availability, API latency and errors, completeness of data, freshness of delivery: each with what was reached, what is left of the error budget, and when it was missed. Exit 3 when Prometheus is away or has nothing of that time; no empty report is written.',
      examples: [
        ['bifrost slo report --from 2026-10-01 --to 2026-11-01 --out october.html', 'a month, as one HTML file'],
        ['bifrost slo report --from 24h', 'the last day, as Markdown on stdout'],
      ],
      options: [
        ['--from <time>', 'begin, such as 2026-10-01T00:00:00Z, or how long ago: 30d', '30d'],
        ['--to <time>', 'end (default: now)'],
        ['--prometheus <url>', PROMETHEUS, 'http://127.0.0.1:9090'],
        ['--job <name>', 'job name of the gateways in Prometheus', 'bifrost'],
        ['--name <text>', 'what the report is of, in its title', 'Bifrost'],
        ['--time-zone <zone>', 'of the times in it, such as Europe/Berlin', 'UTC'],
        ['--format <format>', 'md or html (default: by the ending of --out, else md)'],
        ['-o, --out <file>', 'the file; - is stdout', '-'],
      ],
      load: () => import('./slo-report.ts'),
    },
  ],
}
