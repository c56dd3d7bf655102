/** `/api/v1/history`: what a tag was, condensed to about as many points as are asked for without hiding a peak or a gap. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { answers, historySchema, tagParams } from '../schemas.ts'
import { parseTime, timeSchema } from '../times.ts'
import { findTag } from './values.ts'
import { whenGone } from '../when-gone.ts'

const HOUR_MS = 3_600_000

const querySchema = z.object({
  from: timeSchema.optional().describe('ISO 8601 or ms since 1970; an hour before `to` where absent'),
  to: timeSchema.optional().describe('ISO 8601 or ms since 1970; now where absent'),
  points: z.coerce.number().int().min(2).max(10_000).default(1000).describe('About how many points'),
})

export function historyRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/history/:device/*',
    config: { permission: 'view' },
    schema: {
      tags: ['history'],
      summary: 'Values of one tag over time',
      params: tagParams,
      querystring: querySchema,
      response: answers(historySchema),
    },
    handler: async (request, reply) => {
      const info = formerTag(gateway, request.params) ?? findTag(gateway, request.params)
      if (info.settings.type === 'string' || info.settings.type === 'bytes') throw notCharted(info)
      const to = parseTime(request.query.to) ?? gateway.clock.now()
      const from = parseTime(request.query.from) ?? to - HOUR_MS
      if (from >= to) throw emptyRange()
      const abort = new AbortController()
      whenGone(reply, () => abort.abort())
      const series = await gateway.store.history(info.id, from, to, request.query.points, abort.signal)
      return {
        device: info.device,
        tag: info.settings.name,
        unit: info.settings.unit ?? null,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        raw: series.raw,
        points: series.points,
        next: null,
      }
    },
  })
}

/** A tag that the configuration no longer has: the one of this name that was defined last. */
function formerTag({ store }: Gateway, { device, tag }: { device: string; tag: string }): TagInfo | undefined {
  if (store.tags.find(device, tag) !== undefined) return undefined
  let found: TagInfo | undefined
  for (const info of store.knownTags()) if (info.device === device && info.settings.name === tag) found = info
  return found
}

function notCharted({ device, settings: { name, type } }: TagInfo): GatewayError {
  const detail = `history is kept for numbers and booleans; ${device}/${name} is of type ${type}`
  return new GatewayError('INVALID_REQUEST', detail, { details: { device, tag: name, type } })
}

function emptyRange(): GatewayError {
  const detail = 'query parameter from: it must be before `to`'
  return new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/from' }] } })
}
