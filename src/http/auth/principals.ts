/** Principals that need no accounts: whoever asks where nobody is asked, programs of the gateway's own user, and nobody. */
import { PERMISSIONS, type Permission, type Principal, type PrincipalKind } from '../../core/permissions.ts'

const holding = (
  kind: PrincipalKind,
  name: string,
  roles: readonly string[],
  permissions: ReadonlySet<Permission>,
): Principal => ({
  kind,
  name,
  roles,
  may: (permission) => permissions.has(permission),
  mayFor: (permission) => permissions.has(permission),
  isWhole: (permission) => permissions.has(permission),
})

const EVERYTHING: ReadonlySet<Permission> = new Set(Object.keys(PERMISSIONS) as Permission[])

/** Who has not said who they are. */
export const NOBODY = holding('nobody', 'nobody', [], new Set())

/**
 * Anybody on this machine, where the configuration says so. Accounts they cannot touch: an administrator made today would still be
 * there when accounts are switched on.
 */
export const ANYBODY = holding('open', 'anybody', [], EVERYTHING.difference(new Set(['accounts.manage'])))

/** A program of the gateway's own user on this machine. */
export const hostPrincipal = (user: string): Principal => holding('host', `host ${user}`, ['admin'], EVERYTHING)
