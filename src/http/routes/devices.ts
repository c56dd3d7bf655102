/** `/api/v1/devices`: every device with its state, counters and times. */
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../gateway.ts'
import { Slice } from '../../observe/slice.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { answers, deviceParams, deviceSchema, devicesSchema } from '../schemas.ts'
import { shownDevice, shownDevices } from '../shown-devices.ts'
import { deviceView } from '../views.ts'

export function deviceRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/devices',
    schema: { tags: ['devices'], summary: 'All devices', response: answers(devicesSchema) },
    handler: async (_request, reply) => reply.type(JSON_TYPE).send(await devicesText(gateway)),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/devices/:device',
    schema: { tags: ['devices'], summary: 'One device', params: deviceParams, response: answers(deviceSchema) },
    handler: (request) => {
      const device = shownDevice(gateway, request.params.device)
      if (device === undefined) throw new GatewayError('NOT_FOUND', `there is no device ${request.params.device}`)
      return deviceView(gateway, device)
    },
  })
}

async function devicesText(gateway: Gateway): Promise<string> {
  const slice = new Slice()
  const texts: string[] = []
  for (const device of shownDevices(gateway)) {
    texts.push(JSON.stringify(deviceView(gateway, device)))
    await slice.breathe()
  }
  return `{"devices":[${texts.join(',')}]}`
}
