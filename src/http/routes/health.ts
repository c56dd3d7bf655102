/** `/livez`, `/readyz`, `/startupz`: 200 or 503, text for people, JSON where it is asked for, `?verbose` for every check. */
import { z } from 'zod'
import { PROBLEM_TYPE, problemSchema } from '../problem.ts'
import type { HealthReport } from '../../observe/health.ts'
import type { App, RouteContext } from '../app.ts'
import { healthSchema } from '../schemas.ts'

const bodies = (description: string) => ({
  description,
  content: { 'text/plain': { schema: z.string() }, 'application/json': { schema: healthSchema } },
})

export function healthRoutes(app: App, { health }: RouteContext): void {
  const define = (url: string, summary: string, check: () => HealthReport): void => {
    app.route({
      method: 'GET',
      url,
      config: { rateLimit: false },
      schema: {
        tags: ['health'],
        summary,
        querystring: z.object({ verbose: z.string().optional().describe('Present: every check is listed') }),
        response: {
          200: bodies('All is well'),
          503: bodies('Something is not well'),
          default: { description: 'A problem', content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
        },
      },
      handler: (request, reply) => {
        const report = check()
        reply.code(report.ok ? 200 : 503)
        if (request.headers.accept?.includes('application/json') === true) return reply.send(report)
        return reply.type('text/plain; charset=utf-8').send(healthText(report, request.query.verbose !== undefined))
      },
    })
  }
  define('/livez', 'Is this process alive: never says anything about devices or sinks', () => health.live())
  define('/readyz', 'Is the configuration loaded and can the log be written', () => health.ready())
  define('/startupz', 'Has the gateway been started', () => health.startup())
}

const markOf = ({ ok, attention }: HealthReport['checks'][number]): string => (ok ? (attention ? '!' : '+') : '-')

function healthText(report: HealthReport, verbose: boolean): string {
  const last = report.ok ? 'ok\n' : 'not ok\n'
  const shown = verbose ? report.checks : report.checks.filter((check) => !check.ok || check.attention === true)
  return shown.map((check) => `[${markOf(check)}] ${check.name}: ${check.detail}\n`).join('') + last
}
