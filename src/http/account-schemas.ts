/** The shapes of accounts over HTTP: who somebody is, users, sessions, tokens, roles. Nothing secret is in any answer but a token that was just made. */
import { z } from 'zod'
import { nextSchema } from './paging.ts'
import { PERMISSIONS, type Permission } from '../core/permissions.ts'

const name = z.string().min(1).max(200)
const password = z.string().min(1).max(1000).describe('At least 12 characters')
const reason = z.string().max(500).optional().describe('Why, for the audit')
const time = z.iso.datetime()
const roles = z.array(z.string().min(1).max(64)).max(100)
const permission = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]])
const patterns = z.array(z.string().min(1).max(200)).min(1).max(1000).optional()

export const sessionInfoSchema = z.object({
  id: z.string().describe('Names it; of no use as a cookie'),
  user: z.string(),
  via: z.enum(['password', 'oidc', 'setup']),
  createdAt: time,
  lastUsedAt: time,
  endsAt: time.describe('At the latest'),
  address: z.string(),
  agent: z.string().nullable(),
  current: z.boolean().describe('The one of this request'),
})

export const whoSchema = z.object({
  access: z.enum(['accounts', 'open']).describe('open: nobody is asked who they are'),
  setup: z.boolean().describe('There is no administrator yet'),
  singleSignOn: z.string().nullable().describe('The provider at which people sign in, too'),
  user: z
    .object({
      name: z.string(),
      kind: z.enum(['user', 'token', 'certificate', 'host', 'open']),
      roles: z.array(z.string()),
      permissions: z.array(permission).describe('For at least one device'),
      limited: z.array(permission).describe('Of these, those that are not for every device'),
      session: sessionInfoSchema.nullable(),
    })
    .nullable()
    .describe('null: nobody is signed in'),
})

export const signInBody = z.strictObject({ name, password: z.string().min(1).max(1000) })
export const setupBody = z.strictObject({
  token: z.string().min(1).max(200).describe('From the one-time link on the console of the gateway'),
  name,
  password,
})
export const setupSchema = z.object({ needed: z.boolean() })
export const signedOutSchema = z.object({ signedOut: z.boolean() })
export const ownPasswordBody = z.strictObject({ old: z.string().min(1).max(1000), new: password })

export const userSchema = z.object({
  name: z.string(),
  origin: z.enum(['local', 'oidc']),
  roles: z.array(z.string()),
  enabled: z.boolean(),
  createdAt: time,
  passwordChangedAt: time.nullable(),
  lastSignInAt: time.nullable(),
  sessions: z.int().min(0),
  pausedUntil: time.nullable().describe('No password is taken before, for too many wrong ones'),
})
export const usersSchema = z.object({ users: z.array(userSchema), next: nextSchema })
export const userParams = z.object({ user: name.describe('Name of the user') })
export const addUserBody = z.strictObject({ name, password, roles, reason })
export const changeUserBody = z.strictObject({
  roles: roles.optional().describe('In place of those of before; sessions end'),
  enabled: z.boolean().optional().describe('false: sessions end, tokens rest'),
  unlock: z.literal(true).optional().describe('Ends the pause after wrong passwords'),
  reason,
})
export const resetPasswordBody = z.strictObject({ password, reason })
export const reasonQuery = z.object({ reason })

export const grantSchema = z.strictObject({
  permissions: z.array(permission).min(1),
  devices: patterns.describe('Only with these; patterns may have *'),
  areas: patterns.describe('Only with devices in these'),
})
export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  grants: z.array(grantSchema),
  createdAt: time,
  expiresAt: time.nullable().describe('null: never'),
  lastUsedAt: time.nullable(),
  lastUsedFrom: z.string().nullable(),
  state: z.enum(['valid', 'expired', 'revoked']),
})
export const tokensSchema = z.object({ tokens: z.array(tokenSchema), next: nextSchema })
export const tokenParams = z.object({ token: z.string().min(1).max(64).describe('Its id') })
export const createTokenBody = z.strictObject({
  name,
  grants: z.array(grantSchema).min(1).max(100),
  expiresAt: time.nullable().describe('null: never'),
  reason,
})
export const createdTokenSchema = z.object({ token: z.string().describe('Shown this once'), info: tokenSchema })

export const sessionsSchema = z.object({ sessions: z.array(sessionInfoSchema), next: nextSchema })
export const sessionParams = z.object({ session: z.string().min(1).max(64).describe('Its id') })
export const sessionsQuery = z.object({ user: name.optional().describe('Of this user; your own where absent'), reason })
export const endedSchema = z.object({ ended: z.int().min(0) })
export const doneSchema = z.object({ done: z.literal(true) })

export const rolesSchema = z.object({
  roles: z.array(
    z.object({
      name: z.string(),
      custom: z.boolean().describe('Of the configuration'),
      grants: z.array(grantSchema),
    }),
  ),
  permissions: z.array(
    z.object({
      name: permission,
      means: z.string(),
      scoped: z.boolean().describe('May be limited to devices and areas'),
    }),
  ),
  next: z.null(),
})
