/**
 * `/api/v1/export`: all samples of some tags in a range of source times as a file, streamed: memory is bounded whatever the range, and
 * a slow reader slows nothing else. Rows come in the order of the log; where only trends are left, in the order of tags.
 */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { BusyError, GatewayError, isAbort, messageOf } from '../../core/errors.ts'
import type { TagId } from '../../core/value.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { sightOf, tagsInSight, type Sight } from '../auth/sight.ts'
import { EXPORT_FORMATS, exportBytes } from '../export-bytes.ts'
import { LIMITS } from '../limits.ts'
import { textAnswers } from '../schemas.ts'
import { tagsMatching } from '../tag-pattern.ts'
import { parseTime, timeSchema } from '../times.ts'
import { whenGone } from '../when-gone.ts'

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const

const RETRY_MS = 5000

const pattern = z.string().min(1).max(LIMITS.nameLength)

const querySchema = z.object({
  format: z.enum(EXPORT_FORMATS).default('csv'),
  from: timeSchema.optional().describe('ISO 8601 or ms since 1970, included; from the oldest where absent'),
  to: timeSchema.optional().describe('ISO 8601 or ms since 1970, not included; up to the newest where absent'),
  tags: z
    .union([pattern, z.array(pattern).max(100)])
    .optional()
    .describe('Device and tag, such as press-1/level or press-*/*, again and again or with commas; all where absent'),
})

export function exportRoutes(app: App, { gateway }: RouteContext): void {
  let running = 0
  app.route({
    method: 'GET',
    url: '/api/v1/export',
    config: { permission: 'export', problems: ['NOT_FOUND'] },
    // What a HEAD would have to do to know the length is the whole export.
    exposeHeadRoute: false,
    schema: {
      tags: ['history'],
      summary: 'Samples as a file: CSV, NDJSON or Parquet',
      description:
        'CSV has the columns time, device, tag, value, unit, status, log, seq. `log` and `seq` are empty for samples of which only a trend is left: numbers and booleans.',
      querystring: querySchema,
      response: textAnswers(...Object.values(TYPES).map((type) => type.split(';')[0]!)),
    },
    handler: (request, reply) => {
      const { format } = request.query
      const from = parseTime(request.query.from) ?? -Infinity
      const to = parseTime(request.query.to) ?? Infinity
      if (from >= to) throw emptyRange()
      const patterns = [request.query.tags ?? []].flat().flatMap((text) => text.split(','))
      const sight = sightOf(request.principal, 'export')
      const tags = chosenTags(gateway, patterns, sight)
      if (running >= LIMITS.exports) throw new BusyError(`${running} exports run already`, RETRY_MS)
      running++
      const abort = new AbortController()
      whenGone(reply, () => {
        running--
        abort.abort()
      })
      const { store, log } = gateway
      const batches = store.scan({ from, to, tags }, abort.signal)
      const bytes = exportBytes(format, batches, { logId: store.logId, tags: store.tags })
      const stream = Readable.from(bytes, { objectMode: false, highWaterMark: 256 * 1024 })
      // The answer has begun: that it ends in the middle is all that the reader can be told.
      stream.on('error', (error) => {
        if (!isAbort(error) && !abort.signal.aborted)
          log.error({ error: messageOf(error) }, `an export ended in the middle: ${messageOf(error)}`)
      })
      return reply
        .type(TYPES[format])
        .header('content-disposition', `attachment; filename="bifrost-export.${format}"`)
        .send(stream)
    },
  })
}

/** Undefined: all of them. */
function chosenTags({ store }: Gateway, patterns: readonly string[], sight: Sight): ReadonlySet<TagId> | undefined {
  if (patterns.length === 0 && sight === undefined) return undefined
  const known = sight === undefined ? store.knownTags() : tagsInSight(store.knownTags(), sight)
  return patterns.length === 0 ? new Set([...known].map(({ id }) => id)) : tagsMatching(patterns, known)
}

function emptyRange(): GatewayError {
  const detail = 'query parameter from: it must be before `to`'
  return new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/from' }] } })
}
