/**
 * `/api/v1/logs/levels`: how much the gateway says. Another level than the configured one holds for a while only, for the whole log or for
 * one component, device or sink; it ends by itself, and with the process.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/permissions.ts'
import { scopeWords, type LevelForAWhile, type LogScope } from '../../observe/logbook/log-levels.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { LEVELS } from '../log-schemas.ts'
import { answers } from '../schemas.ts'

const tags = ['diagnostics']
const permission = 'diagnose'
const DEFAULT_MS = 600_000
const LONGEST_MS = 3_600_000

const word = z.string().min(1).max(1024)
const scopeShape = {
  component: word.optional().describe('Which part of the gateway speaks: `polling`, `sink`, `http`'),
  device: word.optional(),
  sink: word.optional(),
}

const levelsSchema = z.object({
  configured: z.enum(LEVELS).describe('`log.level` of the configuration'),
  level: z.enum(LEVELS).describe('What holds now where nothing narrower is in `forAWhile`'),
  forAWhile: z.array(
    z.object({
      component: z.string().nullable(),
      device: z.string().nullable(),
      sink: z.string().nullable(),
      level: z.enum(LEVELS),
      by: z.string(),
      reason: z.string().nullable(),
      since: z.iso.datetime(),
      until: z.iso.datetime().describe('When it ends by itself'),
    }),
  ),
  components: z.array(z.string()).describe('Those that are in the records that are held'),
  next: z.null(),
})

const bodySchema = z.strictObject({
  level: z.enum(LEVELS),
  ...scopeShape,
  duration: duration({ minMs: 1000, maxMs: LONGEST_MS })
    .default(DEFAULT_MS)
    .describe('After this time it ends by itself: ms, or a text such as `10m`; an hour at most'),
  reason: z.string().max(1000).optional().describe('Why, for the audit log'),
})

export function logLevelRoutes(app: App, { gateway }: RouteContext): void {
  const { audit } = gateway
  const { levels, records } = gateway.logbook
  const view = () => ({
    configured: levels.configured,
    level: levels.whole,
    forAWhile: levels.forAWhile.map(orderView),
    components: records.components,
    next: null,
  })

  app.route({
    method: 'GET',
    url: '/api/v1/logs/levels',
    config: { permission },
    schema: { tags, summary: 'How much the gateway says', response: answers(levelsSchema) },
    handler: ({ principal }) => {
      demandWhole(principal)
      return view()
    },
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/logs/levels',
    config: { permission, problems: ['NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags,
      summary: 'Say more, or less, for a while',
      description:
        'For the whole log, or for the one component, device or sink that is named: the narrowest holds. Needs `diagnose` for every device. On record; not kept over a restart.',
      body: bodySchema,
      response: answers(levelsSchema),
    },
    handler: async (request) => {
      demandWhole(request.principal)
      const { level, duration: durationMs, reason, ...named } = request.body
      const scope = scopeOf(named)
      assertKnown(scope)
      levels.assertRoom(scope)
      const { user, from, trace } = askerOf(request)
      await audit.record({
        ...eventOf(scope, user, from),
        trace,
        action: 'log.level',
        after: { level, forMs: durationMs },
        reason,
        outcome: 'done',
      })
      levels.set({ ...scope, level, durationMs, by: user, reason })
      return view()
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/logs/levels',
    config: { permission },
    schema: {
      tags,
      summary: 'Back to the configured level before its time',
      description: 'Of the one component, device or sink that is named; of all where nothing is.',
      querystring: z.object(scopeShape),
      response: answers(levelsSchema),
    },
    handler: async (request) => {
      demandWhole(request.principal)
      const scope = scopeOf(request.query)
      const isAll = Object.keys(scope).length === 0
      if (isAll ? levels.forAWhile.length === 0 : levels.of(scope) === undefined) return view()
      const { user, from, trace } = askerOf(request)
      await audit.record({
        ...eventOf(scope, user, from),
        trace,
        action: 'log.level.end',
        after: { level: levels.configured },
        outcome: 'done',
      })
      levels.revert(isAll ? undefined : scope)
      return view()
    },
  })

  const eventOf = (scope: LogScope, user: string, from: string) => ({
    id: randomUUID(),
    user,
    from,
    object: scopeWords(scope) === 'the log' ? 'log' : `log of ${scopeWords(scope)}`,
    before: { level: levels.of(scope)?.level ?? levels.whole },
  })

  function assertKnown({ device, sink }: LogScope): void {
    if (device !== undefined && gateway.polling.device(device) === undefined)
      throw new GatewayError('NOT_FOUND', `there is no device ${device}`)
    if (sink !== undefined && gateway.runners.every(({ name }) => name !== sink))
      throw new GatewayError('NOT_FOUND', `there is no sink ${sink}`)
  }
}

/** Of the names that are given there may be one. */
function scopeOf({ component, device, sink }: LogScope): LogScope {
  const named = Object.entries({ component, device, sink }).filter(([, name]) => name !== undefined)
  if (named.length <= 1) return Object.fromEntries(named)
  throw new GatewayError('INVALID_REQUEST', 'name one of component, device and sink, or none')
}

function demandWhole(principal: Principal): void {
  if (principal.isWhole(permission)) return
  throw new GatewayError('FORBIDDEN', 'the levels of the log need the permission diagnose for every device')
}

const orderView = ({ component, device, sink, level, by, reason, since, until }: LevelForAWhile) => ({
  component: component ?? null,
  device: device ?? null,
  sink: sink ?? null,
  level,
  by,
  reason,
  since: new Date(since).toISOString(),
  until: new Date(until).toISOString(),
})
