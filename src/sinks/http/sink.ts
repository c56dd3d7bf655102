/**
 * The http sink: batches of samples as JSON or NDJSON to a web server of whatever kind. A write is done when it was answered with
 * 2xx; a sample that is refused for good is found and named alone. See README.md for bodies, the contract of answers, and keys.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import { gzipped } from '../../wire/http/gzip.ts'
import type { HttpAnswer } from '../../wire/http/http-client.ts'
import { credentialsOf, HttpEndpoint, type Credentials } from '../../wire/http/http-endpoint.ts'
import { answered } from '../../wire/http/verdict.ts'
import { gapDocument } from '../encode/gap-document.ts'
import { Halving, type Reply } from '../encode/halving.ts'
import { throwRejected } from '../encode/rejected.ts'
import { ClientCredentials } from './client-credentials.ts'
import { Documents } from './documents.ts'
import { filledUrl, httpSinkOptions, type HttpSinkOptions } from './options.ts'
import { rejectedRows } from './rejected-rows.ts'
import { signatureHeaders } from './signature.ts'

/** Samples to a web server. */
export const http = defineSink({
  name: 'http',
  summary: 'Batches of samples as JSON or NDJSON to a web server, with tokens, signatures and OAuth 2.0.',
  options: httpSinkOptions,
  create: (options, context) => new HttpSink(options, context),
})

class HttpSink implements Sink {
  readonly #options: HttpSinkOptions
  readonly #context: SinkContext
  readonly #path: string
  readonly #documents: Documents
  readonly #halving = new Halving()
  readonly #endpoint: HttpEndpoint
  readonly #token: ClientCredentials | undefined
  readonly #tokenEndpoint: HttpEndpoint | undefined

  constructor(options: HttpSinkOptions, context: SinkContext) {
    const { logId, tags } = context
    const url = filledUrl(options.url, { log: logId, sink: context.name })
    const { pathname, search } = new URL(url)
    this.#options = options
    this.#context = context
    this.#path = pathname + search
    this.#documents = new Documents({ format: options.format, payload: options.payload, logId, tags })
    this.#endpoint = new HttpEndpoint({ ...options, url }, whoWeAre(options), context)
    const { tokenUrl, clientId, clientSecret } = options
    if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined) return
    const who = { headers: {}, who: `client "${clientId}"` }
    this.#tokenEndpoint = new HttpEndpoint({ ...options, headers: {}, url: tokenUrl }, who, context)
    this.#token = new ClientCredentials(
      { ...options, tokenUrl, clientId, clientSecret },
      this.#tokenEndpoint,
      context.clock,
    )
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#halving.reset()
    await this.#endpoint.connect(signal)
    await this.#token?.authorization(signal)
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = new Map<number, string>()
    const rows = this.#documents.rowsOf(batch, rejected)
    await this.#halving.write(rows, (some) => this.#post(batch, some, signal), rejected)
    throwRejected(this.#endpoint.where, batch, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (!this.#options.gaps) return
    const { logId, tags } = this.#context
    const body = this.#documents.encodeOther({ gap: gapDocument(gap, logId, tags) })
    const answer = await this.#send(body, `${logId}-gap-${gap.fromSeq}-${gap.toSeq}`, signal)
    this.#endpoint.mustTake(answer, 'the gap')
  }

  progress(): number {
    return this.#endpoint.answers
  }

  facts(): Readonly<Record<string, number>> {
    return this.#halving.facts
  }

  async close(): Promise<void> {
    this.#endpoint.close()
    this.#tokenEndpoint?.close()
  }

  async #post(batch: SampleBatch, rows: readonly number[], signal: AbortSignal): Promise<Reply> {
    const body = this.#documents.encode(batch, rows)
    const { where } = this.#endpoint
    const answer = await this.#send(body, keyOf(this.#context.logId, batch, rows), signal)
    const verdict = this.#endpoint.verdict(answer)
    if (verdict === 'too-large') return { taken: false, tooLarge: true, reason: answered(answer) }
    const rejected = rejectedRows(answer.text, batch, rows, where)
    if (rejected === undefined)
      return { taken: false, reason: `${answered(answer)} (samples were refused, it does not say which)` }
    return { taken: verdict === 'taken', rejected, reason: answered(answer) }
  }

  /** Sends a body; with a token that was just refused, once more with a new one. */
  async #send(plain: Buffer, key: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, gzip, signatureSecret, signatureHeader } = this.#options
    const body = gzip ? await gzipped(plain) : plain
    // draft-ietf-httpapi-idempotency-key-header: a string of Structured Fields, so in quotes.
    const headers: Record<string, string> = {
      'Content-Type': this.#documents.contentType,
      'Idempotency-Key': `"${key}"`,
    }
    if (gzip) headers['Content-Encoding'] = 'gzip'
    const traceparent = this.#context.traceparent?.()
    if (traceparent !== undefined) headers.traceparent = traceparent
    if (signatureSecret !== undefined)
      Object.assign(headers, signatureHeaders(signatureSecret, signatureHeader, body, this.#context.clock.now()))
    const attempt = async () => {
      if (this.#token !== undefined) headers.Authorization = await this.#token.authorization(signal)
      return this.#endpoint.send({ method, path: this.#path, headers, body }, signal)
    }
    const answer = await attempt()
    if (answer.status !== 401 || this.#token === undefined) return answer
    this.#token.forget()
    return attempt()
  }
}

function whoWeAre(options: HttpSinkOptions): Credentials {
  const { token, tokenHeader, clientId } = options
  if (token !== undefined && tokenHeader !== undefined)
    return { headers: { [tokenHeader]: token }, who: `the token in ${tokenHeader}` }
  if (clientId !== undefined) return { headers: {}, who: `the token of client "${clientId}"` }
  return credentialsOf(options)
}

/** The same rows have the same key, however often they are sent. */
function keyOf(logId: string, batch: SampleBatch, rows: readonly number[]): string {
  const seq = (row: number) => batch.seq?.[row] ?? 0
  return `${logId}-${seq(rows[0]!)}-${seq(rows.at(-1)!)}-${rows.length}`
}
