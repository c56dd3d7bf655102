/**
 * Which problems a route may answer with: those of every request of its kind, and those of its own that it declares as
 * `config: { problems }`. The document says so for each operation, and the fuzzer holds the server to it.
 */
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import type { RoutePermission } from './auth/permission.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Beside those of every request of its kind (`problemsOf`). */
    problems?: readonly ErrorCode[] | undefined
  }
}

export interface RouteShape {
  readonly permission: RoutePermission | undefined
  readonly problems?: readonly ErrorCode[] | undefined
  readonly isLimited: boolean
  /** It takes an `Idempotency-Key`. */
  readonly takesKey: boolean
  readonly hasParams: boolean
  /** It changes something: a body is read, and what is done goes on record. */
  readonly hasBody: boolean
  /** It may be asked for something wrong: there are parameters, or a body. */
  readonly isChecked: boolean
}

/** Codes in the order of the catalogue. */
export function problemsOf(shape: RouteShape): ErrorCode[] {
  const { permission, problems = [], isLimited, hasParams, hasBody, isChecked } = shape
  const codes = new Set<ErrorCode>(['ORIGIN_FORBIDDEN', ...problems])
  if (shape.takesKey) codes.add('KEY_IN_USE').add('KEY_REUSED')
  if (isLimited) codes.add('BUSY')
  if (isChecked) codes.add('INVALID_REQUEST')
  if (hasParams) codes.add('NOT_FOUND')
  if (hasBody) codes.add('BODY_TOO_LARGE').add('MEDIA_TYPE_UNSUPPORTED').add('STORE_FAILED')
  if (permission !== 'public') codes.add('SIGN_IN_REQUIRED').add('SETUP_REQUIRED')
  if (permission !== 'public' && permission !== 'signed-in') codes.add('FORBIDDEN')
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => codes.has(code))
}

/** Statuses with which these problems come, each with what its codes mean. */
export function statusesOf(codes: readonly ErrorCode[]): Map<number, string> {
  const statuses = new Map<number, string>()
  for (const code of codes) {
    const { http, title } = ERRORS[code]
    const before = statuses.get(http)
    statuses.set(http, `${before === undefined ? '' : `${before}; `}${code}: ${title}`)
  }
  return new Map([...statuses].sort(([a], [b]) => a - b))
}
