/** A span for each request that is traced, in the trace that its caller sent, or in a new one by the id that log and answer name. */
import type { FastifyRequest } from 'fastify'
import type { Span, Tracer } from '../core/spans.ts'
import type { HttpStats } from '../observe/http-stats.ts'
import type { App } from './app.ts'
import { shownPath } from './shown-path.ts'

/** Asked for by machines, often. */
const UNTRACED = new Set(['/livez', '/readyz', '/startupz', '/metrics'])

/** Must stand behind `correlateRequests`. Without a tracer nothing is added. */
export function traceRequests(app: App, tracer: Tracer | undefined, stats: Pick<HttpStats, 'durations'>): void {
  if (tracer === undefined) return
  const spans = new WeakMap<FastifyRequest, Span>()
  app.addHook('onRequest', (request, _, done) => {
    const route = request.routeOptions.url
    // An address that is none may be anything, a secret included: it is not shown.
    if (route !== undefined && !UNTRACED.has(route)) {
      const span = tracer.enter(`${request.method} ${route}`, request.correlation, {
        kind: 'server',
        attributes: {
          'http.request.method': request.method,
          'http.route': route,
          'url.scheme': request.protocol,
          'url.path': shownPath(request),
          'client.address': request.ip,
          'network.peer.address': request.raw.socket.remoteAddress ?? '',
          'network.protocol.version': request.raw.httpVersion,
        },
      })
      if (span !== undefined) spans.set(request, span)
    }
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    if (span !== undefined) {
      const { statusCode } = reply
      span.set({ 'http.response.status_code': statusCode })
      const histogram = stats.durations.get(request.routeOptions.url ?? '')
      if (histogram !== undefined) tracer.exemplify(histogram, reply.elapsedTime / 1000, span.context)
      // The conventions: what a client did wrong is no error of the server.
      span.end(statusCode >= 500 ? String(statusCode) : undefined)
    }
    done()
  })
}
