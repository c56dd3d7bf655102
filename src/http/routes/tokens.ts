/**
 * `/api/v1/tokens` and `/api/v1/sessions`: everybody sees and ends their own; who manages accounts, everybody's. Each change is
 * audited.
 */
import type { Principal } from '../../core/permissions.ts'
import {
  createdTokenSchema,
  createTokenBody,
  doneSchema,
  endedSchema,
  reasonQuery,
  sessionParams,
  sessionsQuery,
  sessionsSchema,
  tokenParams,
  tokensSchema,
} from '../account-schemas.ts'
import { sessionView, tokenView } from '../account-views.ts'
import type { App, RouteContext } from '../app.ts'
import { accountsOf, actorOf } from '../auth/accounts-of.ts'
import { forbidden } from '../auth/check.ts'
import { pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'

const tags = ['accounts']
const config = { permission: 'signed-in', problems: ['NOT_FOUND', 'FORBIDDEN', 'CONFLICT'] } as const

export function tokenRoutes(app: App, { gateway, door }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/tokens',
    config,
    schema: {
      tags,
      summary: 'API tokens: my own, or all for who manages accounts',
      querystring: pageQuery(1000, 1000),
      response: answers(tokensSchema),
    },
    handler: ({ principal, query }) => {
      const { tokens } = accountsOf(gateway)
      const list = principal.may('accounts.manage') ? tokens.list() : ownOf(principal, (name) => tokens.list(name))
      const { rows, next } = pageOf('tokens', list, ({ id }) => id, query)
      return { tokens: rows.map(tokenView), next }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/tokens',
    // The answer holds the token, which is shown this once.
    config: { ...config, idempotent: false },
    schema: {
      tags,
      summary: 'Make an API token',
      description: 'It never has more than who made it has. The token is in this answer and nowhere else.',
      body: createTokenBody,
      response: answers(createdTokenSchema),
    },
    handler: async (request) => {
      const { name, grants, expiresAt, reason } = request.body
      const asked = { name, grants, expiresAt: expiresAt === null ? null : Date.parse(expiresAt) }
      const { token, info } = await accountsOf(gateway).tokens.create(asked, actorOf(door, request, reason))
      return { token, info: tokenView(info) }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/tokens/:token',
    config,
    schema: {
      tags,
      summary: 'Revoke an API token, at once and for good',
      params: tokenParams,
      querystring: reasonQuery,
      response: answers(doneSchema),
    },
    handler: async (request) => {
      await accountsOf(gateway).tokens.revoke(request.params.token, actorOf(door, request, request.query.reason))
      return { done: true }
    },
  })
}

export function sessionListRoutes(app: App, { gateway, door }: RouteContext): void {
  const { cookies } = door

  app.route({
    method: 'GET',
    url: '/api/v1/sessions',
    config,
    schema: {
      tags,
      summary: 'Sessions: my own, or all for who manages accounts',
      querystring: sessionsQuery.pick({ user: true }).extend(pageQuery(1000, 1000).shape),
      response: answers(sessionsSchema),
    },
    handler: ({ principal, query, raw }) => {
      const accounts = accountsOf(gateway)
      const all = principal.may('accounts.manage')
      if (!all && query.user !== undefined && query.user !== principal.name)
        throw forbidden(principal, 'accounts.manage')
      const cookie = cookies.session(raw)
      const current = cookie === undefined ? undefined : accounts.sessionOf(cookie)?.id
      const list = all ? accounts.sessions.list(query.user) : ownOf(principal, (name) => accounts.sessions.list(name))
      const { rows, next } = pageOf('sessions', list, ({ id }) => id, query)
      return { sessions: rows.map((session) => sessionView(session, current)), next }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/sessions/:session',
    config,
    schema: {
      tags,
      summary: 'End a session',
      params: sessionParams,
      querystring: reasonQuery,
      response: answers(doneSchema),
    },
    handler: async (request) => {
      await accountsOf(gateway).sessions.revoke(request.params.session, actorOf(door, request, request.query.reason))
      return { done: true }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/sessions',
    config,
    schema: {
      tags,
      summary: 'End all sessions of a user but the one that asks',
      querystring: sessionsQuery,
      response: answers(endedSchema),
    },
    handler: async (request) => {
      const { user = request.principal.name, reason } = request.query
      const keep = cookies.session(request.raw)
      return { ended: await accountsOf(gateway).sessions.revokeAll(user, actorOf(door, request, reason), keep) }
    },
  })
}

/** What is a user's own, also by their certificate; programs have no sessions and make no tokens. */
const ownOf = <T>({ kind, name }: Principal, list: (user: string) => readonly T[]): readonly T[] =>
  kind === 'user' || kind === 'certificate' ? list(name) : []
