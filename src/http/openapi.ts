/** The OpenAPI 3.1 document, made of the routes' schemas, and the page that shows it; all assets come from this server. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type App } from './app.ts'
import type { RoutePermission } from './auth/permission.ts'
import { takesKey } from './idempotency/idempotency.ts'
import { problemsOf, statusesOf } from './problem-codes.ts'
import { PROBLEM_TYPE } from './problem.ts'

/** Where the document and its page are. */
const OPENAPI_PATH = '/api/openapi.json'
const DOCS_PATH = '/api/docs'

const DESCRIPTION = `Every value comes with its quality (an OPC UA status code), its source time and its age.

Names in addresses are percent-encoded. A tag name may contain \`/\`: send it as it is or as \`%2F\`.

Errors are \`application/problem+json\` (RFC 9457); \`type\` leads to an explanation on this server.

Requests that change something take an \`Idempotency-Key\`: sent again after a lost answer they are not carried out again. Answers are kept in
memory for 24 hours, the last 10,000 of them, and not over a restart of the gateway. What was refused before anything was done (400, 401,
403, 404, 412, 413, 415, 429, 503) may be tried again with the same key.

Whoever asks is known by the cookie of a session, an API token or a client certificate, and may do what their roles allow; each
operation names the permission that it needs. What somebody may not see is answered as if it did not exist. The server answers only to
its own host names, takes changes only from its own origin, and writes only to tags that the configuration marks \`writable\`.`

const SECURITY_SCHEMES = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-bifrost-8080',
    description: 'Set by `POST /api/v1/session`; over plain HTTP without `__Host-`, and with the port of the gateway.',
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token: `bifrost token create`, `POST /api/v1/tokens`.',
  },
  certificate: { type: 'mutualTLS', description: 'A client certificate that `access.certificates` knows.' } as never,
} as const

/** What the operation asks of whoever calls it (OpenAPI 3.1, Security Requirement Object: each by itself is enough). */
const securityOf = (permission: RoutePermission | undefined) => ({
  security: permission === 'public' ? [] : Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] })),
  'x-permission': permission,
})

type RouteToDocument = Parameters<typeof jsonSchemaTransform>[0]

const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS'])
const PROBLEM_CONTENT = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }

const KEY_PARAMETER = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description:
        'A key of your own for this request, such as a UUID. Sent again within 24 hours it is not carried out again: the first answer comes once more, with `Idempotency-Replayed: true`.',
    },
  },
}

/** Each status of a problem by itself, so that programs need not guess what may come; `x-problems` are their codes. */
function withProblems({ route, schema: declared }: RouteToDocument, schema: object) {
  const { permission, problems, rateLimit } = (route.config ?? {}) as NonNullable<typeof route.config> & {
    rateLimit?: unknown
  }
  const methods = [route.method].flat()
  const { params, querystring, body } = (declared ?? {}) as Record<string, unknown>
  const hasBody = methods.some((method) => !NO_BODY.has(method))
  const isKeyed = methods.some((method) => takesKey(method, { ...route.config }))
  const codes = problemsOf({
    takesKey: isKeyed,
    permission,
    problems,
    hasBody,
    isLimited: rateLimit !== false,
    hasParams: params !== undefined,
    isChecked: hasBody || [params, querystring, body].some((part) => part !== undefined),
  })
  const { response = {} } = schema as { response?: Record<string, unknown> }
  const added = [...statusesOf(codes)].flatMap(([status, description]) =>
    String(status) in response ? [] : [[status, { description, content: PROBLEM_CONTENT }] as const],
  )
  const headers = isKeyed ? { headers: KEY_PARAMETER } : {}
  return { ...schema, ...headers, response: { ...response, ...Object.fromEntries(added) }, 'x-problems': codes }
}

/** Without the parts that nothing refers to: each is made as it is asked for, and as it is answered. */
function withoutUnused(document: ReturnType<typeof jsonSchemaTransformObject>): typeof document {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } }
  const text = JSON.stringify(document)
  for (const name of Object.keys(components?.schemas ?? {}))
    if (!text.includes(`"#/components/schemas/${name}"`)) delete components!.schemas![name]
  return document
}

/** Must be registered before the routes. */
export async function documentRoutes(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bifrost gateway',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
      tags: [
        'devices',
        'values',
        'writes',
        'history',
        'parameters',
        'sinks',
        'received',
        'certificates',
        'audit',
        'accounts',
        'log',
        'health',
        'problems',
      ].map((name) => ({
        name,
      })),
    },
    transform: (document) => {
      // The router's wildcard is the tag's name.
      const { schema, url } = jsonSchemaTransform(document)
      const { permission } = document.route.config ?? {}
      return {
        schema: { ...withProblems(document, schema ?? {}), ...securityOf(permission) },
        url: url.replace(/\/:device(\/tags)?\/\*$/, '/:device$1/:tag'),
      }
    },
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  })
  await app.register(swaggerUi, { routePrefix: DOCS_PATH, uiConfig: { validatorUrl: null } })
}

/** Serves the document, made once when all routes are known. */
export function openapiRoute(app: App): void {
  let text: string | undefined
  app.route({
    method: 'GET',
    url: OPENAPI_PATH,
    config: { permission: 'signed-in' },
    schema: {
      tags: ['health'],
      summary: 'This API as an OpenAPI document',
      response: { 200: z.record(z.string(), z.unknown()) },
    },
    handler: (_request, reply) => {
      text ??= JSON.stringify(app.swagger())
      return reply.type('application/json; charset=utf-8').send(text)
    },
  })
}
