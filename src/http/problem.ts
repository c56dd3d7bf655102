/**
 * Errors as problem+json (RFC 9457). Codes, titles and statuses come from the catalogue; a defect of ours is reported
 * without its message or stack, which go to the log.
 */
import type { FastifyError } from 'fastify'
import { z } from 'zod'
import { BusyError, ERRORS, GatewayError, type ErrorCode } from '../core/errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

const told = z.object({ code: z.int(), name: z.string() }).describe('OPC UA StatusCode (OPC 10000-4)')

export const problemSchema = z
  .object({
    type: z.string().describe('Address of a page that explains this kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong with this request'),
    instance: z.string().describe('The address that was asked for'),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    help: z.string().describe('The next step'),
    traceId: z.string().optional().describe('As in the log, the audit and the header x-correlation-id'),
    errors: z
      .array(
        z.object({ detail: z.string(), pointer: z.string().describe('JSON Pointer (RFC 6901) as a URI fragment') }),
      )
      .optional(),
    permission: z.string().optional().describe('The one that is missing'),
    details: z
      .object({
        diff: z.string().optional().describe('What somebody else has changed'),
        patch: z.string().optional().describe('What would have been changed, for `patch -p1` in `folder`'),
        folder: z.string().optional(),
        file: z.string().optional(),
        line: z.int().optional(),
        choices: z.array(z.string()).optional().describe('What can be sent as `choice`'),
        hash: z.string().optional().describe('Of the configuration that runs'),
        version: z.int().optional(),
      })
      .optional()
      .describe('Of a change of the configuration'),
    result: z
      .object({
        status: told.optional(),
        readBack: z.union([z.number(), z.boolean(), z.string(), z.null()]),
        readBackStatus: told.optional(),
      })
      .optional()
      .describe('What the device said, when a write failed'),
  })
  .meta({ id: 'Problem', description: 'A problem as RFC 9457 has it' })

/** One problem, ready to be sent. */
export type Problem = z.output<typeof problemSchema>

/** An error of the catalogue as a problem. */
export function toProblem(error: GatewayError, instance: string, traceId?: string): Problem {
  const { title, http, help } = error.info
  const { errors, result, permission } = error.details
  return {
    type: `/problems/${error.code}`,
    title,
    status: http,
    detail: error.message,
    instance,
    code: error.code,
    help,
    ...(traceId === undefined ? {} : { traceId }),
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(typeof permission === 'string' ? { permission } : {}),
    ...(OF_CONFIG.has(error.code) ? detailsOf(error) : {}),
    ...(typeof result === 'object' && result !== null ? { result: result as NonNullable<Problem['result']> } : {}),
  }
}

const OF_CONFIG: ReadonlySet<ErrorCode> = new Set(['CHANGED_MEANWHILE', 'CONFIG_READ_ONLY', 'CONFLICT'])
const DETAILS = ['diff', 'patch', 'folder', 'file', 'line', 'choices', 'hash', 'version'] as const

/** Only what is meant for people. */
function detailsOf({ details }: GatewayError): Pick<Problem, 'details'> {
  const known = DETAILS.filter((key) => details[key] !== undefined)
  return known.length === 0 ? {} : { details: Object.fromEntries(known.map((key) => [key, details[key]])) }
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
