/**
 * Errors as problem+json (RFC 9457). Codes, titles and statuses come from the catalogue; a defect of ours is reported
 * without its message or stack, which go to the log.
 */
import type { FastifyError } from 'fastify'
import { z } from 'zod'
import { BusyError, ERRORS, GatewayError, type ErrorCode } from '../core/errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export const problemSchema = z
  .object({
    type: z.string().describe('Address of a page that explains this kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong with this request'),
    instance: z.string().describe('The address that was asked for'),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    help: z.string().describe('The next step'),
    errors: z
      .array(
        z.object({ detail: z.string(), pointer: z.string().describe('JSON Pointer (RFC 6901) as a URI fragment') }),
      )
      .optional(),
    result: z.record(z.string(), z.unknown()).optional().describe('What the device said, when a write failed'),
  })
  .describe('A problem as RFC 9457 has it')

/** One problem, ready to be sent. */
export type Problem = z.output<typeof problemSchema>

/** An error of the catalogue as a problem. */
export function toProblem(error: GatewayError, instance: string): Problem {
  const { title, http, help } = error.info
  const { errors, result } = error.details
  return {
    type: `/problems/${error.code}`,
    title,
    status: http,
    detail: error.message,
    instance,
    code: error.code,
    help,
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(typeof result === 'object' && result !== null ? { result: result as Record<string, unknown> } : {}),
  }
}

/** After how many seconds the same request may succeed (`Retry-After`), where that is known. */
export const retryAfterSeconds = (error: GatewayError): number | undefined =>
  error instanceof BusyError ? Math.max(1, Math.ceil(error.retryAfterMs / 1000)) : undefined

/** What fastify and its plug-ins throw, in words of the catalogue; undefined for a defect of ours. */
export function fromFrameworkError(error: Partial<FastifyError> & { message?: string }): GatewayError | undefined {
  const code = FRAMEWORK_CODES[error.code ?? '']
  if (code !== undefined) return new GatewayError(code, sentenceOf(error))
  const status = error.statusCode ?? 500
  if (status === 404 || status === 403) return new GatewayError('NOT_FOUND', 'there is nothing at this address')
  return status >= 400 && status < 500 ? new GatewayError('INVALID_REQUEST', sentenceOf(error)) : undefined
}

const FRAMEWORK_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
}

const sentenceOf = (error: { message?: string }): string => error.message ?? 'the request could not be understood'
