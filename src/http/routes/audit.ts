/** `/api/v1/audit`: what was done, by whom and why; as pages, as a file, and whether the log is whole. */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { OUTCOME_CLASSES } from '../../audit/query.ts'
import { CSV_HEADER, toCsv } from '../../audit/csv.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'
import type { App, RouteContext } from '../app.ts'
import { decodeCursor, encodeCursor, nextSchema, pageQuery } from '../paging.ts'
import { answers, textAnswers } from '../schemas.ts'
import { parseTime, timeSchema } from '../times.ts'
import { whenGone } from '../when-gone.ts'

const tags = ['audit']
const permission = 'audit.read'
const TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const
const RETRY_MS = 5000
const EXPORTS = 2
const word = z.string().min(1).max(300)

const range = {
  from: timeSchema.optional().describe('ISO 8601 or ms since 1970, included'),
  to: timeSchema.optional().describe('ISO 8601 or ms since 1970, not included'),
}

const lineSchema = z.object({
  n: z.int().min(1).describe('Number of the line'),
  time: z.string(),
  id: z.string().describe('The same for all lines of one action'),
  action: z.string(),
  user: z.string(),
  from: z.string(),
  object: z.string().describe('Its kind first: `tag press-1/level`, `user anna`'),
  before: z.unknown(),
  after: z.unknown(),
  reason: z.string().nullable(),
  outcome: z.string(),
  trace: z.string().optional().describe('Trace id of the request: the header x-correlation-id of its answer'),
  details: z.record(z.string(), z.unknown()).optional(),
})

const verdictSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({ file: z.string(), line: z.int().nullable(), n: z.int().nullable(), problem: z.string() }),
  ),
  files: z.int(),
  lines: z.int(),
  from: z.int().nullable().describe('Number of the oldest line'),
  last: z.object({ n: z.int(), hash: z.string() }).nullable(),
  signatures: z.boolean().describe('false: the key is not here, so that only the hashes were followed'),
  waiting: z.int().describe('Events of the command line that were not taken yet'),
})

export function auditRoutes(app: App, { gateway }: RouteContext): void {
  const { audit } = gateway
  let exports = 0
  let verifying = false

  app.route({
    method: 'GET',
    url: '/api/v1/audit',
    config: { permission },
    schema: {
      tags,
      summary: 'What was done, newest first',
      description:
        '`user`, `action` and `object` match whole, or as patterns with `*`. A page may be short and still have a next one.',
      querystring: z.object({
        ...range,
        user: word.optional(),
        action: word.optional(),
        object: word.optional(),
        outcome: z
          .enum(OUTCOME_CLASSES)
          .optional()
          .describe('`refused`: also what failed, by whatever code; `done`: everything that was carried out'),
        ...pageQuery(100, 1000).shape,
      }),
      response: answers(z.object({ events: z.array(lineSchema), next: nextSchema })),
    },
    handler: async ({ query: { from, to, cursor, ...rest } }) => {
      const [before] = cursor === undefined ? [] : (decodeCursor('audit', cursor, ['number']) as [number])
      const { lines, next } = await audit.query({ ...rest, from: parseTime(from), to: parseTime(to), before })
      return { events: [...lines], next: next === null ? null : encodeCursor('audit', [next]) }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/audit/export',
    exposeHeadRoute: false,
    config: { permission },
    schema: {
      tags,
      summary: 'The audit log as a file, oldest first',
      description:
        'NDJSON: the lines as they lie on the disk, with the hashes that chain them. CSV: for spreadsheets; what they would take for a formula has an apostrophe before it.',
      querystring: z.object({ ...range, format: z.enum(['ndjson', 'csv']).default('ndjson') }),
      response: textAnswers(...Object.values(TYPES).map((type) => type.split(';')[0]!)),
    },
    handler: (request, reply) => {
      const { format } = request.query
      const [from, to] = [parseTime(request.query.from), parseTime(request.query.to)]
      if (from !== undefined && to !== undefined && from >= to)
        throw new GatewayError('INVALID_REQUEST', 'from must be before to')
      if (exports >= EXPORTS) throw new BusyError(`${exports} exports of the audit log run already`, RETRY_MS)
      exports++
      const abort = new AbortController()
      whenGone(reply, () => {
        exports--
        abort.abort()
      })
      const lines = audit.readAll({ from, to }, abort.signal)
      return reply
        .type(TYPES[format])
        .header('content-disposition', `attachment; filename="audit.${format}"`)
        .send(Readable.from(format === 'csv' ? csvOf(lines) : lines, { objectMode: false }))
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/audit/verify',
    config: { permission },
    schema: {
      tags,
      summary: 'Whether the audit log is as the gateway wrote it',
      description: '`anchor` is what the gateway said in its own log, `N:HASH`: it tells of a log that was put back.',
      querystring: z.object({
        anchor: z.string().regex(/^\d{1,15}:[0-9a-f]{64}$/).optional(), // prettier-ignore
      }),
      response: answers(verdictSchema),
    },
    handler: async ({ query: { anchor } }) => {
      if (verifying) throw new BusyError('the audit log is being verified already', RETRY_MS)
      verifying = true
      try {
        const [n = '', hash = ''] = anchor?.split(':') ?? []
        const verdict = await audit.verify(anchor === undefined ? [] : [{ n: Number(n), hash }])
        return { ...verdict, findings: [...verdict.findings] }
      } finally {
        verifying = false
      }
    },
  })
}

async function* csvOf(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(CSV_HEADER)
  for await (const bytes of lines) yield Buffer.from(toCsv(bytes))
}
