/** `bifrost alerts …`: what a running gateway tells people by itself, and whether it gets there. */
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, send } from './api-client.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface AlertsView {
  readonly enabled: boolean
  readonly alerts: readonly {
    readonly alert: string
    readonly severity: string
    readonly state: string
    readonly summary: string
    readonly since: string
    readonly silence: string | null
  }[]
  readonly receivers: readonly {
    readonly name: string
    readonly receiver: string
    readonly where: string
    readonly queued: number
    readonly sent: number
    readonly dropped: number
    readonly lastError: string | null
  }[]
}

export async function list(call: Call): Promise<number> {
  const { terminal } = call
  const answer = await api<AlertsView>(gatewayUrl(call), 'alerts')
  if (terminal.json) terminal.resultJson(answer)
  else {
    for (const { alert, severity, state, summary, since, silence } of answer.alerts)
      terminal.result(`${state}  ${severity}  ${alert}  ${summary} (since ${since}${silence === null ? '' : `; silent: ${silence}`})`) // prettier-ignore
    if (!answer.enabled) terminal.say('local alerts are off: no receiver is configured (alerts.receivers)')
    else if (answer.alerts.length === 0) terminal.say('nothing is wrong')
    for (const { name, receiver, where, queued, sent, dropped, lastError } of answer.receivers)
      terminal.say(`${name} (${receiver} to ${where}): ${sent} sent, ${queued} wait, ${dropped} dropped${lastError === null ? '' : `; ${lastError}`}`) // prettier-ignore
  }
  return Exit.ok
}

export async function test(call: Call): Promise<number> {
  const [receiver] = call.args
  if (receiver === undefined) throw new GatewayError('USAGE', 'which receiver? `bifrost alerts list` shows them')
  const sending = { method: 'POST' as const, body: { receiver }, timeoutMs: 40_000 }
  const answer = await send<{ receiver: string }>(gatewayUrl(call), 'alerts/test', sending)
  if (call.terminal.json) call.terminal.resultJson(answer)
  else call.terminal.result(`${receiver} has taken the test message`)
  return Exit.ok
}
