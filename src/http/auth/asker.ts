/** Who asks for a change, from where and why, as commands and the audit take it. */
import type { Asker } from '../../commands/sink-commands.ts'
import type { Principal } from '../../core/permissions.ts'
import type { Correlation } from '../../core/correlation.ts'

/** Of a request; `ip` is that of the far side, or what the proxy before us says it is. */
export const askerOf = (
  {
    principal,
    ip,
    correlation,
  }: { readonly principal: Principal; readonly ip: string; readonly correlation: Correlation },
  reason?: string,
): Asker => ({
  user: principal.name,
  person: principal.person,
  from: `http ${ip}`,
  reason,
  correlation,
  trace: correlation.traceId,
})
