/**
 * The check of each request, before its body is read: who asks, and whether they may what the route declares. What belongs to a device
 * that they may not see is answered as if it did not exist.
 */
import { GatewayError } from '../../core/errors.ts'
import type { Permission, Principal } from '../../core/permissions.ts'
import { namesOf, type App } from '../app.ts'
import type { Door } from './door.ts'
import type { RoutePermission } from './permission.ts'
import { NOBODY } from './principals.ts'

/** After the router's own parameters are decoded; must stand before the routes. */
export function checkRequests(app: App, door: Door): void {
  app.decorateRequest('principal', null as unknown as Principal)
  app.addHook('onRequest', (request, _reply, done) => {
    request.principal = NOBODY
    if (request.is404) return done()
    const { url = '', config } = request.routeOptions
    const isPublic = config.permission === 'public'
    const pass = (principal: Principal): void => {
      request.principal = principal
      const names = TAG_OF_DEVICE.test(url) ? setNames(request, url) : undefined
      done(names ?? refusal(principal, config.permission, deviceOf(request.params), door))
    }
    let found: Principal | Promise<Principal>
    try {
      found = door.find(request.raw)
    } catch (error) {
      return isPublic ? pass(NOBODY) : done(error as Error)
    }
    if (found instanceof Promise) found.then(pass, (error: Error) => (isPublic ? pass(NOBODY) : done(error)))
    else pass(found)
  })
}

/** Why `principal` may not, or undefined. `device`: the one that the address names. */
export function refusal(
  principal: Principal,
  permission: RoutePermission,
  device: string | undefined,
  door: Pick<Door, 'refusal'>,
): GatewayError | undefined {
  if (permission === 'public') return undefined
  if (principal === NOBODY) return door.refusal()
  if (permission === 'signed-in') return undefined
  if (!principal.may(permission)) return forbidden(principal, permission)
  if (device === undefined || principal.mayFor(permission, device)) return undefined
  if (principal.mayFor('view', device)) return forbidden(principal, permission, device)
  return new GatewayError('NOT_FOUND', `there is no device ${device}`)
}

/** 403 that names what is missing. */
export function forbidden({ name }: Principal, permission: Permission, device?: string): GatewayError {
  const where = device === undefined ? '' : ` for ${device}`
  return new GatewayError('FORBIDDEN', `${name} lacks the permission ${permission}${where}`, {
    details: { permission, ...(device === undefined ? {} : { device }) },
  })
}

/** `…/:device/*`, and `…/:device/tags/*` of the configuration. */
const TAG_OF_DEVICE = /\/:device(\/tags)?\/\*$/

const deviceOf = (params: unknown): string | undefined => (params as { device?: string } | undefined)?.device

/** Gives the request its device and tag from the raw path; the wildcard of the router decodes too early for some names. */
function setNames(request: { params: unknown; raw: { url?: string | undefined } }, url: string): Error | undefined {
  const [tail, between = ''] = TAG_OF_DEVICE.exec(url)!
  const names = namesOf(request.raw.url ?? '', `${url.slice(0, -tail.length)}/`, between)
  if (names === undefined) return new GatewayError('INVALID_REQUEST', 'the percent-encoding of the address is broken')
  request.params = names
  return undefined
}
