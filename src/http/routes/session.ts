/** `/api/v1/session`: who am I, sign in, sign out, a new password, and the way to the single sign-on and back. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { SignedIn } from '../../accounts/accounts.ts'
import { GatewayError } from '../../core/errors.ts'
import { doneSchema, ownPasswordBody, signedOutSchema, signInBody, whoSchema } from '../account-schemas.ts'
import { whoView } from '../account-views.ts'
import type { App, RouteContext } from '../app.ts'
import { accountsOf } from '../auth/accounts-of.ts'
import { CALLBACK_PATH } from '../auth/cookies.ts'
import type { Door } from '../auth/door.ts'
import { escapeHtml, htmlPage } from '../html.ts'
import { answers } from '../schemas.ts'

const tags = ['accounts']
/** How long the provider may take. */
const PROVIDER_LIMIT_MS = 15_000
/** What may go wrong between us, the browser and the provider. */
const OF_PROVIDER = [
  'NOT_FOUND',
  'SIGN_IN_FAILED',
  'FORBIDDEN',
  'NOT_CONNECTED',
  'TIMEOUT',
  'ACCESS_REFUSED',
  'INVALID_REQUEST',
] as const
const toBrowser = { ...answers(z.unknown()), 302: z.null().describe('To the next page') }

export function sessionRoutes(app: App, { gateway, door }: RouteContext): void {
  const { accounts } = gateway
  const { cookies } = door

  app.route({
    method: 'GET',
    url: '/api/v1/session',
    config: { permission: 'public' },
    schema: { tags, summary: 'Who am I, and what may I do', response: answers(whoSchema) },
    handler: ({ principal, raw }) => {
      const cookie = principal.kind === 'user' ? cookies.session(raw) : undefined
      return whoView(door.access, accounts, principal, cookie === undefined ? undefined : accounts?.sessionOf(cookie))
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/session',
    config: { permission: 'public', problems: ['NOT_FOUND', 'SIGN_IN_FAILED', 'SETUP_REQUIRED'] },
    schema: {
      tags,
      summary: 'Sign in',
      description:
        'Sets a cookie that scripts cannot read. After some wrong passwords there is a pause (429, `Retry-After`).',
      body: signInBody,
      response: answers(whoSchema),
    },
    handler: async (request, reply) => {
      const signedIn = await accountsOf(gateway).signIn({ ...request.body, from: door.origin(request.raw) })
      return begin(door, gateway, signedIn, request, reply)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/session',
    config: { permission: 'public' },
    schema: { tags, summary: 'Sign out', response: answers(signedOutSchema) },
    handler: async ({ raw }, reply) => {
      const cookie = cookies.session(raw)
      reply.header('set-cookie', cookies.setSession(raw, undefined))
      const isKnown = cookie !== undefined && accounts?.sessionOf(cookie) !== undefined
      if (isKnown) await accounts?.signOut(cookie, door.origin(raw))
      return { signedOut: isKnown }
    },
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/session/password',
    config: { permission: 'signed-in', problems: ['NOT_FOUND', 'FORBIDDEN', 'SIGN_IN_FAILED'] },
    schema: {
      tags,
      summary: 'Change my own password',
      description: 'All other sessions of mine end.',
      body: ownPasswordBody,
      response: answers(doneSchema),
    },
    handler: async ({ body, principal, raw }) => {
      if (principal.kind !== 'user')
        throw new GatewayError('FORBIDDEN', `${principal.name} has no password: only people who signed in have`)
      const keep = cookies.session(raw)
      await accountsOf(gateway).users.changePassword(principal.name, { ...body, keep }, door.origin(raw))
      return { done: true }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/session/oidc',
    exposeHeadRoute: false,
    config: { permission: 'public', problems: OF_PROVIDER },
    schema: {
      tags,
      summary: 'Sign in at the provider of the organisation',
      description: 'For browsers: sends them to the provider, which sends them back.',
      response: toBrowser,
    },
    handler: async ({ raw }, reply) => {
      const origin = `http${cookies.isSecure(raw) ? 's' : ''}://${raw.headers.host}`
      const signal = AbortSignal.timeout(PROVIDER_LIMIT_MS)
      const { url, state } = await singleSignOn(gateway).begin(`${origin}${CALLBACK_PATH}`, signal)
      return reply.header('set-cookie', cookies.setPending(raw, state)).redirect(url, 302)
    },
  })

  app.route({
    method: 'GET',
    url: CALLBACK_PATH,
    exposeHeadRoute: false,
    config: { permission: 'public', problems: OF_PROVIDER },
    schema: { tags, summary: 'Where the provider sends the browser back to', response: toBrowser },
    handler: async (request, reply) => {
      const { raw } = request
      const gone = cookies.setPending(raw, undefined)
      try {
        const signal = AbortSignal.timeout(PROVIDER_LIMIT_MS)
        const came = singleSignOn(gateway).finish(raw.url ?? '', cookies.pending(raw) ?? '', door.origin(raw), signal)
        await begin(door, gateway, await came, request, reply)
      } catch (error) {
        reply.header('set-cookie', gone)
        return tellBrowser(request, reply, error)
      }
      return reply.header('set-cookie', gone).redirect('/', 302)
    },
  })

  function singleSignOn(from: typeof gateway) {
    const { oidc } = accountsOf(from)
    if (oidc !== undefined) return oidc
    throw new GatewayError('NOT_FOUND', 'there is no single sign-on here: the configuration has no access.oidc')
  }
}

/**
 * A new session begins with a new secret, never with one that the browser had; the one of before ends, so that nobody goes on with
 * it elsewhere.
 */
export async function begin(
  { access, cookies, origin }: Door,
  gateway: RouteContext['gateway'],
  { cookie, session }: SignedIn,
  { raw }: FastifyRequest,
  reply: FastifyReply,
) {
  const before = cookies.session(raw)
  if (before !== undefined) await gateway.accounts?.signOut(before, origin(raw))
  reply.header('set-cookie', cookies.setSession(raw, cookie))
  return whoView(access, gateway.accounts, session.principal, session)
}

/** A person looks at this: the problem as a page, with the way back. */
function tellBrowser(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof GatewayError) || request.headers.accept?.includes('text/html') !== true) throw error
  const { title, http, help } = error.info
  const body = `<p>${escapeHtml(error.message)}</p><p>${escapeHtml(help)}</p><p><a href="/">Back</a></p>`
  return reply.code(http).type('text/html; charset=utf-8').send(htmlPage(title, body))
}
