/**
 * Who people are and what they may do: the one door to users, sessions, tokens, set-up, roles and single sign-on. `http/auth/` turns
 * each request into a `Principal` with it; the command line works with it on the host. Nothing secret leaves it but what it has just
 * made: a session's id, a token, the set-up token.
 */
import type { X509Certificate } from 'node:crypto'
import type { AccessConfig, Grant } from '../core/access.ts'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Principal } from '../core/permissions.ts'
import { openDatabase } from './database.ts'
import { AccountsDoor } from './door.ts'

/** Where a request comes from. */
export interface Origin {
  /** The address of the far side, without port: `10.0.0.7`; `host` for a program of the gateway's own user. Failures are counted by it. */
  readonly address: string
  /** `User-Agent` and such, for the list of sessions. */
  readonly agent?: string | undefined
  /** Trace id of the request. */
  readonly trace?: string | undefined
}

/** Somebody who changes accounts, for permission and audit. */
export interface Actor {
  readonly by: Principal
  readonly from: Origin
  readonly reason?: string | undefined
}

export interface SessionInfo {
  /** Names it in lists; it is no secret, and of no use as a cookie. */
  readonly id: string
  readonly user: string
  readonly via: 'password' | 'oidc' | 'setup'
  /** ms since 1970, as the others. */
  readonly createdAt: number
  readonly lastUsedAt: number
  /** When it ends at the latest. */
  readonly endsAt: number
  readonly address: string
  readonly agent: string | null
}

export interface Session extends SessionInfo {
  readonly principal: Principal
}

/** What whoever signed in gets: `cookie` is the secret, shown nowhere else. */
export interface SignedIn {
  readonly cookie: string
  readonly session: Session
}

export interface UserInfo {
  readonly name: string
  readonly origin: 'local' | 'oidc'
  readonly roles: readonly string[]
  readonly enabled: boolean
  readonly createdAt: number
  readonly passwordChangedAt: number | null
  readonly lastSignInAt: number | null
  readonly sessions: number
  /** Until when no password is taken from unknown addresses; null: not paused. */
  readonly pausedUntil: number | null
}

export interface TokenInfo {
  readonly id: string
  readonly name: string
  /** Who made it; what this user loses, the token loses. `host`: the command line on the host. */
  readonly owner: string
  readonly grants: readonly Grant[]
  readonly createdAt: number
  /** null: never. */
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  readonly lastUsedFrom: string | null
  readonly state: 'valid' | 'expired' | 'revoked'
}

export interface RoleInfo {
  readonly name: string
  readonly custom: boolean
  readonly grants: readonly Grant[]
}

/** Users; every change is on record and throws FORBIDDEN, NOT_FOUND, CONFLICT or INVALID_REQUEST with a sentence. */
export interface Users {
  list(): readonly UserInfo[]
  get(name: string): UserInfo | undefined
  add(
    user: { readonly name: string; readonly password: string; readonly roles: readonly string[] },
    actor: Actor,
  ): Promise<UserInfo>
  /** By an administrator, without the old password; all sessions of the user end. */
  resetPassword(name: string, password: string, actor: Actor): Promise<void>
  /** By the user. All other sessions end; `keep` is the cookie of the one that asks. */
  changePassword(
    name: string,
    change: { readonly old: string; readonly new: string; readonly keep?: string | undefined },
    from: Origin,
  ): Promise<void>
  setRoles(name: string, roles: readonly string[], actor: Actor): Promise<UserInfo>
  setEnabled(name: string, enabled: boolean, actor: Actor): Promise<UserInfo>
  /** Ends the pause after failures. */
  unlock(name: string, actor: Actor): Promise<void>
  remove(name: string, actor: Actor): Promise<void>
}

export interface Tokens {
  list(owner?: string): readonly TokenInfo[]
  /** `token` is shown once. Never more than the actor has. */
  create(
    token: { readonly name: string; readonly grants: readonly Grant[]; readonly expiresAt: number | null },
    actor: Actor,
  ): Promise<{ readonly token: string; readonly info: TokenInfo }>
  /** Whoever made it may, and who has `accounts.manage`. */
  revoke(id: string, actor: Actor): Promise<void>
}

