/**
 * `/api/v1/logs`: what the gateway said lately: as pages, as it is said (NDJSON), and as a file. Who may diagnose some devices only sees the
 * records of these; what is said of the gateway as a whole may name anything.
 */
import { PassThrough, Readable } from 'node:stream'
import { z } from 'zod'
import { BusyError } from '../../core/errors.ts'
import type { LogFilter, LogRecord } from '../../observe/logbook/log-ring.ts'
import { Slice } from '../../core/slice.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { sightOf } from '../auth/sight.ts'
import { logFilterShape, logsQuery, logsSchema, recordLine, recordText } from '../log-schemas.ts'
import { decodeCursor, encodeCursor } from '../paging.ts'
import { answers, textAnswers } from '../schemas.ts'
import { isoOf } from '../views.ts'
import { followLog } from '../log-tail.ts'
import { whenGone } from '../when-gone.ts'
import { NDJSON, NDJSON_TYPE, wantsLines } from '../ndjson.ts'

const tags = ['diagnostics']
const permission = 'diagnose'
const TYPES = { ndjson: NDJSON_TYPE, text: 'text/plain; charset=utf-8' } as const
const MOST_TAILS = 16
const RETRY_MS = 5000
const PIECE = 64 * 1024

export function logsRoutes(app: App, { gateway, door }: RouteContext): void {
  const { records } = gateway.logbook
  let tails = 0

  app.route({
    method: 'GET',
    url: '/api/v1/logs',
    exposeHeadRoute: false,
    config: { permission, problems: ['BUSY'] },
    schema: {
      tags,
      summary: 'What the gateway said lately, newest first',
      description: `Records in memory, a bounded number; secrets are blanked. The permission is \`diagnose\` and no new one: whoever traces devices and looks at their traffic learns no more here. Limited to some devices, it shows the records of these alone. With \`Accept: ${NDJSON}\`: what comes after \`after\` (now, where absent), oldest first, a record a line, for as long as somebody listens; an empty line every few seconds says that it still goes on, and \`{"dropped":N}\` that a slow reader missed some.`,
      querystring: logsQuery,
      response: {
        ...answers(logsSchema),
        200: {
          description: 'Records',
          content: {
            'application/json': { schema: logsSchema },
            [NDJSON]: { schema: z.string().describe('A record a line') },
          },
        },
      },
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...asked } = request.query
      const filter: LogFilter = { ...asked, sight: sightOf(request.principal, permission) }
      if (wantsLines(request)) {
        if (tails >= MOST_TAILS) throw new BusyError(`${tails} readers follow the log already`, RETRY_MS)
        tails++
        const lines = new PassThrough({ highWaterMark: 256 * 1024 })
        const gone = new AbortController()
        whenGone(reply, () => {
          tails--
          gone.abort()
        })
        const after = asked.after ?? records.next - 1
        followLog({ gateway, door, request, lines, permission }, { ...filter, after }, gone.signal)
        return reply.type(TYPES.ndjson).send(lines)
      }
      const [before] = cursor === undefined ? [] : (decodeCursor('logs', cursor, ['number']) as [number])
      const { records: found, next } = await records.newest(filter, limit, before)
      const held = { records: records.next - records.oldest, bytes: records.bytes, oldestAt: isoOf(records.oldestTime) }
      const nextText = JSON.stringify(next === null ? null : encodeCursor('logs', [next]))
      return reply
        .type(JSON_TYPE)
        .send(
          `{"records":[${found.map(recordText).join(',')}],"next":${nextText},"newest":${records.next - 1},"held":${JSON.stringify(held)}}`,
        )
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/logs/export',
    exposeHeadRoute: false,
    config: { permission },
    schema: {
      tags,
      summary: 'What the gateway said lately as a file, oldest first',
      querystring: z.object({ ...logFilterShape, format: z.enum(['ndjson', 'text']).default('text') }),
      response: textAnswers('text/plain', NDJSON),
    },
    handler: (request, reply) => {
      const { format, ...asked } = request.query
      const filter: LogFilter = { ...asked, sight: sightOf(request.principal, permission) }
      const write = format === 'text' ? recordLine : (record: LogRecord) => `${recordText(record)}\n` // prettier-ignore
      const name = `bifrost-log.${format === 'text' ? 'txt' : 'ndjson'}`
      return reply
        .type(TYPES[format])
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(pieces(records.oldestFirst(filter), write), { objectMode: false }))
    },
  })
}

async function* pieces<T>(records: Iterable<T>, write: (record: T) => string): AsyncGenerator<Buffer> {
  const slice = new Slice()
  let text = ''
  for (const record of records) {
    text += write(record)
    if (text.length < PIECE) continue
    yield Buffer.from(text)
    text = ''
    await slice.breathe()
  }
  if (text !== '') yield Buffer.from(text)
}
