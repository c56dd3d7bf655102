/**
 * `access`: roles, sessions, lock-out, single sign-on and client certificates. A role or a permission that there is not is a problem at
 * its line, with the one that was probably meant: a wrong word must never grant, and never silently take away.
 */
import { z } from 'zod'
import { ACCESS_DEFAULTS, type AccessConfig } from '../core/access.ts'
import { duration } from '../core/duration.ts'
import { PERMISSIONS, ROLES, type Permission } from '../core/permissions.ts'
import { fileOption } from '../core/tls-options.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Loading } from './loading.ts'
import { checkSchema } from './schema-check.ts'
import { closest } from './suggestion.ts'
import { formatPath } from './yaml-source.ts'

const DAY_MS = 86_400_000
const roleName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected a name of small letters, digits and dashes')
const patterns = z.array(z.string().min(1).max(200)).min(1).max(1000)

const grantSchema = z.object({
  permissions: z
    .array(z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]))
    .min(1)
    .describe('What may be done.'),
  devices: patterns
    .optional()
    .describe('Only with these devices: names, or patterns with `*`. With `areas` beside it, both must fit.'),
  areas: patterns
    .optional()
    .describe('Only with devices in these areas: `hall-1` has `hall-1/line-2` in it; patterns with `*`.'),
})

export const oidcSchema = z.object({
  issuer: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/, 'expected a URL such as https://sso.example/realms/plant')
    .describe('The provider, as it calls itself: `https://sso.example/realms/plant`. http on loopback only.'),
  clientId: z.string().min(1).describe('The name of this gateway at the provider.'),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('The secret of this gateway at the provider; none for a public client (PKCE protects both).')
    .meta({ secret: true }),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected a scope without spaces'))
    .default(['openid', 'profile', 'email'])
    .describe('What is asked for; `openid` must be among it.'),
  nameClaim: z
    .string()
    .min(1)
    .default('preferred_username')
    .describe('The claim that names people; `email`, then `sub` where it is missing.'),
  roles: z
    .array(
      z.object({
        claim: z.string().min(1).describe('A claim, such as `groups`; `realm_access.roles` looks inside.'),
        value: z.string().min(1).describe('The value that it has, or that is in its list.'),
        role: z.string().describe('The role that this gives.'),
      }),
    )
    .min(1)
    .describe('Which claims give which roles. Who has none of them is refused.'),
  caFile: fileOption()
    .optional()
    .describe('File with the certificate authorities of the provider (PEM), in place of the well-known ones.'),
  clockTolerance: duration({ maxMs: 300_000 })
    .prefault('30s')
    .describe('How far the clocks of gateway and provider may be apart.'),
  bearerAudience: z
    .string()
    .min(1)
    .optional()
    .describe('Takes JWTs of this provider as bearer tokens, when they are for this audience. None are where absent.'),
})

const certificateSchema = z.object({
  subject: z.string().min(1).optional().describe('The common name (CN) of its subject.'),
  san: z.string().min(1).optional().describe('One of its alternative names: `DNS:…`, `URI:…`, `email:…`.'),
  fingerprint: z
    .string()
    .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'expected a SHA-256 fingerprint, 64 hexadecimal digits')
    .optional()
    .describe('Its SHA-256 fingerprint.'),
  user: z.string().min(1).optional().describe('The user that it stands for, with that user’s roles.'),
  role: z.string().optional().describe('The role that it has.'),
})

export const accessSchema = z.object({
  sessions: z
    .object({
      idle: duration({ minMs: 60_000, maxMs: 7 * DAY_MS })
        .prefault(ACCESS_DEFAULTS.sessions.idleMs)
        .describe('Without a request for so long, a session ends.'),
      absolute: duration({ minMs: 60_000, maxMs: 30 * DAY_MS })
        .prefault(ACCESS_DEFAULTS.sessions.absoluteMs)
        .describe('So long after signing in, a session ends in any case.'),
    })
    .prefault({})
    .describe('How long people stay signed in.'),
  lockout: z
    .object({
      attempts: z
        .int()
        .min(1)
        .max(100)
        .default(ACCESS_DEFAULTS.lockout.attempts)
        .describe('So many failures in a row cost nothing; each further one costs a pause.'),
      pause: duration({ minMs: 100, maxMs: 60_000 })
        .prefault(ACCESS_DEFAULTS.lockout.pauseMs)
        .describe('The first pause; each further one is twice as long.'),
      longestPause: duration({ minMs: 1000, maxMs: DAY_MS })
        .prefault(ACCESS_DEFAULTS.lockout.longestPauseMs)
        .describe('The longest pause.'),
    })
    .prefault({})
    .describe('What wrong passwords cost, for each user and for each address.'),
  roles: z
    .array(
      z.object({
        name: roleName.describe('Name of the role.'),
        grants: z.array(grantSchema).min(1).describe('What it may do.'),
      }),
    )
    .max(200)
    .default([])
    .describe(`Roles beside ${Object.keys(ROLES).join(', ')}, which are always there.`),
  oidc: z.unknown().optional().describe('Signing in at your own provider (OpenID Connect).'),
  certificates: z
    .array(certificateSchema)
    .max(10_000)
    .default([])
    .describe('Whom client certificates stand for; they come from an authority of `http.tls.clientCaFile`.'),
})

