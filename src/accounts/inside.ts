/** What the parts of accounts share, and the two checks that every change goes through: permission, and the record before and after. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Permission, Principal } from '../core/permissions.ts'
import type { AccountCounters, Actor, Origin } from './accounts.ts'
import type { AccountsDatabase } from './database.ts'
import type { Lockout } from './lockout.ts'
import type { PasswordHasher } from './password.ts'
import type { RoleTable } from './rights.ts'

export interface Inside {
  readonly db: AccountsDatabase
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly hasher: PasswordHasher
  readonly lockout: Lockout
  readonly counters: AccountCounters
  /** Those of the configuration that counts now. */
  readonly roles: RoleTable
  /** What is remembered of users, sessions and tokens no longer holds. */
  changed(): void
}

export interface Change {
  /** `user.add`, `token.revoke`. */
  readonly action: string
  readonly object: string
  readonly before?: unknown
  readonly after?: unknown
}

/** On record, done, on record. What is refused is on record too. */
export async function onRecord<T>(
  { audit }: Inside,
  { by, from, reason }: Actor,
  change: Change,
  work: () => T | Promise<T>,
): Promise<T> {
  const id = randomUUID()
  const record = (outcome: string, details?: Record<string, unknown>) =>
    audit.record({
      id,
      ...change,
      user: by.name,
      from: placeOf(from),
      trace: from.trace,
      reason: reason ?? null,
      outcome,
      details,
    })
  await record('requested')
  let result: T
  try {
    result = await work()
  } catch (error) {
    await record(error instanceof GatewayError ? error.code : 'INTERNAL')
    throw error
  }
  await record('done')
  return result
}

export const placeOf = ({ address }: Origin): string => (address === 'host' ? 'host' : `http ${address}`)

export function requirePermission(by: Principal, permission: Permission): void {
  if (!by.may(permission))
    throw new GatewayError('FORBIDDEN', `${by.name} has no permission "${permission}".`, { details: { permission } })
}

/** Nobody gives, or takes from others, what they do not have for every device themselves. */
export function requireCovers(by: Principal, roles: readonly string[], table: RoleTable): void {
  for (const role of roles) {
    for (const { permissions } of table.grantsOf(role)) {
      const missing = permissions.find((permission) => !by.isWhole(permission))
      if (missing !== undefined)
        throw new GatewayError('FORBIDDEN', `The role ${role} has "${missing}", which ${by.name} has not.`, {
          details: { permission: missing },
        })
    }
  }
}
