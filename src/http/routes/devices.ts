/** `/api/v1/devices`: every device with its state, counters and times. */
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../gateway.ts'
import { Slice } from '../../core/slice.ts'
import type { System } from '../../observe/system/system.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { sightOf, type Sight } from '../auth/sight.ts'
import { LIMITS } from '../limits.ts'
import { pageOf, pageQuery, type PageQuery } from '../paging.ts'
import { answers, deviceParams, deviceSchema, devicesSchema } from '../schemas.ts'
import { shownDevice, shownDevices } from '../shown-devices.ts'
import { deviceView } from '../views.ts'

export function deviceRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/devices',
    config: { permission: 'view' },
    schema: {
      tags: ['devices'],
      summary: 'Devices, in the order of the configuration',
      querystring: pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows),
      response: answers(devicesSchema),
    },
    handler: async ({ principal, query }, reply) =>
      reply.type(JSON_TYPE).send(await devicesText(gateway, system, sightOf(principal), query)),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/devices/:device',
    config: { permission: 'view' },
    schema: { tags: ['devices'], summary: 'One device', params: deviceParams, response: answers(deviceSchema) },
    handler: (request) => {
      const device = shownDevice(gateway, request.params.device)
      if (device === undefined) throw new GatewayError('NOT_FOUND', `there is no device ${request.params.device}`)
      return deviceView(gateway, system, device)
    },
  })
}

async function devicesText(gateway: Gateway, system: System, sight: Sight, query: PageQuery): Promise<string> {
  const slice = new Slice()
  const texts: string[] = []
  const inSight = shownDevices(gateway).filter(({ name }) => sight?.(name) !== false)
  const { rows, next } = pageOf('devices', inSight, ({ name }) => name, query)
  for (const device of rows) {
    texts.push(JSON.stringify(deviceView(gateway, system, device)))
    await slice.breathe()
  }
  return `{"devices":[${texts.join(',')}],"next":${JSON.stringify(next)}}`
}
