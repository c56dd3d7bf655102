/**
 * Calls of the API whose parameters, bodies and answers the compiler knows: `call('GET /api/v1/values', { query: { limit: 10 } })`.
 * Needs only `fetch`.
 */
import type { Operations, Problem } from './operations.ts'

type Name = keyof Operations
type Part<N extends Name, P extends 'params' | 'query' | 'body'> = undefined extends Operations[N][P]
  ? { readonly [K in P]?: Operations[N][P] }
  : object extends Operations[N][P]
    ? { readonly [K in P]?: Operations[N][P] | undefined }
    : { readonly [K in P]: Operations[N][P] }

export type CallInput<N extends Name> = Part<N, 'params'> &
  Part<N, 'query'> &
  Part<N, 'body'> & {
    readonly signal?: AbortSignal | undefined
    /** Sent again with the same key, a change is not carried out again. */
    readonly idempotencyKey?: string | undefined
    /** The change is for this version only (`callTagged` gives it); with another one it is refused: CHANGED_MEANWHILE. */
    readonly ifMatch?: string | undefined
    /** A body that is not JSON, such as a file, in place of `body`. */
    readonly file?: { readonly type: string; readonly content: Blob | string } | undefined
    /** What is wanted of the content types that the gateway can answer with. */
    readonly accept?: string | undefined
  }

/** What the gateway refused, in its own words (RFC 9457): the sentence is the message, `help` the next step. */
export class ProblemError extends Error {
  readonly httpStatus: number
  readonly code: Problem['code'] | undefined
  readonly help: string | undefined
  /** What the device said to a write that failed. */
  readonly result: Partial<NonNullable<Problem['result']>>
  /** Everything else that the problem tells: `errors` with their places, the difference to another version. */
  readonly problem: Partial<Problem>
  /** Before so long the same is refused again; undefined where nothing is said. */
  readonly retryAfterMs: number | undefined

  constructor(httpStatus: number, problem: Partial<Problem>, retryAfter?: string | null) {
    super(problem.detail ?? problem.title ?? `HTTP ${httpStatus}`)
    this.httpStatus = httpStatus
    this.code = problem.code
    this.help = problem.help
    this.result = problem.result ?? {}
    this.problem = problem
    this.retryAfterMs = Number(retryAfter ?? 0) > 0 ? Number(retryAfter) * 1000 : undefined
  }
}

/** Somebody is asked for who was thought to be signed in. */
let onRefused = (): void => undefined

/** Who hears of that, whoever called. */
export function whenRefused(heard: () => void): void {
  onRefused = heard
}

/** The answer; throws a ProblemError for a refusal. `base`: where the gateway is, when it is not where the page comes from. */
export async function call<N extends Name>(name: N, input: CallInput<N>, base = ''): Promise<Operations[N]['answer']> {
  return (await callTagged(name, input, base)).answer
}

/** The answer, and its ETag where it has one: for `ifMatch`. */
export async function callTagged<N extends Name>(
  name: N,
  input: CallInput<N>,
  base = '',
): Promise<{ readonly answer: Operations[N]['answer']; readonly tag: string | undefined }> {
  const response = await request(name, input, base)
  const answer = isJson(response) ? await response.json() : await response.text()
  return { answer, tag: response.headers.get('etag') ?? undefined }
}

interface LinesOptions {
  readonly base?: string
  /** A connection on which nothing came for so long is dead, though nobody said so: it ends with an error. For answers with signs of life. */
  readonly silentMs?: number
}

/** The answer line by line as it comes (NDJSON); ends with the answer, or by the signal. Lines are as the document of the API has them. */
export async function* callLines<N extends Name>(
  name: N,
  input: CallInput<N>,
  { base = '', silentMs }: LinesOptions = {},
): AsyncGenerator {
  const silent = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(timer)
    if (silentMs !== undefined) timer = setTimeout(() => silent.abort(new Error(`silent for ${silentMs} ms`)), silentMs)
  }
  const signal = input.signal === undefined ? silent.signal : AbortSignal.any([input.signal, silent.signal])
  let rest = ''
  heard()
  try {
    const { body } = await request(name, { accept: 'application/x-ndjson', ...input, signal }, base)
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      heard()
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line !== '') yield JSON.parse(line)
    }
    if (rest !== '') yield JSON.parse(rest)
  } finally {
    clearTimeout(timer)
  }
}

/** The answer as it is, for files; throws a ProblemError for a refusal. */
export async function request<N extends Name>(name: N, input: CallInput<N>, base = ''): Promise<Response> {
  const { params, query, body, signal, idempotencyKey, ifMatch, file, accept } = input as CallInput<Name> & {
    readonly params?: Readonly<Record<string, string>>
    readonly query?: Readonly<Record<string, unknown>>
    readonly body?: unknown
  }
  const [method, template] = name.split(' ') as [string, string]
  const path = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params?.[key] ?? ''))
  const headers: Record<string, string> = {}
  if (file !== undefined) headers['content-type'] = file.type
  else if (body !== undefined) headers['content-type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
  if (ifMatch !== undefined) headers['if-match'] = ifMatch
  if (accept !== undefined) headers['accept'] = accept
  const content = file?.content ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(`${base}${path}${searchOf(query)}`, {
    method,
    headers,
    ...(content === undefined ? {} : { body: content }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.ok) return response
  const problem = isJson(response) ? ((await response.json().catch(() => ({}))) as Partial<Problem>) : {}
  const error = new ProblemError(response.status, problem, response.headers.get('retry-after'))
  if (error.code === 'SIGN_IN_REQUIRED' || error.code === 'SETUP_REQUIRED') onRefused()
  throw error
}

const isJson = (response: Response): boolean => response.headers.get('content-type')?.includes('json') === true

/** For a change that must not be done twice. Browsers make UUIDs only where the page came over HTTPS or from this machine. */
export function idempotent(): { readonly idempotencyKey?: string } {
  const { isSecureContext } = globalThis as { readonly isSecureContext?: boolean }
  return isSecureContext === true ? { idempotencyKey: crypto.randomUUID() } : {}
}

type Scalar = string | number | boolean | undefined

function searchOf(query: Readonly<Record<string, unknown>> = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    for (const one of [value].flat() as Scalar[]) if (one !== undefined) search.append(key, String(one))
  return search.size === 0 ? '' : `?${search}`
}