/** The defaults where there is none, and with problems, which are in the list then. */
export function loadAccess(given: unknown, loading: Loading): AccessConfig {
  if (given === undefined || given === null) return ACCESS_DEFAULTS
  const { source, problems, files } = loading
  const head = checkSchema(accessSchema, { source, path: ['access'], value: given }, problems, files)
  if (head === undefined) return ACCESS_DEFAULTS
  const complain = (path: readonly (string | number)[], message: string, suggestion?: string) =>
    problems.add(source.placeOf(['access', ...path]), formatPath(['access', ...path]), message, suggestion)
  const names = [...Object.keys(ROLES), ...head.roles.map(({ name }) => name)]
  const checkRole = (path: readonly (string | number)[], role: string) => {
    if (names.includes(role)) return
    const nearest = closest(role, names)
    complain(path, `there is no role "${role}"`, nearest === undefined ? undefined : `"${nearest}"`)
  }

  for (const [at, { name, grants }] of head.roles.entries()) {
    if (Object.hasOwn(ROLES, name))
      complain(['roles', at, 'name'], `the role "${name}" is always there; give yours another name`)
    else if (head.roles.findIndex((other) => other.name === name) < at)
      complain(['roles', at, 'name'], `the role "${name}" is in this list already`)
    for (const [which, { permissions, devices, areas }] of grants.entries()) {
      if (devices === undefined && areas === undefined) continue
      const whole = permissions.find((permission) => !PERMISSIONS[permission].scoped)
      if (whole !== undefined)
        complain(
          ['roles', at, 'grants', which, 'permissions'],
          `"${whole}" cannot be limited to devices or areas; put it into a grant of its own`,
        )
    }
  }
  if (head.sessions.absolute < head.sessions.idle)
    complain(['sessions'], '`absolute` is shorter than `idle`, which would have no effect then')
  const oidc = loadOidc(head.oidc, loading)
  if (oidc !== undefined) {
    for (const [at, { role }] of oidc.roles.entries()) checkRole(['oidc', 'roles', at, 'role'], role)
    if (oidc.bearerAudience === oidc.clientId)
      complain(
        ['oidc', 'bearerAudience'],
        'it is `clientId`: then every ID token would be a bearer token; give the API an audience of its own',
      )
    if (!oidc.scopes.includes('openid')) complain(['oidc', 'scopes'], 'the scope `openid` is missing')
    if (!URL.canParse(oidc.issuer)) complain(['oidc', 'issuer'], 'this is no URL')
    else if (
      new URL(oidc.issuer).protocol === 'http:' &&
      !isLoopbackHost(new URL(oidc.issuer).hostname.replace(/^\[|\]$/g, ''))
    )
      complain(['oidc', 'issuer'], 'expected https: whoever is in between could sign in as anybody')
  }
  for (const [at, rule] of head.certificates.entries()) {
    const by = [rule.subject, rule.san, rule.fingerprint].filter((each) => each !== undefined)
    if (by.length !== 1) complain(['certificates', at], 'give one of subject, san and fingerprint')
    if ((rule.user === undefined) === (rule.role === undefined))
      complain(['certificates', at], 'give either user or role')
    if (rule.role !== undefined) checkRole(['certificates', at, 'role'], rule.role)
  }
  return {
    sessions: { idleMs: head.sessions.idle, absoluteMs: head.sessions.absolute },
    lockout: {
      attempts: head.lockout.attempts,
      pauseMs: head.lockout.pause,
      longestPauseMs: head.lockout.longestPause,
    },
    roles: head.roles,
    oidc: oidc && {
      issuer: oidc.issuer,
      clientId: oidc.clientId,
      clientSecret: oidc.clientSecret,
      scopes: oidc.scopes,
      nameClaim: oidc.nameClaim,
      roles: oidc.roles,
      caFile: oidc.caFile,
      clockToleranceMs: oidc.clockTolerance,
      bearerAudience: oidc.bearerAudience,
    },
    certificates: head.certificates,
  }
}

/** Checked by itself, since it has a secret that may come from a file. */
function loadOidc(value: unknown, { source, problems, files }: Loading) {
  if (value === undefined || value === null) return undefined
  return checkSchema(oidcSchema, { source, path: ['access', 'oidc'], value }, problems, files)
}
