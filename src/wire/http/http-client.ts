/**
 * HTTP/1.1 (RFC 9112) to one origin over the gateway's own connections: TLS and its words come from `dial`, connections are kept
 * alive, connecting and answering have limits of time, an answer has one of size. Answers of any status are returned: what they
 * mean is in `verdict.ts`. Redirects are not followed. `fetch` is not used: it takes no certificate authority of our own.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../core/clock.ts'
import type { Context, TlsSettings } from '../../core/driver.ts'
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { request } from '../../core/node-http.ts'
import { tlsWords } from '../tls.ts'
import { DialAgent } from './dial-agent.ts'

export interface HttpClientOptions {
  /** Scheme, host and port; the rest of the URL is not looked at. */
  readonly url: string
  readonly tls: TlsSettings
  readonly connectTimeoutMs: number
  /** From the first byte of the request to the last one of the answer. */
  readonly responseTimeoutMs: number
  /** 1 MiB where absent. */
  readonly maxAnswerBytes?: number | undefined
  readonly dial: Context['dial']
  readonly clock: Clock
}

export interface HttpRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The same as it came. */
  readonly bytes: Uint8Array
}

const MAX_ANSWER_BYTES = 2 ** 20
const AGENT = 'bifrost-gateway'

export class HttpClient {
  readonly origin: string
  readonly #options: HttpClientOptions
  readonly #host: string
  readonly #agent: DialAgent

  constructor(options: HttpClientOptions) {
    const url = new URL(options.url)
    this.#options = options
    this.#host = url.host
    this.origin = url.origin
    this.#agent = new DialAgent((signal) => this.#dial(url, signal))
  }

  /** Opens a connection and keeps it for the next request: who listens there, and with which certificate, is known then. */
  async connect(signal: AbortSignal): Promise<void> {
    try {
      await this.#agent.prepare(signal)
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#connectionError(error)
    }
  }

  /**
   * Resolves with the whole answer, whatever its status. Rejects with NotConnectedError, TIMEOUT, PROTOCOL_VIOLATION,
   * SINK_REFUSED (TLS) or the signal's reason.
   */
  async send(message: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const first = await this.#attempt(message, signal, true)
    // A kept connection that the far side closed just now: it has not seen the request (RFC 9112, 9.3.1).
    return first ?? (await this.#attempt(message, signal, false))!
  }

  /** Ends every connection; what is under way fails. */
  close(): void {
    this.#agent.close()
  }

  #dial(url: URL, signal: AbortSignal): Promise<Duplex> {
    const { dial, tls, connectTimeoutMs } = this.#options
    const secure = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    return dial({ host, port, connectTimeoutMs, ...(secure ? { tls } : {}) }, signal)
  }

  /** Undefined: the kept connection was closed already; only when `mayBeStale`. */
  #attempt(message: HttpRequest, signal: AbortSignal, mayBeStale: boolean): Promise<HttpAnswer | undefined> {
    const { clock, responseTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const sent = this.#request(message)
      let answered = false
      let timer: Timer | undefined
      const onAbort = () => sent.destroy(signal.reason as Error)
      const settle = (then: () => void) => {
        timer?.cancel()
        signal.removeEventListener('abort', onAbort)
        then()
      }
      const fail = (error: Error) =>
        settle(() => {
          if (mayBeStale && !answered && isReset(error) && this.#wasKept(sent)) resolve(undefined)
          else reject(signal.aborted ? signal.reason : this.#connectionError(error))
        })
      signal.addEventListener('abort', onAbort, { once: true })
      sent.on('error', fail)
      // Connecting has a limit of its own, in `dial`.
      sent.once('socket', () => (timer = clock.after(responseTimeoutMs, () => sent.destroy(this.#late()))))
      sent.once('response', (answer) => {
        answered = true
        answer.on('error', fail)
        this.#read(answer, fail, (bytes) =>
          settle(() =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString(), bytes }),
          ),
        )
      })
      sent.end(message.body)
    })
  }

  #request({ method, path, headers, body }: HttpRequest): ClientRequest {
    return request({
      agent: this.#agent,
      method,
      path,
      headers: {
        Host: this.#host,
        'User-Agent': AGENT,
        Accept: 'application/json',
        ...headers,
        'Content-Length': body.byteLength,
      },
    })
  }

  #read(answer: IncomingMessage, fail: (error: Error) => void, done: (bytes: Buffer) => void): void {
    const limit = this.#options.maxAnswerBytes ?? MAX_ANSWER_BYTES
    const chunks: Buffer[] = []
    let bytes = 0
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limit) return chunks.push(chunk)
      fail(violation(`${this.origin} answers with more than ${limit} bytes; is it the right url?`))
      return answer.destroy()
    })
    answer.once('end', () => done(Buffer.concat(chunks)))
  }

  /** The connection stood idle before this request: the far side may have ended it, and not have seen the request. */
  #wasKept(sent: ClientRequest): boolean {
    return sent.reusedSocket || (sent.socket !== null && this.#agent.isPrepared(sent.socket))
  }

  #late(): GatewayError {
    const message = `${this.origin} took the request but did not answer within ${this.#options.responseTimeoutMs} ms`
    return new GatewayError('TIMEOUT', message)
  }

  #connectionError(error: unknown): GatewayError {
    const words = error instanceof GatewayError ? error.details.tls : tlsWords(error)
    if (typeof words === 'string')
      return new GatewayError('SINK_REFUSED', `no secure connection to ${this.origin}: ${words}`, { cause: error })
    if (error instanceof GatewayError) return error
    const code = codeOf(error)
    if (code.startsWith('HPE_'))
      return violation(
        `${this.origin} does not answer as a web server (${messageOf(error)}); is it the right port?`,
        error,
      )
    const what = isReset(error) ? 'closed the connection before it had answered' : `is lost: ${messageOf(error)}`
    return new NotConnectedError(`${this.origin} ${what}`, { cause: error, details: { reason: code } })
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
const isReset = (error: unknown): boolean => /^(ECONNRESET|EPIPE)$/.test(codeOf(error))
const violation = (message: string, cause?: unknown) => new GatewayError('PROTOCOL_VIOLATION', message, { cause })