export interface Sessions {
  list(user?: string): readonly SessionInfo[]
  /** Whose it is may, and who has `accounts.manage`. */
  revoke(id: string, actor: Actor): Promise<void>
  /** How many ended; `keep` is the cookie of the one that asks. */
  revokeAll(user: string, actor: Actor, keep?: string): Promise<number>
}

/** Signing in at the organisation's own provider: authorization code with PKCE. */
export interface SingleSignOn {
  readonly issuer: string
  /** `state` goes into a cookie of this browser alone; `url` is where it is sent to. */
  begin(redirectUri: string, signal: AbortSignal): Promise<{ readonly url: string; readonly state: string }>
  /** `callbackUrl` is the whole URL that came back, `state` the browser's cookie. Throws SIGN_IN_FAILED with a sentence. */
  finish(callbackUrl: string, state: string, from: Origin, signal: AbortSignal): Promise<SignedIn>
}

/** Counted since the start. */
export interface AccountCounters {
  signIns: number
  signInsFailed: number
  /** Refused without looking at the password, for the pause after failures. */
  signInsPaused: number
  /** Failures that began such a pause, or made it longer. */
  lockOuts: number
  bearersRefused: number
  setupsRefused: number
  certificatesRefused: number
}

export interface Accounts {
  /** True while there is no administrator: then nothing is done for anybody but the set-up. Cheap. */
  readonly needsSetup: boolean
  /** The one-time token, for the console; undefined when it is not needed, or was used. */
  readonly setupToken: string | undefined
  /** Makes the first administrator. Throws SIGN_IN_FAILED for a wrong token, CONFLICT once there is an administrator. */
  setUp(asked: {
    readonly token: string
    readonly name: string
    readonly password: string
    readonly from: Origin
  }): Promise<SignedIn>

  /** Throws SIGN_IN_FAILED (the same for an unknown user), or BUSY with `retryAfterMs` while a pause goes on. */
  signIn(asked: { readonly name: string; readonly password: string; readonly from: Origin }): Promise<SignedIn>
  /** Of a request with this cookie; counts as use. Undefined: unknown, ended, revoked. Cheap. */
  sessionOf(cookie: string): Session | undefined
  signOut(cookie: string, from: Origin): Promise<void>
  /** Of `Authorization: Bearer …`: an API token, or a JWT of the provider where that is allowed. Undefined: not valid. */
  bearerOf(bearer: string, from: Origin): Principal | undefined | Promise<Principal | undefined>
  /** Of a certificate that TLS has verified already. Undefined: it stands for nobody. Cheap. */
  certificateOf(certificate: X509Certificate): Principal | undefined
  /** The principal of a role, for `host`. */
  hostPrincipal(user: string): Principal
  /** Where the configuration has `access.oidc`. */
  readonly oidc: SingleSignOn | undefined

  readonly users: Users
  readonly tokens: Tokens
  readonly sessions: Sessions
  roles(): readonly RoleInfo[]
  readonly counters: Readonly<AccountCounters>
  /** For `GET /me` and the page: what is wrong with a password, in a sentence; undefined: it is good. */
  passwordFault(password: string, userName: string): string | undefined
  /** Calls `observer` when rights may have changed (a session ended, a role changed), so that live sockets look again. */
  onChange(observer: () => void): () => void
  /** A new configuration. */
  configure(config: AccessConfig, areaOf: AreaOf): void
  close(): Promise<void>
}

/** The area of a device, such as `site-1/line-2`; undefined where it has none. */
export type AreaOf = (device: string) => string | undefined

export interface AccountsSetup {
  /** The data folder; the accounts are in `accounts.db` there. */
  readonly data: string
  readonly config: AccessConfig
  readonly areaOf?: AreaOf | undefined
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  /** Made where there is no administrator, for set-ups without people. */
  readonly initialAdmin?: { readonly name: string; readonly password: string } | undefined
}

/** Opens `DATA/accounts.db`, made where there is none. Throws STORE_FAILED where it is damaged or not ours. */
export async function openAccounts(setup: AccountsSetup): Promise<Accounts> {
  const db = await openDatabase(setup.data)
  try {
    const door = new AccountsDoor(db, setup)
    await door.begin(setup.initialAdmin)
    return door
  } catch (error) {
    db.close()
    throw error
  }
}
