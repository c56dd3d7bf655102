/**
 * Who may do what, as the configuration says it (`access`): roles, sessions, lock-out, single sign-on and client certificates. Times
 * are ms, paths absolute.
 */
import type { Permission } from './permissions.ts'

/**
 * Permissions, limited to what is named. Devices and areas together narrow: both must fit; two grants add up. A pattern may have `*`;
 * the area `hall-1` has all below it (`hall-1/line-2`) in it.
 */
export interface Grant {
  readonly permissions: readonly Permission[]
  readonly devices?: readonly string[] | undefined
  readonly areas?: readonly string[] | undefined
}

export interface RoleConfig {
  readonly name: string
  readonly grants: readonly Grant[]
}

export interface SessionsConfig {
  /** Without a request for so long, a session ends. */
  readonly idleMs: number
  /** So long after signing in it ends in any case. */
  readonly absoluteMs: number
}

export interface LockoutConfig {
  /** So many failures are free; each further one costs a pause, twice as long as the one before. */
  readonly attempts: number
  readonly pauseMs: number
  readonly longestPauseMs: number
}

/** Who has `value` in `claim` of what the provider says has `role`. */
export interface ClaimRole {
  readonly claim: string
  readonly value: string
  readonly role: string
}

export interface OidcConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scopes: readonly string[]
  /** The claim that is shown as the user's name. */
  readonly nameClaim: string
  readonly roles: readonly ClaimRole[]
  /** PEM, in place of the well-known authorities. */
  readonly caFile: string | undefined
  readonly clockToleranceMs: number
  /** Whether a JWT of this issuer is taken as a bearer token, for this audience; undefined: none is. */
  readonly bearerAudience: string | undefined
}

/** A client certificate of an authority that we trust stands for a user or a role; exactly one of each three and two. */
export interface CertificateRule {
  readonly subject?: string | undefined
  readonly san?: string | undefined
  readonly fingerprint?: string | undefined
  readonly user?: string | undefined
  readonly role?: string | undefined
}

export interface AccessConfig {
  readonly sessions: SessionsConfig
  readonly lockout: LockoutConfig
  readonly roles: readonly RoleConfig[]
  readonly oidc: OidcConfig | undefined
  readonly certificates: readonly CertificateRule[]
}

export const ACCESS_DEFAULTS: AccessConfig = {
  sessions: { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 },
  lockout: { attempts: 5, pauseMs: 1000, longestPauseMs: 15 * 60_000 },
  roles: [],
  oidc: undefined,
  certificates: [],
}
