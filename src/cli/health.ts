/** `bifrost health`: what a running gateway says of itself; for scripts and container health checks. */
import { gatewayUrl, jsonOf, noGateway, request } from './api-client.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface Health {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly attention?: true
  }[]
}

export async function run(call: Call): Promise<number> {
  const base = gatewayUrl(call)
  const response = await request(`${base}/readyz?verbose`, { headers: { accept: 'application/json' } })
  const health = await jsonOf(response, base)
  // Any server may answer 200: only a report of ours is one.
  if (!isHealth(health)) throw noGateway(base, undefined)
  if (call.terminal.json) call.terminal.resultJson(health)
  else {
    for (const { name, ok, detail, attention } of health.checks)
      call.terminal.result(`[${ok ? (attention ? '!' : '+') : '-'}] ${name}: ${detail}`)
    call.terminal.result(health.ok ? 'ok' : 'not ok')
  }
  return health.ok && response.ok ? Exit.ok : Exit.failure
}

const isHealth = (given: unknown): given is Health =>
  typeof given === 'object' && given !== null && 'ok' in given && 'checks' in given && Array.isArray(given.checks)
