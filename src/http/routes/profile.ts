/** `/api/v1/devices/{device}/profile`: what was learned about a device (its limits, the registers left out), and forgetting it. */
import { randomUUID } from 'node:crypto'
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { answers, deviceParams, profileSchema } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'

export function profileRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/devices/:device/profile',
    config: { permission: 'view' },
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
    config: { permission: 'devices.manage' },
    schema: {
      tags: ['devices'],
      summary: 'Forget what was learned about a device',
      description: 'The next polls find out anew. Answers with what is left: nothing.',
      params: deviceParams,
      response: answers(profileSchema),
    },
    handler: async (request) => {
      const session = polledDevice(gateway, request.params.device)
      await onRecord(gateway, request, session, async () => session.forget())
      return view(gateway, request.params.device)
    },
  })
}

/** What was learned of a device is forgotten, on record before and after. */
export async function onRecord<Result>(
  { audit }: Gateway,
  request: Parameters<typeof askerOf>[0],
  session: DeviceSession,
  forget: () => Promise<Result>,
): Promise<Result> {
  const { user, from, trace } = askerOf(request)
  const event = { id: randomUUID(), action: 'device.forget', user, from, trace, object: `device ${session.name}` }
  const before = session.profile() ?? null
  await audit.record({ ...event, before, outcome: 'requested' })
  const result = await forget()
  await audit.record({ ...event, before, after: session.profile() ?? null, outcome: 'done' })
  return result
}

function view(gateway: Gateway, device: string) {
  return { device, profile: polledDevice(gateway, device).profile() ?? null }
}
