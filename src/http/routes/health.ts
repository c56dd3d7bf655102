/** `/livez`, `/readyz`, `/startupz`: 200 or 503, text for people, JSON where it is asked for, `?verbose` for every check. */
import { z } from 'zod'
import { PROBLEM_TYPE, problemSchema } from '../problem.ts'
import type { HealthCheck, HealthReport } from '../../observe/health.ts'
import type { App, RouteContext } from '../app.ts'
import { healthSchema } from '../schemas.ts'
import { HIDDEN } from '../hidden.ts'

type ShownReport = z.output<typeof healthSchema>

const bodies = (description: string) => ({
  description,
  content: { 'text/plain': { schema: z.string() }, 'application/json': { schema: healthSchema } },
})

export function healthRoutes(app: App, { health }: RouteContext): void {
  const define = (url: string, summary: string, check: () => HealthReport): void => {
    app.route({
      method: 'GET',
      url,
      config: { permission: 'public', rateLimit: false },
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
        const report = shownTo(check(), request.principal.isWhole('view'))
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

/**
 * What is well is told to everybody; what is wrong in detail, and since when, to those who may see all: it names devices, files and sinks.
 * A stranger learns a fixed set of names, and of each whether it is well.
 */
function shownTo({ ok, checks }: HealthReport, isShown: boolean): ShownReport {
  if (!isShown) {
    const shared = checks.filter(({ isPrivate }) => isPrivate !== true)
    return { ok, checks: shared.map((each) => ({ ...stateOf(each), detail: isWell(each) ? 'ok' : HIDDEN })) }
  }
  const detailed = checks.map((each) => ({ ...stateOf(each), detail: each.detail, ...sinceOf(each) }))
  return { ok, checks: detailed }
}

const isWell = ({ ok, attention }: HealthCheck): boolean => ok && attention !== true
const stateOf = ({ name, ok, attention }: HealthCheck) => ({ name, ok, ...(attention && { attention }) })
const sinceOf = ({ since }: HealthCheck) => (since === undefined ? {} : { since: new Date(since).toISOString() })
const markOf = ({ ok, attention }: ShownReport['checks'][number]): string => (ok ? (attention ? '!' : '+') : '-')

/** One line, unless every check is asked for. */
function healthText({ ok, checks }: ShownReport, verbose: boolean): string {
  if (!verbose) {
    const bad = checks.filter((check) => !check.ok).map(({ name }) => name)
    return ok ? 'ok\n' : `not ok: ${bad.join(', ')}\n`
  }
  const lines = checks.map((check) => {
    const since = check.since === undefined ? '' : ` (since ${check.since})`
    return `[${markOf(check)}] ${check.name}: ${check.detail}${since}\n`
  })
  return lines.join('') + (ok ? 'ok\n' : 'not ok\n')
}
