/** `/api/v1/maintenance`: windows in which nobody is woken. Whoever may not see all devices starts and ends windows of their own devices only. */
import { z } from 'zod'
import {
  LONGEST_MS,
  SHORTEST_MS,
  isInArea,
  type MaintenanceScope,
  type MaintenanceWindow,
} from '../../alerts/maintenance.ts'
import { areaSchema } from '../../config/area.ts'
import { duration } from '../../core/duration.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Permission, Principal } from '../../core/permissions.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { LIMITS } from '../limits.ts'
import { nextSchema, pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'
import { shownDevice } from '../shown-devices.ts'

const tags = ['maintenance']
const reason = z.string().trim().min(1).max(1000)

const windowSchema = z.object({
  id: z.string(),
  devices: z.array(z.string()).nullable().describe('The devices that it names'),
  area: z.string().nullable().describe('All devices of this area'),
  all: z.boolean().describe('The whole gateway'),
  by: z.string(),
  reason: z.string(),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
})

const startSchema = z.strictObject({
  devices: z.array(z.string().min(1).max(1024)).min(1).max(1000).optional().describe('Devices by name'),
  area: areaSchema.optional().describe('All devices of an area, such as site-1/line-2'),
  all: z.literal(true).optional().describe('The whole gateway: none of its alerts is told'),
  for: duration({ minMs: SHORTEST_MS, maxMs: LONGEST_MS }).describe('How long, such as 2h; 7 days at most'),
  reason: reason.describe('Why: everybody sees it'),
})

export function maintenanceRoutes(app: App, { gateway }: RouteContext): void {
  const { maintenance } = gateway

  app.route({
    method: 'GET',
    url: '/api/v1/maintenance',
    config: { permission: 'view' },
    schema: {
      tags,
      summary: 'Maintenance windows that are active',
      querystring: pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows),
      response: answers(z.object({ windows: z.array(windowSchema), next: nextSchema })),
    },
    handler: async ({ principal, query }) => {
      const shown = maintenance.windows.flatMap((one) => seenBy(one, principal, gateway))
      const { rows, next } = pageOf('maintenance', shown, ({ id }) => id, query)
      return { windows: rows, next }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/maintenance',
    config: { permission: 'maintain', problems: ['CONFLICT'] },
    schema: {
      tags,
      summary: 'Start a maintenance window',
      description:
        'Name devices, an area or the whole gateway. Until the window ends its alerts are told to nobody, and the metric bifrost_maintenance_active lets Alertmanager do the same. Data is read, stored and delivered as ever.',
      body: startSchema,
      response: answers(windowSchema),
    },
    handler: async (request) => {
      const { body, principal } = request
      const scope = scopeOf(body)
      refuseUnknown(scope, principal, gateway)
      return windowView(
        await maintenance.start(
          { scope: permittedScope(scope, principal, gateway), forMs: body.for },
          { ...askerOf(request), reason: body.reason },
        ),
      )
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/maintenance/:id',
    config: { permission: 'maintain' },
    schema: {
      tags,
      summary: 'End a maintenance window before its time',
      params: z.object({ id: z.string().max(100) }),
      querystring: z.object({ reason: z.string().max(1000).optional().describe('Why, for the audit') }),
      response: answers(windowSchema),
    },
    handler: async (request) => {
      const { params, principal, query } = request
      const one = maintenance.windows.find(({ id }) => id === params.id)
      // Who sees nothing of it learns nothing of it.
      if (one === undefined || seenBy(one, principal, gateway).length === 0)
        throw new GatewayError('NOT_FOUND', `no maintenance window with the id ${params.id} is active`)
      permittedScope(one.scope, principal, gateway)
      return windowView(await maintenance.end(params.id, askerOf(request, query.reason)))
    },
  })
}

function scopeOf({ devices, area, all }: z.output<typeof startSchema>): MaintenanceScope {
  if ([devices, area, all].filter((one) => one !== undefined).length !== 1) {
    const detail = 'name one of them: devices, area, or all: true'
    throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#' }] } })
  }
  if (devices !== undefined) return { kind: 'devices', devices: [...new Set(devices)] }
  return area === undefined ? { kind: 'all' } : { kind: 'area', area }
}

/** Devices that are not there, or not theirs to see, are the same. */
function refuseUnknown(scope: MaintenanceScope, principal: Principal, gateway: Gateway): void {
  const unknown =
    scope.kind === 'devices' ? scope.devices.find((name) => !isShown(name, principal, gateway)) : undefined
  if (unknown !== undefined) throw new GatewayError('NOT_FOUND', `there is no device ${unknown}`)
  if (scope.kind === 'area' && !devicesOf(scope, gateway).some((name) => principal.mayFor('view', name)))
    throw new GatewayError('NOT_FOUND', `there is no device in the area ${scope.area}`)
}

/** An area of somebody who may not maintain everything is what stands there now: what comes later may not be theirs. */
function permittedScope(scope: MaintenanceScope, principal: Principal, gateway: Gateway): MaintenanceScope {
  if (principal.isWhole('maintain')) return scope
  const devices = devicesOf(scope, gateway)
  const refused = scope.kind === 'all' ? 'the whole gateway' : firstWithout('maintain', devices, principal)
  if (refused !== undefined) throw new GatewayError('FORBIDDEN', `the permission maintain is missing for ${refused}`)
  return scope.kind === 'area' ? { kind: 'devices', devices } : scope
}

const firstWithout = (permission: Permission, devices: readonly string[], principal: Principal): string | undefined => {
  const missing = devices.find((name) => !principal.mayFor(permission, name))
  return missing === undefined || principal.mayFor('view', missing) ? missing : 'all devices of it'
}

const isShown = (name: string, principal: Principal, gateway: Gateway): boolean =>
  principal.mayFor('view', name) && shownDevice(gateway, name) !== undefined

function devicesOf(scope: MaintenanceScope, { config }: Gateway): readonly string[] {
  if (scope.kind === 'devices') return scope.devices
  return config.devices.flatMap(({ name, area }) => (scope.kind === 'all' || isInArea(area, scope.area) ? [name] : []))
}

/** Without the devices that are not theirs to see; nothing where none is. */
function seenBy(one: MaintenanceWindow, principal: Principal, gateway: Gateway): z.output<typeof windowSchema>[] {
  const view = windowView(one)
  if (principal.isWhole('view') || one.scope.kind === 'all') return [view]
  const devices = devicesOf(one.scope, gateway).filter((name) => principal.mayFor('view', name))
  if (devices.length === 0) return []
  return [one.scope.kind === 'devices' ? { ...view, devices } : view]
}

export const windowView = ({ id, scope, by, reason: why, from, until }: MaintenanceWindow) => ({
  id,
  devices: scope.kind === 'devices' ? [...scope.devices] : null,
  area: scope.kind === 'area' ? scope.area : null,
  all: scope.kind === 'all',
  by,
  reason: why,
  from: new Date(from).toISOString(),
  until: new Date(until).toISOString(),
})
