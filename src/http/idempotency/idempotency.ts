/**
 * `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): a request that changes something, sent again because its answer
 * was lost, is not carried out again but answered as it was. Whoever sends no key is served as ever.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { AnswersKept } from './answers-kept.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** false: its answer holds something secret, or the route is so by itself; a key is passed over. */
    idempotent?: boolean | undefined
  }
  interface FastifyRequest {
    /** Name of the answer that is to be kept; undefined: none. */
    keptAs: string | undefined
  }
}

export const KEY_HEADER = 'idempotency-key'
export const REPLAYED_HEADER = 'idempotency-replayed'

const CHANGING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** Nothing was begun, so that the same key may try again. */
const NOTHING_DONE: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 412, 413, 415, 429, 503])
const KEPT_HEADERS = ['content-type', 'location', 'etag', 'retry-after'] as const

/** Whether a key counts here. Public routes know nobody whose key it could be. */
export const takesKey = (
  method: string,
  config: { permission?: string | undefined; idempotent?: boolean | undefined },
): boolean => CHANGING.has(method) && config.permission !== 'public' && config.idempotent !== false

/** Must stand before the routes, and after the check of who asks. */
export function keepAnswers(app: App, clock: Clock): void {
  const kept = new AnswersKept(clock)
  // Bodies may hold passwords: what is kept of them is of no use to anybody without this key.
  const secret = randomBytes(32)
  const digest = (...parts: readonly string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64')

  app.decorateRequest('keptAs', undefined)

  app.addHook('preValidation', async (request, reply) => {
    const { [KEY_HEADER]: given } = request.headers
    if (given === undefined || !takesKey(request.method, request.routeOptions.config)) return
    const name = digest(whoOf(request), keyOf(given))
    const answer = kept.begin(name, digest(request.method, request.url, JSON.stringify(request.body) ?? ''))
    if (answer === undefined) {
      request.keptAs = name
      return
    }
    if (answer.body === undefined)
      throw new GatewayError('KEY_REUSED', 'this was carried out; its answer was too long to be kept')
    return reply
      .code(answer.status)
      .headers({ ...answer.headers, [REPLAYED_HEADER]: 'true' })
      .send(answer.body)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { keptAs } = request
    if (keptAs === undefined) return payload
    if (NOTHING_DONE.has(reply.statusCode)) kept.forget(keptAs)
    else {
      const body = typeof payload === 'string' ? payload : undefined
      kept.end(keptAs, { status: reply.statusCode, headers: headersOf(reply), body })
    }
    return payload
  })
}

/** Tokens of the same name are not the same. */
const whoOf = ({ principal, headers }: FastifyRequest): string =>
  JSON.stringify([principal.kind, principal.name, principal.kind === 'token' ? headers.authorization : ''])

/** A string of RFC 9651, in quotes, as the draft has it, or the bare key that most clients send. */
function keyOf(given: string | string[]): string {
  const key = typeof given === 'string' ? given.replace(/^"(.*)"$/, '$1') : ''
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(key)) return key
  const detail = `header ${KEY_HEADER}: expected 1 to 255 visible characters of ASCII without quotes, such as a UUID`
  throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#' }] } })
}

const headersOf = (reply: FastifyReply): Record<string, string> =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name)
      return value === undefined ? [] : [[name, String(value)]]
    }),
  )
