/** What is answered where no route matches: the page for a deep link, 405 where another method would do, else 404. */
import { GatewayError } from '../core/errors.ts'
import type { App } from './app.ts'
import { isForPage, sendPage } from './page.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Patterns and methods of our own routes. */
    knownRoutes: { method: string; url: string }[]
  }
}

/** Keeps a list of the routes that are defined from here on. */
export function rememberRoutes(app: App): void {
  app.decorate('knownRoutes', [])
  app.addHook('onRoute', (route) => {
    if (route.schema !== undefined && 'hide' in route.schema) return
    for (const method of [route.method].flat()) app.knownRoutes.push({ method, url: route.url })
  })
}

/** Sets the handler of requests that no route takes. */
export function answerUnknown(app: App, page: string | undefined): void {
  app.setNotFoundHandler((request, reply) => {
    if (page !== undefined && isForPage(request)) return sendPage(reply, page)
    const path = request.url.split('?', 1)[0]!
    const allowed = app.knownRoutes.filter(({ url }) => patternOf(url).test(path)).map(({ method }) => method)
    if (allowed.length === 0 || allowed.includes(request.method)) {
      throw new GatewayError('NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`)
    }
    reply.header('allow', [...new Set(allowed)].join(', '))
    throw new GatewayError('METHOD_NOT_ALLOWED', `${request.method} is not possible at ${path.slice(0, 200)}`)
  })
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[A-Za-z]+/g, '[^/]+')
      .replace(/\*/g, '.+')}$`,
  )
