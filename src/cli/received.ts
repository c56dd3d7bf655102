/** `bifrost received`: the gateways that hand on their logs to a running gateway, and how far they are. */
import { formatDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl } from './api-client.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface ReceivedView {
  readonly name: string
  readonly connected: boolean
  readonly since: string
  readonly reason: string | null
  readonly from: string | null
  readonly logId: string | null
  readonly upTo: number | null
  readonly samples: number
  readonly repeated: number
  readonly rejected: number
  readonly leftOut: number
  readonly bytes: number
}

export async function run(call: Call): Promise<number> {
  const [name] = call.args
  const { received } = await api<{ received: readonly ReceivedView[] }>(gatewayUrl(call), 'received')
  const shown = name === undefined ? received : received.filter((client) => client.name === name)
  if (name !== undefined && shown.length === 0)
    throw new GatewayError(
      'NOT_FOUND',
      `no gateway of the name ${name} may send its log here; \`receive\` says which may`,
    )
  if (call.terminal.json) call.terminal.resultJson({ received: shown })
  else if (shown.length === 0)
    call.terminal.say('nothing is received from other gateways: the configuration has no `receive`')
  else for (const client of shown) for (const line of linesOf(client)) call.terminal.result(line)
  return Exit.ok
}

function linesOf({ name, connected, since, reason, from, logId, upTo, ...counts }: ReceivedView): string[] {
  const { samples, repeated, rejected, leftOut, bytes } = counts
  const long = formatDuration(wholeSeconds(Date.now() - Date.parse(since)))
  return [
    `${name}  ${connected ? `connected from ${from} for ${long}` : `away for ${long}: ${reason?.replace(`${name} `, '').replace('is away: ', '')}; \`bifrost sink list\` there says why`}`,
    `  ${logId === null ? 'nothing came yet' : `log ${logId}, here up to ${upTo ?? 'nothing yet'}`}`,
    `  samples ${samples}, of these ${repeated} were here already; rejected ${rejected}; left out there ${leftOut}; ${bytes} bytes`,
  ]
}

const wholeSeconds = (ms: number): number => Math.max(0, Math.round(ms / 1000) * 1000)
