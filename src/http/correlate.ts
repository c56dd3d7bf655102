/** Gives each request its correlation (`core/correlation.ts`) before anything else is done with it; every answer names it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CORRELATION_HEADER, correlationOf, type Correlation } from '../core/correlation.ts'
import type { App } from './app.ts'

declare module 'node:http' {
  interface IncomingMessage {
    correlation?: Correlation
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    correlation: Correlation
  }
}

/** Must stand before the hooks that may refuse a request. */
export function correlateRequests(app: App): void {
  app.decorateRequest('correlation', null as unknown as Correlation)
  app.addHook('onRequest', (request, reply, done) => {
    correlate(request, reply)
    done()
  })
}

export function correlate(request: FastifyRequest, reply: FastifyReply): void {
  request.correlation = request.raw.correlation = correlationOf(request.headers.traceparent)
  reply.header(CORRELATION_HEADER, request.correlation.traceId)
}
