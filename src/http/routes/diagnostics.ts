/** `/api/v1/diagnostics/polls`: how long polls took by device and minute, for a heat map, with the event loop over the same minutes. */
import { z } from 'zod'
import type { Gateway } from '../../gateway.ts'
import { MINUTES } from '../../observe/system/poll-history.ts'
import type { System } from '../../observe/system/system.ts'
import { Slice } from '../../core/slice.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { sightOf, type Sight } from '../auth/sight.ts'
import { nextSchema, pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'
import { loopDelaySchema } from '../system-schemas.ts'
import { isoOf } from '../views.ts'

const querySchema = z.object({
  device: z.string().min(1).max(1024).optional().describe('Only this one'),
  minutes: z.coerce.number().int().min(1).max(MINUTES).default(MINUTES).describe('How many, this one included'),
  ...pageQuery(200, 1000).shape,
})

const pollsSchema = z.object({
  minutes: z
    .array(
      z.object({
        from: z.iso.datetime(),
        eventLoopDelayMs: loopDelaySchema,
        gcShare: z.number().min(0).max(1).describe('Share of the time that garbage collection took'),
      }),
    )
    .describe('Oldest first; the last one is not over yet. There are fewer where the gateway has not run for so long'),
  devices: z.array(
    z.object({
      name: z.string(),
      everyMs: z.int().min(1).nullable().describe('Its shortest interval; null: it has no tags'),
      maxMs: z
        .array(z.number().min(0).nullable())
        .describe('For each of the minutes the longest poll; null: none ended in it'),
      duty: z
        .array(z.number().min(0).nullable())
        .describe('The greatest share of its interval that a poll took, waiting for its line included: 1 and more is too long'), // prettier-ignore
      polls: z.array(z.int().min(0)),
      overruns: z
        .array(z.int().min(0))
        .describe('Polls that were due while the one before still ran: skipped, so that they are in no other number'),
    }),
  ),
  next: nextSchema,
})

export type PollsQuery = z.output<typeof querySchema>

export function diagnosticRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/diagnostics/polls',
    config: { permission: 'view' },
    schema: {
      tags: ['diagnostics'],
      summary: 'How long polls took, by device and minute',
      description: `For the last hour, and for ${(10_000).toLocaleString('en')} devices at most.`,
      querystring: querySchema,
      response: answers(pollsSchema),
    },
    handler: async ({ principal, query }, reply) =>
      reply.type(JSON_TYPE).send(await pollsText(gateway, system, sightOf(principal), query)),
  })
}

/** Also what a support bundle holds. */
export async function pollsText(gateway: Gateway, system: System, sight: Sight, query: PollsQuery): Promise<string> {
  const minutes = system.minutes().slice(-query.minutes)
  const inSight = gateway.polling.devices.filter(
    ({ name }) => (query.device === undefined || name === query.device) && sight?.(name) !== false,
  )
  const { rows, next } = pageOf('polls', inSight, ({ name }) => name, query)
  const slice = new Slice()
  const texts: string[] = []
  for (const device of rows) {
    const shown = system.polls.minutes(device, minutes.length)
    const { name, points } = device
    const everyMs = points.reduce((least, { settings }) => Math.min(least, settings.everyMs), Infinity)
    if (shown !== undefined)
      texts.push(JSON.stringify({ name, everyMs: everyMs === Infinity ? null : everyMs, ...shown }))
    await slice.breathe()
  }
  const heads = minutes.map(({ from, loopDelayMs, gcShare }) => ({ from: isoOf(from)!, eventLoopDelayMs: loopDelayMs, gcShare })) // prettier-ignore
  return `{"minutes":${JSON.stringify(heads)},"devices":[${texts.join(',')}],"next":${JSON.stringify(next)}}`
}
