/** Checks requests by the routes' schemas, and says what is wrong with them in the words that configuration uses, too. */
import { z } from 'zod'
import { describeIssue } from '../config/issue-words.ts'
import { GatewayError } from '../core/errors.ts'

/** As people call the parts of a request that fastify names. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ['querystring', 'query parameter'],
  ['params', 'address'],
  ['headers', 'header'],
  ['body', 'body'],
])

/** What fastify makes of a route's schema: a function that gives the parsed value or the error. */
export const validatorCompiler =
  ({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }) =>
  (given: unknown): { value: unknown } | { error: GatewayError } => {
    if (!(schema instanceof z.ZodType)) throw new GatewayError('INTERNAL', 'the schema of a route is not one of zod')
    const result = schema.safeParse(given)
    if (result.success) return { value: result.data }
    return { error: invalidRequest(PARTS.get(httpPart ?? '') ?? 'request', result.error.issues) }
  }

/** A request whose part (`body`, the name of a tool) has these complaints, with a pointer to each field. */
export function invalidRequest(part: string, issues: readonly z.core.$ZodIssue[]): GatewayError {
  const errors = issues.map((issue) => ({
    detail: `${[part, ...issue.path.map(String)].join(' ')}: ${wordsOf(issue)}`,
    pointer: ['#', ...issue.path.map(pointerStep)].join('/'),
  }))
  return new GatewayError('INVALID_REQUEST', errors.map(({ detail }) => detail).join('; '), { details: { errors } })
}

const wordsOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`
    : describeIssue(issue)

/** A step of a JSON Pointer in a URI fragment (RFC 6901, 3 and 6). */
const pointerStep = (step: PropertyKey): string =>
  encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1'))
