/** `/api/v1/sinks/{sink}/…`: deliver again, let go, and look at the dead letters. Each change is audited. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { ReplayStatus } from '../../delivery/replay.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { answers, replaySchema } from '../schemas.ts'
import { parseTime, timeSchema } from '../times.ts'
import { isoOf } from '../views.ts'

const config = { permission: 'sinks.manage', problems: ['CONFLICT'] } as const
const params = z.object({ sink: z.string().describe('Name of the sink') })
const why = { reason: z.string().max(500).optional().describe('Why, for the audit') }
const time = timeSchema.describe('Source time, ISO 8601 or ms since 1970')
const rangeSchema = z.strictObject({ from: time, to: time, ...why })
const confirmSchema = z.strictObject({ confirm: z.string().describe('The name of the sink, once more'), ...why })
const whySchema = z.strictObject(why).nullish()

const letterSchema = z.object({
  at: z.string().describe('When it was refused'),
  reason: z.string(),
  device: z.string().nullable(),
  tag: z.string().nullable(),
  type: z.string().nullable(),
  value: z.union([z.number(), z.boolean(), z.string(), z.null()]),
  status: z.object({ code: z.int(), name: z.string() }),
  time: z.string().nullable(),
  log: z.string(),
  seq: z.number().nullable(),
  historical: z.boolean(),
})

export function sinkActionRoutes(app: App, { gateway }: RouteContext): void {
  const { sinkCommands } = gateway
  const tags = ['sinks']

  app.route({
    method: 'POST',
    url: '/api/v1/sinks/:sink/replay',
    config,
    schema: {
      tags,
      summary: 'Deliver a stretch of time again',
      description:
        'The stored samples with source times from `from` to `to`, beside what comes, marked as historical, each with its own sequence number. No part of the account.',
      params,
      body: rangeSchema,
      response: answers(z.object({ replay: replaySchema })),
    },
    handler: async ({ params: { sink }, body, ip, principal, correlation }) => {
      const range = { from: parseTime(body.from)!, to: parseTime(body.to)! }
      if (range.from >= range.to) {
        const detail = 'from must be before to'
        throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/from' }] } })
      }
      return {
        replay: replayView(
          await sinkCommands.replay(sink, range, askerOf({ ip, principal, correlation }, body.reason)),
        ),
      }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/sinks/:sink/replay',
    config,
    schema: { tags, summary: 'End the replay', params, response: answers(z.object({ replay: replaySchema })) },
    handler: async ({ params: { sink }, ip, principal, correlation }) => ({
      replay: replayView(await sinkCommands.cancelReplay(sink, askerOf({ ip, principal, correlation }, undefined))),
    }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/sinks/:sink/purge',
    config,
    schema: {
      tags,
      summary: 'Let go of all that waits for a sink',
      description: 'Counted as `purged`, told to the far side as a gap. There is no way back but a replay.',
      params,
      body: confirmSchema,
      response: answers(z.object({ purged: z.int().min(0) })),
    },
    handler: async ({ params: { sink }, body, ip, principal, correlation }) => ({
      purged: await sinkCommands.purge(sink, body.confirm, askerOf({ ip, principal, correlation }, body.reason)),
    }),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/sinks/:sink/dead-letters',
    config,
    schema: {
      tags,
      summary: 'Samples that the far side refused for good',
      params,
      querystring: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      response: answers(z.object({ deadLetters: z.array(letterSchema).describe('Newest first'), next: z.null() })),
    },
    handler: async ({ params: { sink }, query }) => ({
      deadLetters: [...(await sinkCommands.deadLetters(sink, query.limit))],
      next: null,
    }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/sinks/:sink/dead-letters/replay',
    config,
    schema: {
      tags,
      summary: 'Deliver the dead letters again',
      description: 'What is refused again stays a dead letter. `replay` is null when there are none.',
      params,
      body: whySchema,
      response: answers(z.object({ replay: replaySchema })),
    },
    handler: async ({ params: { sink }, body, ip, principal, correlation }) => ({
      replay: replayView(
        await sinkCommands.replayDeadLetters(sink, askerOf({ ip, principal, correlation }, body?.reason)),
      ),
    }),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/sinks/:sink/dead-letters/purge',
    config,
    schema: {
      tags,
      summary: 'Let go of the dead letters',
      params,
      body: confirmSchema,
      response: answers(z.object({ purged: z.int().min(0) })),
    },
    handler: async ({ params: { sink }, body, ip, principal, correlation }) => ({
      purged: await sinkCommands.purgeDeadLetters(
        sink,
        body.confirm,
        askerOf({ ip, principal, correlation }, body.reason),
      ),
    }),
  })
}

/** As JSON shows it. */
export function replayView(replay: ReplayStatus | null) {
  if (replay === null) return null
  const iso = (ms: number | null): string | null => (ms === null ? null : (isoOf(ms) ?? null))
  const { from, to, startedAt, endedAt } = replay
  return { ...replay, from: iso(from), to: iso(to), startedAt: iso(startedAt)!, endedAt: iso(endedAt) }
}
