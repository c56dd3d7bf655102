/** `/api/v1/received`: the gateways that hand on their logs to this one, and how far they are. */
import type { App, RouteContext } from '../app.ts'
import { clientsInSight, sightOf } from '../auth/sight.ts'
import { answers, receivedListSchema } from '../schemas.ts'
import { isoOf } from '../views.ts'

export function receivedRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/received',
    config: { permission: 'view' },
    schema: {
      tags: ['received'],
      summary: 'Gateways that hand on their logs to this one',
      description: 'Each gateway of `receive.clients`; none where the configuration has no `receive`.',
      response: answers(receivedListSchema),
    },
    handler: ({ principal }) => {
      const sight = sightOf(principal)
      const shown = sight && clientsInSight(gateway, sight)
      const clients = (gateway.receiver?.status() ?? []).filter(({ name }) => shown?.has(name) !== false)
      return { received: clients.map(({ since, ...client }) => ({ ...client, since: isoOf(since) })), next: null }
    },
  })
}
