/** Accounts as JSON shows them: times as ISO 8601, absent as null. */
import type { z } from 'zod'
import type { SessionInfo, TokenInfo, UserInfo } from '../accounts/accounts.ts'
import type { Grant } from '../core/access.ts'
import { PERMISSIONS, type Permission, type Principal } from '../core/permissions.ts'
import type { Accounts } from '../gateway.ts'
import type { grantSchema, sessionInfoSchema, tokenSchema, userSchema, whoSchema } from './account-schemas.ts'
import { NOBODY } from './auth/principals.ts'
import { isoOf } from './views.ts'

type SessionView = z.output<typeof sessionInfoSchema>

const iso = (time: number): string => isoOf(time) ?? ''
const isoOrNull = (time: number | null): string | null => (time === null ? null : isoOf(time))

/** `current`: the id of the session of the request. */
export const sessionView = (session: SessionInfo, current: string | undefined): SessionView => ({
  id: session.id,
  user: session.user,
  via: session.via,
  createdAt: iso(session.createdAt),
  lastUsedAt: iso(session.lastUsedAt),
  endsAt: iso(session.endsAt),
  address: session.address,
  agent: session.agent,
  current: session.id === current,
})

/** Who asks, and what they may. */
export function whoView(
  access: 'accounts' | 'open',
  accounts: Accounts | undefined,
  principal: Principal,
  session: SessionInfo | undefined,
): z.output<typeof whoSchema> {
  const { kind, name, roles } = principal
  const permissions = (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => principal.may(permission))
  const known = principal === NOBODY || kind === 'nobody' ? undefined : kind
  return {
    access,
    setup: accounts?.needsSetup ?? false,
    singleSignOn: accounts?.oidc?.issuer ?? null,
    user:
      known === undefined
        ? null
        : {
            name,
            kind: known,
            roles: [...roles],
            permissions,
            limited: permissions.filter((permission) => !principal.isWhole(permission)),
            session: session === undefined ? null : sessionView(session, session.id),
          },
  }
}

export const userView = (user: UserInfo): z.output<typeof userSchema> => ({
  name: user.name,
  origin: user.origin,
  roles: [...user.roles],
  enabled: user.enabled,
  createdAt: iso(user.createdAt),
  passwordChangedAt: isoOrNull(user.passwordChangedAt),
  lastSignInAt: isoOrNull(user.lastSignInAt),
  sessions: user.sessions,
  pausedUntil: isoOrNull(user.pausedUntil),
})

export const tokenView = (token: TokenInfo): z.output<typeof tokenSchema> => ({
  id: token.id,
  name: token.name,
  owner: token.owner,
  grants: token.grants.map(grantView),
  createdAt: iso(token.createdAt),
  expiresAt: isoOrNull(token.expiresAt),
  lastUsedAt: isoOrNull(token.lastUsedAt),
  lastUsedFrom: token.lastUsedFrom,
  state: token.state,
})

export const grantView = ({ permissions, devices, areas }: Grant): z.output<typeof grantSchema> => ({
  permissions: [...permissions],
  ...(devices === undefined ? {} : { devices: [...devices] }),
  ...(areas === undefined ? {} : { areas: [...areas] }),
})
