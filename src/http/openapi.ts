/** The OpenAPI 3.1 document, made of the routes' schemas, and the page that shows it; all assets come from this server. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { createJsonSchemaTransform } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type App } from './app.ts'

/** Where the document and its page are. */
const OPENAPI_PATH = '/api/openapi.json'
const DOCS_PATH = '/api/docs'

const DESCRIPTION = `Every value comes with its quality (an OPC UA status code), its source time and its age.

Names in addresses are percent-encoded. A tag name may contain \`/\`: send it as it is or as \`%2F\`.

Errors are \`application/problem+json\` (RFC 9457); \`type\` leads to an explanation on this server.

Until accounts exist the server listens on this machine only, answers only to its own host names, takes changes only from its
own origin, and writes only to tags that the configuration marks \`writable\`.`

const toJsonSchema = createJsonSchemaTransform({ schemaRegistry: z.registry() })

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
      tags: ['devices', 'values', 'history', 'sinks', 'received', 'certificates', 'log', 'health', 'problems'].map(
        (name) => ({
          name,
        }),
      ),
    },
    transform: (document) => {
      // The router's wildcard is the tag's name.
      const { schema, url } = toJsonSchema(document)
      return { schema, url: url.replace('/:device/*', '/:device/:tag') }
    },
  })
  await app.register(swaggerUi, { routePrefix: DOCS_PATH, uiConfig: { validatorUrl: null } })
}

/** Serves the document, made once when all routes are known. */
export function openapiRoute(app: App): void {
  let text: string | undefined
  app.route({
    method: 'GET',
    url: OPENAPI_PATH,
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
