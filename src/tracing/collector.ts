/**
 * Posts spans as OTLP/HTTP 1.9 to a collector, over the gateway's own connections: TLS, its words, and whom the gateway may dial are as
 * for every sink. OpenTelemetry's exporter would make connections of its own.
 */
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/driver.ts'
import type { TracingConfig } from '../core/trace-config.ts'
import { gzipped } from '../wire/http/gzip.ts'
import { HttpClient, type HttpAnswer } from '../wire/http/http-client.ts'
import { retryAfterMs } from '../wire/http/retry-after.ts'
import type { Sent } from './span-queue.ts'

const CONNECT_MS = 5000
/** What an answer says of refused spans is short. */
const ANSWER_BYTES = 64 * 1024
/** OTLP 1.9, "Retryable Response Codes". */
const RETRYABLE = new Set([429, 502, 503, 504])

export class Collector {
  readonly #config: TracingConfig
  readonly #client: HttpClient
  readonly #path: string
  /** The URL without its query. */
  readonly #where: string
  readonly #clock: Clock

  constructor(config: TracingConfig, { dial, clock }: { readonly dial: Context['dial']; readonly clock: Clock }) {
    const { url, tls, timeoutMs } = config
    const { origin, pathname, search } = new URL(url)
    this.#where = origin + pathname
    const limits = { connectTimeoutMs: Math.min(CONNECT_MS, timeoutMs), responseTimeoutMs: timeoutMs }
    this.#config = config
    this.#clock = clock
    this.#path = pathname + search
    this.#client = new HttpClient({ url, tls, ...limits, maxAnswerBytes: ANSWER_BYTES, dial, clock })
  }

  /** Rejects as `HttpClient.send` does. */
  async send(spans: readonly ReadableSpan[], signal: AbortSignal): Promise<Sent> {
    const { protocol, isCompressed, headers } = this.#config
    const isJson = protocol === 'http/json'
    const serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer
    const plain = serializer.serializeRequest([...spans])
    if (plain === undefined) return { refused: spans.length, why: 'they could not be encoded' }
    const type = isJson ? 'application/json' : 'application/x-protobuf'
    const answer = await this.#client.send(
      {
        method: 'POST',
        path: this.#path,
        headers: {
          Accept: type,
          ...headers,
          'Content-Type': type,
          ...(isCompressed ? { 'Content-Encoding': 'gzip' } : {}),
        },
        body: isCompressed ? await gzipped(plain) : plain,
      },
      signal,
    )
    const { status } = answer
    if (status >= 200 && status < 300)
      return { refused: refusedIn(answer, serializer), why: `${this.#where} refused some of them` }
    const why = `${this.#where} answers ${status}`
    if (!RETRYABLE.has(status)) return { refused: spans.length, why }
    return { retryAfterMs: retryAfterMs(answer.headers['retry-after'], this.#clock.now()), why }
  }

  close(): void {
    this.#client.close()
  }
}

/** OTLP 1.9, "Partial Success". What cannot be read says nothing of spans that were refused. */
function refusedIn({ bytes }: HttpAnswer, serializer: Pick<typeof JsonTraceSerializer, 'deserializeResponse'>): number {
  try {
    if (bytes.length === 0) return 0
    // As JSON an int64 is a text.
    const rejected: unknown = serializer.deserializeResponse(bytes).partialSuccess?.rejectedSpans
    return Number(rejected ?? 0) || 0
  } catch {
    return 0
  }
}
