/** `bifrost slo report`: a service report from a Prometheus server. */
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { readVariable } from '../config/environment.ts'
import { GatewayError } from '../core/errors.ts'
import { FORMATS, makeReport, type ReportFormat } from '../report/report.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { timeOf } from './time-option.ts'

const MINUTE = 60_000

export async function run(call: Call): Promise<number> {
  const { terminal, env } = call
  const [from, to] = rangeOf(call)
  const out = textOption(call, 'out') ?? '-'
  const format = formatOf(textOption(call, 'format'), out)
  const report = await makeReport(
    {
      from,
      to,
      prometheus: { url: prometheusUrl(call), token: readVariable('BIFROST_PROMETHEUS_TOKEN', env) },
      job: textOption(call, 'job') ?? 'bifrost',
      name: textOption(call, 'name') ?? 'Bifrost',
      timeZone: zoneOf(textOption(call, 'timeZone')),
    },
    AbortSignal.timeout(10 * MINUTE),
  )
  if (out === '-') {
    process.stdout.write(report.in(format))
    return Exit.ok
  }
  await writeFile(out, report.in(format))
  terminal.say(`${out}: ${report.verdict}`)
  return Exit.ok
}

function rangeOf(call: Call): [from: number, to: number] {
  const at = (name: string, text: string): number => {
    const time = timeOf(name, text)
    return /^-?\d+(\.\d+)?$/.test(time) ? Number(time) : Date.parse(time)
  }
  const to = at('to', textOption(call, 'to') ?? String(Date.now()))
  const from = at('from', textOption(call, 'from') ?? '30d')
  if (to - from < MINUTE) throw new GatewayError('USAGE', '--from must lie a minute or more before --to')
  return [from, to]
}

function formatOf(given: string | undefined, out: string): ReportFormat {
  const found = FORMATS.find((name) => name === given)
  if (found !== undefined) return found
  if (given !== undefined) throw new GatewayError('USAGE', `--format ${given}: expected md or html`)
  return ['.html', '.htm'].includes(extname(out)) ? 'html' : 'md'
}

/** The address of `--prometheus`, else the usual one on this machine. */
export function prometheusUrl(call: Call): string {
  const given = textOption(call, 'prometheus') ?? 'http://127.0.0.1:9090'
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given
  throw new GatewayError('USAGE', `--prometheus ${given}: expected an address such as http://127.0.0.1:9090`)
}

function zoneOf(given: string | undefined): string | undefined {
  try {
    return given === undefined
      ? undefined
      : new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone
  } catch (error) {
    throw new GatewayError('USAGE', `--time-zone ${given}: expected a time zone such as Europe/Berlin`, {
      cause: error,
    })
  }
}
