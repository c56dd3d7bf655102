/** Speaks to a running gateway's API: base address from `--url` or BIFROST_URL, problems (RFC 9457) as GatewayErrors. */
import { readVariable } from '../config/environment.ts'
import { ERRORS, GatewayError, NotConnectedError, type ErrorCode } from '../core/errors.ts'
import { textOption, type Call } from './call.ts'
import { authorization, HOW_TO_SAY_WHO } from './gateway-token.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** The address of the running gateway, without a slash at its end. */
export function gatewayUrl(call: Call): string {
  const given = textOption(call, 'url') ?? readVariable('BIFROST_URL', call.env) ?? DEFAULT_URL
  if (!URL.canParse(given) || !/^https?:/.test(given)) {
    throw new GatewayError('USAGE', `${given} is not an address such as ${DEFAULT_URL}`)
  }
  return given.replace(/\/+$/, '')
}

interface Sent extends RequestInit {
  readonly headers?: Record<string, string>
}

/** Sends a request, and says who asks; any answer is returned, no answer throws NotConnectedError. */
export async function request(url: string, init: Sent = {}): Promise<Response> {
  const who = authorization(url)
  try {
    return await fetch(url, { signal: AbortSignal.timeout(30_000), ...init, headers: { ...init.headers, ...who } })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
    const { origin } = new URL(url)
    throw new NotConnectedError(
      `no gateway answers at ${origin}${cause}; start one with \`bifrost run\`, or say where it is with --url`,
      { cause: error },
    )
  }
}

/** GET or PUT of JSON below /api/v1. */
export const api = <T>(base: string, path: string, put?: unknown): Promise<T> =>
  send(base, path, put === undefined ? {} : { method: 'PUT', body: put })

/** What is sent with a request: GET, no body and half a minute where nothing is said. */
export interface Sending {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** In place of any limit of time. */
  readonly signal?: AbortSignal
}

/** A request of JSON below /api/v1; resolves with the JSON of the answer, throws the problem that it is. */
export async function send<T>(base: string, path: string, sending: Sending = {}): Promise<T> {
  const response = await sendRaw(base, path, sending)
  return (await jsonOf(response, base)) as T
}

/** As `send`, for an answer that is no JSON. */
export async function sendRaw(base: string, path: string, sending: Sending = {}): Promise<Response> {
  const { method = 'GET', body, headers, timeoutMs, signal } = sending
  const response = await request(`${base}/api/v1/${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.ok) return response
  throw await toError(response, base)
}

interface ProblemBody {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly errors?: unknown
}

/** The answer as JSON; a server that sends something else is not what we look for. */
export async function jsonOf(response: Response, base: string): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    throw noGateway(base, error)
  }
}

/** What answers is something else: the same as if nothing answered. */
export const noGateway = (base: string, cause: unknown): NotConnectedError =>
  new NotConnectedError(`what answers at ${base} is no Bifrost gateway; say where it is with --url`, { cause })

/** The problem of an answer. */
export async function toError(response: Response, base: string): Promise<GatewayError> {
  const isJson = response.headers.get('content-type')?.includes('json') === true
  const problem = isJson ? ((await jsonOf(response, base)) as ProblemBody) : {}
  const known = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code)
  if (
    !known &&
    response.headers.get('content-type')?.startsWith('application/problem') !== true &&
    !isProxyStatus(response.status)
  )
    throw noGateway(base, undefined)
  const code = known ? (problem.code as ErrorCode) : fallbackCode(response.status)
  if (code === 'SIGN_IN_REQUIRED' && Object.keys(authorization(base)).length === 0)
    return new GatewayError(code, `the gateway at ${base} asks who you are: ${HOW_TO_SAY_WHO}`)
  return new GatewayError(code, problem.detail ?? problem.title ?? `the gateway answered ${response.status}`, {
    details: { status: response.status, ...(problem.errors === undefined ? {} : { errors: problem.errors }) },
  })
}

/** What a reverse proxy in front of a gateway answers by itself. */
const isProxyStatus = (status: number): boolean => [401, 403, 407, 429, 502, 503, 504].includes(status)

function fallbackCode(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'WRITE_FORBIDDEN'
  return status === 404 ? 'NOT_FOUND' : 'INTERNAL'
}

/** `device/tag` for a path: the tag keeps its slashes as one segment. */
export function valuePath(target: string): string {
  const slash = target.indexOf('/')
  return `${encodeURIComponent(target.slice(0, slash))}/${encodeURIComponent(target.slice(slash + 1))}`
}
