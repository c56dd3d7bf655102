/** `bifrost health`: what a running gateway says of itself. Where all is simple `health-probe.ts` has answered before this is loaded. */
import { GatewayError } from '../core/errors.ts'
import { gatewayUrl, noGateway, request } from './api-client.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { askHealth, healthLines, PATHS, type HealthAnswer, type HealthKind } from './health-probe.ts'

export async function run(call: Call): Promise<number> {
  const base = gatewayUrl(call)
  const kind = kindOf(call)
  const health = await ask(base, kind, call)
  if (call.terminal.json) call.terminal.resultJson(health)
  else call.terminal.result(healthLines(health).trimEnd())
  return health.ok ? Exit.ok : Exit.failure
}

async function ask(base: string, kind: HealthKind, call: Call): Promise<HealthAnswer> {
  try {
    return await askHealth(base, kind, call.env)
  } catch (error) {
    if (error instanceof GatewayError) throw error
    // Whoever answers nothing says why by this.
    await request(`${base}${PATHS[kind]}`, { signal: AbortSignal.timeout(5000) })
    throw noGateway(base, error)
  }
}

function kindOf({ options }: Call): HealthKind {
  const kinds = (Object.keys(PATHS) as HealthKind[]).filter((kind) => options[kind] === true)
  if (kinds.length > 1) throw new GatewayError('USAGE', 'one of --live, --ready and --startup, not several')
  return kinds[0] ?? 'ready'
}
