/** The accounts for a route that is about them, and who changes them. */
import type { IncomingMessage } from 'node:http'
import type { Actor } from '../../accounts/accounts.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/permissions.ts'
import type { Accounts, Gateway } from '../../gateway.ts'
import type { Door } from './door.ts'

/** Throws NOT_FOUND where the configuration has none. */
export function accountsOf({ accounts }: Gateway): Accounts {
  if (accounts !== undefined) return accounts
  throw new GatewayError('NOT_FOUND', 'this gateway has no accounts: http.access is open, and nobody is asked')
}

/** `host` stands for an address only where the gateway's own user asks: failures are not counted for it. */
export function actorOf(
  door: Door,
  { principal, raw }: { readonly principal: Principal; readonly raw: IncomingMessage },
  reason?: string,
): Actor {
  const origin = door.origin(raw)
  return { by: principal, from: principal.kind === 'host' ? { ...origin, address: 'host' } : origin, reason }
}
