/** The path of a request as log and traces may show it: without its query, and as its pattern where people paste tokens into it. */
import type { FastifyRequest } from 'fastify'

export function shownPath(request: FastifyRequest): string {
  const { url: route } = request.routeOptions
  if (route?.includes(':token') === true) return route
  const [path = '/'] = request.url.split('?', 1)
  return path
}
