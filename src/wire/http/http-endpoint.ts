/**
 * One place that a sink sends to: the client, who we are there, and what its answers mean. Made from the options that all sinks
 * over HTTP share (`core/http-options.ts`); warns once of what is not safe.
 */
import { isIP } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import type { Context } from '../../core/driver.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { Backoff } from '../backoff.ts'
import { HttpClient, type HttpAnswer, type HttpRequest } from './http-client.ts'
import { answered, verdictOf, type Verdict } from './verdict.ts'

/** The pause where the far side asks for patience and does not say for how long. */
const PATIENCE = { firstMs: 500, maxMs: 30_000 }

/** What `httpOptions` parses to, as far as a connection is concerned. */
export interface EndpointOptions {
  readonly url: string
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly insecure: boolean
  readonly connectTimeout: number
  readonly responseTimeout: number
  readonly headers: Readonly<Record<string, string>>
}

/** Who we are, as the far side is told: a header, and the same in words for people. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  /** `user "plant"`, `this token`; empty for nobody. */
  readonly who: string
}

export class HttpEndpoint {
  /** The URL without its query. */
  readonly where: string
  readonly #client: HttpClient
  readonly #options: EndpointOptions
  readonly #who: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #clock: Clock
  readonly #patience = new Backoff(PATIENCE)
  /** Since the start. */
  answers = 0

  constructor(
    options: EndpointOptions,
    credentials: Credentials,
    { dial, clock, log }: { dial: Context['dial']; clock: Clock; log: Log },
  ) {
    const { url, ca, cert, key, insecure, connectTimeout, responseTimeout } = options
    this.where = url.split('?', 1)[0]!
    this.#options = options
    this.#who = credentials.who
    this.#headers = { ...options.headers, ...credentials.headers }
    this.#clock = clock
    const tls = { ca, cert, key, insecure }
    const limits = { connectTimeoutMs: connectTimeout, responseTimeoutMs: responseTimeout }
    this.#client = new HttpClient({ url, tls, ...limits, dial, clock })
    this.#warn(log)
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#client.connect(signal)
  }

  /** Sends, with our credentials and the configured headers; `headers` of the request win. */
  async send(message: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#client.send({ ...message, headers: { ...this.#headers, ...message.headers } }, signal)
    this.answers++
    return answer
  }

  /** What the answer means for the rows that were sent; throws what it means for everything else. */
  verdict(answer: HttpAnswer): Verdict {
    const context = { where: this.where, who: this.#who, now: this.#clock.now(), patience: this.#patience }
    return verdictOf(answer, context)
  }

  /** Throws SINK_REJECTED unless it was taken: for what has no rows. */
  mustTake(answer: HttpAnswer, what: string): void {
    if (this.verdict(answer) !== 'taken')
      throw new GatewayError('SINK_REJECTED', `${this.where} does not take ${what}: ${answered(answer)}`)
  }

  close(): void {
    this.#client.close()
  }

  #warn(log: Log): void {
    const { insecure, url } = this.#options
    const shown = { url: this.where }
    if (insecure)
      log.warn(shown, 'insecure: any server certificate is accepted; others can read and change this traffic')
    if (url.startsWith('http:') && this.#who !== '' && !isLoopback(new URL(url).hostname))
      log.warn(
        shown,
        'credentials and samples travel unencrypted; others on the way can read them. Use https:// where it is offered',
      )
  }
}

/** No credentials. */
const NOBODY: Credentials = { headers: {}, who: '' }

/** Basic authentication (RFC 7617), a token, or nobody. */
export function credentialsOf(
  {
    username,
    password,
    token,
  }: { username?: string | undefined; password?: string | undefined; token?: string | undefined },
  scheme = 'Bearer',
): Credentials {
  if (token !== undefined) return { headers: { Authorization: `${scheme} ${token}` }, who: 'this token' }
  if (username === undefined) return NOBODY
  const pair = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
  return { headers: { Authorization: `Basic ${pair}` }, who: `user "${username}"` }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
