/** `/api/v1/capacity`: how much of what there is the gateway uses, and how much goes through it meanwhile. */
import { z } from 'zod'
import { RESOURCES, capacityOf } from '../../observe/capacity.ts'
import type { App, RouteContext } from '../app.ts'
import { answers } from '../schemas.ts'

const schema = z.object({
  devices: z.int().min(0),
  tags: z.int().min(0),
  samplesPerSecond: z
    .number()
    .min(0)
    .nullable()
    .describe('That came in, over the last ten seconds; null in the first ones'),
  log: z.object({
    bytes: z.int().min(0),
    hoursHeld: z.number().min(0).nullable().describe('How long a sink may be away before samples are lost'),
    hoursLeft: z.number().min(0).nullable().describe('Until samples are lost, if no sink takes any from now on'),
  }),
  resources: z.array(
    z.object({
      resource: z.enum(RESOURCES),
      used: z.number().min(0).describe('Bytes, files, or the share of one core or line'),
      limit: z.number().min(0),
      ratio: z.number().min(0).max(1),
    }),
  ),
})

export function capacityRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/capacity',
    config: { permission: 'view' },
    schema: {
      tags: ['diagnostics'],
      summary: 'How much of what there is the gateway uses',
      description:
        'Sums are of the whole gateway, whatever of it may be seen. A resource that cannot be read is left out.',
      response: answers(schema),
    },
    handler: async () => {
      const { bytes, hoursHeld, hoursLeft } = gateway.store.info()
      const figures = await system.figures()
      return {
        devices: gateway.polling.devices.length,
        tags: gateway.store.tags.size,
        samplesPerSecond: figures.inPerSecond,
        log: { bytes, hoursHeld, hoursLeft },
        resources: await capacityOf(gateway, figures),
      }
    },
  })
}
