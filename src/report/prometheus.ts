/**
 * Asks a Prometheus server over its HTTP API (v1). It may be away, refuse us, or not be a Prometheus: each is an error that names the
 * address and the next step. Answers are bounded in time and size.
 */
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { oneLine } from '../core/one-line.ts'

const TIMEOUT_MS = 60_000
const MOST_BYTES = 64 * 2 ** 20

export interface PrometheusOptions {
  /** Base address, such as http://127.0.0.1:9090. */
  readonly url: string
  /** Bearer token. */
  readonly token?: string | undefined
  /** How it is asked; by `fetch` where absent, which goes wherever it is told. */
  readonly post?: Post | undefined
}

/** Posts a form and follows no redirect; resolves with an answer of any status. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | null }>

/** A series with its points: [ms since 1970, number]. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [number, number])[]
}

export interface Prometheus {
  readonly url: string
  /** At one moment, ms since 1970. */
  instant(query: string, at: number, signal: AbortSignal): Promise<Series[]>
  /** At `from`, `from + step` … until `to`. */
  range(query: string, from: number, to: number, stepMs: number, signal: AbortSignal): Promise<Series[]>
}

interface Answered {
  readonly status?: string
  readonly error?: string
  readonly data?: { readonly result?: readonly RawSeries[] }
}

interface RawSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

export function openPrometheus({ url, token, post = byFetch }: PrometheusOptions): Prometheus {
  const base = url.replace(/\/+$/, '')
  const ask = async (path: string, parameters: Record<string, string>, signal: AbortSignal): Promise<Series[]> => {
    const answer = await query(post, `${base}/api/v1/${path}`, new URLSearchParams(parameters), token, signal)
    return (answer.data?.result ?? []).map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
      labels: metric,
      points: values.map(([seconds, text]) => [Math.round(seconds * 1000), Number(text)] as const),
    }))
  }
  return {
    url: base,
    instant: (query, at, signal) => ask('query', { query, time: seconds(at) }, signal),
    range: (query, from, to, stepMs, signal) =>
      ask('query_range', { query, start: seconds(from), end: seconds(to), step: seconds(stepMs) }, signal),
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

async function query(
  post: Post,
  url: string,
  body: URLSearchParams,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Answered> {
  const { origin } = new URL(url)
  const response = await reach(post, url, body, token, signal)
  if (response.status === 401 || response.status === 403)
    throw new GatewayError(
      'ACCESS_REFUSED',
      `Prometheus at ${origin} refuses us (${response.status}); give its token in BIFROST_PROMETHEUS_TOKEN or BIFROST_PROMETHEUS_TOKEN_FILE`,
    )
  const answer = await jsonOf(response, origin, signal)
  if (answer.status === 'success') return answer
  const why = oneLine(answer.error ?? `it answered ${response.status}`).slice(0, 300)
  throw new GatewayError(
    'NOT_CONNECTED',
    `Prometheus at ${origin} could not answer: ${why}; try a shorter range, or see its log`,
  )
}

const byFetch: Post = (url, headers, body, signal) =>
  fetch(url, { method: 'POST', body, redirect: 'error', headers, signal })

async function reach(
  post: Post,
  url: string,
  body: URLSearchParams,
  token: string | undefined,
  signal: AbortSignal,
): ReturnType<Post> {
  const { origin } = new URL(url)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  try {
    return await post(url, headers, body.toString(), AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
  } catch (error) {
    signal.throwIfAborted()
    throw away(origin, error)
  }
}

function away(origin: string, error: unknown): NotConnectedError {
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  const said = error instanceof GatewayError ? error : error instanceof Error ? error.cause : undefined
  const cause = said instanceof Error ? ` (${said.message})` : ''
  const why = isLate ? `did not answer within ${TIMEOUT_MS / 1000} s` : `does not answer${cause}`
  return new NotConnectedError(`Prometheus at ${origin} ${why}; start it, or say where it is with --prometheus`, {
    cause: error,
  })
}

async function jsonOf(response: Awaited<ReturnType<Post>>, origin: string, signal: AbortSignal): Promise<Answered> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > MOST_BYTES)
        throw new GatewayError(
          'NOT_CONNECTED',
          `the answer of Prometheus at ${origin} is larger than 64 MiB; try a shorter range`,
        )
      chunks.push(chunk)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof GatewayError ? error : away(origin, error)
  }
  try {
    return (JSON.parse(Buffer.concat(chunks).toString()) as Answered | null) ?? {}
  } catch (error) {
    throw new NotConnectedError(
      `${origin} is no Prometheus: its answer (${response.status}) is not JSON; check --prometheus`,
      {
        cause: error,
      },
    )
  }
}
