/** The access log: a line a request, or for those alone that failed here or were slow. No query: a token may stand in it. */
import { correlationFields } from '../core/correlation.ts'
import type { AccessLog } from '../observe/log-streams.ts'
import type { App } from './app.ts'
import { shownPath } from './shown-path.ts'

export function logRequests(app: App, access: AccessLog | undefined): void {
  if (access === undefined) return
  const { log, requests, slowMs } = access
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status, elapsedTime: durationMs } = reply
    const isProblem = status >= 500 || durationMs >= slowMs
    if (requests === 'all' || isProblem) {
      const path = shownPath(request)
      const length = Number(reply.getHeader('content-length'))
      const fields = {
        action: 'http-request',
        outcome: status < 400 ? ('success' as const) : ('failure' as const),
        durationMs,
        method: request.method,
        urlPath: path,
        route: request.routeOptions.url,
        httpStatus: status,
        answerBytes: Number.isFinite(length) ? length : undefined,
        user: request.principal?.name,
        address: request.ip,
        agent: request.headers['user-agent'],
        ...correlationFields(request.correlation),
      }
      log[isProblem ? 'warn' : 'info'](fields, `${request.method} ${path} ${status}`)
    }
    done()
  })
}
