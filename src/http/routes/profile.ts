/** `/api/v1/devices/{device}/profile`: what was learned about a device (its limits, the registers left out), and forgetting it. */
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { answers, deviceParams, profileSchema } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'

export function profileRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/devices/:device/profile',
    schema: {
      tags: ['devices'],
      summary: 'What was learned about a device',
      description:
        'In the words of its driver; `profile` is null when nothing was learned, or the driver does not learn.',
      params: deviceParams,
      response: answers(profileSchema),
    },
    handler: (request) => view(gateway, request.params.device),
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/devices/:device/profile',
    schema: {
      tags: ['devices'],
      summary: 'Forget what was learned about a device',
      description: 'The next polls find out anew. Answers with what is left: nothing.',
      params: deviceParams,
      response: answers(profileSchema),
    },
    handler: (request) => {
      polledDevice(gateway, request.params.device).forget()
      return view(gateway, request.params.device)
    },
  })
}

function view(gateway: Gateway, device: string) {
  return { device, profile: polledDevice(gateway, device).profile() ?? null }
}
