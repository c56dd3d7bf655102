/** `/api/v1/setup`: whether the gateway needs its first administrator, and making it with the token of the one-time link. */
import { setupBody, setupSchema, whoSchema } from '../account-schemas.ts'
import type { App, RouteContext } from '../app.ts'
import { accountsOf } from '../auth/accounts-of.ts'
import { answers } from '../schemas.ts'
import { begin } from './session.ts'

const tags = ['accounts']

export function setupRoutes(app: App, { gateway, door }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/setup',
    config: { permission: 'public' },
    schema: { tags, summary: 'Whether the first administrator is still to be made', response: answers(setupSchema) },
    handler: () => ({ needed: gateway.accounts?.needsSetup ?? false }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/setup',
    config: { permission: 'public', problems: ['NOT_FOUND', 'CONFLICT', 'SIGN_IN_FAILED'] },
    schema: {
      tags,
      summary: 'Make the first administrator',
      description:
        'With the one-time token that the gateway printed on its console; signs in as well. 409 once there is one.',
      body: setupBody,
      response: answers(whoSchema),
    },
    handler: async (request, reply) => {
      const signedIn = await accountsOf(gateway).setUp({ ...request.body, from: door.origin(request.raw) })
      return begin(door, gateway, signedIn, request, reply)
    },
  })
}
