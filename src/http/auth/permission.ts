/**
 * What each route asks of whoever calls it. A route that does not say so is an error at the start, so that nothing is open because
 * somebody forgot it. Routes of fastify's plug-ins have theirs in the table here.
 */
import type { Permission, Principal } from '../../core/permissions.ts'
import type { App } from '../app.ts'

/** `public`: nobody is asked who they are; `signed-in`: whoever is known. */
export type RoutePermission = Permission | 'public' | 'signed-in'

declare module 'fastify' {
  interface FastifyContextConfig {
    permission: RoutePermission
  }
  interface FastifyRequest {
    /** Who asks; NOBODY only where the route is public. */
    principal: Principal
  }
}

/** The page (its log-in has to be seen by whoever is not signed in), and what shows the API. */
const OF_PLUG_INS: readonly (readonly [address: RegExp, permission: RoutePermission])[] = [
  [/^\/\*$/, 'public'],
  [/^\/api\/docs(\/|$)/, 'signed-in'],
]

/** Throws for every route that is defined from here on and does not say what it asks. */
export function demandPermissions(app: App): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.permission !== undefined) return
    const permission = OF_PLUG_INS.find(([address]) => address.test(route.url))?.[1]
    if (permission === undefined)
      throw new Error(`the route ${[route.method].flat().join(', ')} ${route.url} declares no permission`)
    route.config = { ...route.config, permission }
  })
}
