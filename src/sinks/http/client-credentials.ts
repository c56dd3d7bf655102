/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4): a token from the token endpoint, kept until shortly before it expires or until
 * somebody says that it is no longer accepted.
 */
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { oneLine } from '../../core/one-line.ts'
import type { HttpAnswer } from '../../wire/http/http-client.ts'
import type { HttpEndpoint } from '../../wire/http/http-endpoint.ts'
import { answered } from '../../wire/http/verdict.ts'

export interface ClientCredentialsOptions {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuth: 'basic' | 'body'
  readonly scope?: string | undefined
  readonly audience?: string | undefined
}

/** A new token this long before the old one ends, or after nine tenths of its life where that is later. */
const EARLY_MS = 60_000
/** RFC 6750, 2.1: what a token may consist of, widened to what a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/

export class ClientCredentials {
  readonly #options: ClientCredentialsOptions
  readonly #endpoint: HttpEndpoint
  readonly #clock: Clock
  #token: string | undefined
  /** Monotonic; Infinity where the endpoint does not say. */
  #renewAt = 0

  constructor(options: ClientCredentialsOptions, endpoint: HttpEndpoint, clock: Clock) {
    this.#options = options
    this.#endpoint = endpoint
    this.#clock = clock
  }

  /** The Authorization header; fetches a token when there is none that holds. SINK_REFUSED when it is not given. */
  async authorization(signal: AbortSignal): Promise<string> {
    if (this.#token === undefined || this.#clock.monotonic() >= this.#renewAt) await this.#fetch(signal)
    return `Bearer ${this.#token}`
  }

  /** The token is no longer accepted. */
  forget(): void {
    this.#token = undefined
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const { clientId, clientSecret, clientAuth, scope, audience, tokenUrl } = this.#options
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (scope !== undefined) form.set('scope', scope)
    if (audience !== undefined) form.set('audience', audience)
    const headers: Record<string, string> = { 'Content-Type': 'application/x-www-form-urlencoded' }
    if (clientAuth === 'basic') headers.Authorization = basic(clientId, clientSecret)
    else {
      form.set('client_id', clientId)
      form.set('client_secret', clientSecret)
    }
    const { pathname, search } = new URL(tokenUrl)
    const body = Buffer.from(form.toString())
    const answer = await this.#endpoint.send({ method: 'POST', path: pathname + search, headers, body }, signal)
    if (this.#endpoint.verdict(answer) !== 'taken') throw this.#refused(answer)
    this.#take(answer)
  }

  #take({ text }: HttpAnswer): void {
    const { access_token: token, token_type: type, expires_in: seconds } = fieldsOf(text)
    if (typeof token !== 'string' || !TOKEN.test(token))
      throw new GatewayError(
        'PROTOCOL_VIOLATION',
        `${this.#endpoint.where} answers without an access_token; is it the token endpoint?`,
      )
    if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
      throw new GatewayError(
        'SINK_REFUSED',
        `${this.#endpoint.where} gives tokens of type "${oneLine(type)}"; only Bearer is known`,
      )
    const lifeMs = Number(seconds) * 1000
    this.#token = token
    this.#renewAt = lifeMs > 0 ? this.#clock.monotonic() + Math.max(lifeMs - EARLY_MS, lifeMs * 0.9) : Infinity
  }

  /** RFC 6749, 5.2: 400 or 401 with `error`. */
  #refused(answer: HttpAnswer): GatewayError {
    const { error } = fieldsOf(answer.text)
    const code = typeof error === 'string' ? ` (${oneLine(error).slice(0, 100)})` : ''
    const sentence = `${this.#endpoint.where} gives no token to client "${this.#options.clientId}": ${answered(answer)}${code}`
    return new GatewayError('SINK_REFUSED', sentence, { details: { status: answer.status } })
  }
}

/** RFC 6749, 2.3.1: both are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(text)
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
