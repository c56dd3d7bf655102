/** `bifrost health`: what a running gateway says of itself; for scripts and container health checks. */
import { gatewayUrl, request } from './api-client.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const accept = call.terminal.json ? 'application/json' : 'text/plain'
  const response = await request(`${gatewayUrl(call)}/readyz?verbose`, { headers: { accept } })
  call.terminal.result((await response.text()).trimEnd())
  return response.ok ? Exit.ok : Exit.failure
}
