/**
 * `/api/v1/config/devices/{device}/tags/import|export`: the tag list of a device as CSV or XLSX. An import says row by row what it would
 * come to, and is one edit of the file that owns the list: all of it or nothing.
 */
import { z } from 'zod'
import { compareList, type ListComparison, type RowVerdict } from '../../config/tag-exchange/compare-list.ts'
import { csvOf, tableOfCsv, tableOfSheets, type TagTable } from '../../config/tag-exchange/tag-table.ts'
import { writtenList } from '../../config/tag-exchange/written-list.ts'
import { GatewayError } from '../../core/errors.ts'
import { isZip, sheetsOf } from '../../importers/sheet.ts'
import type { App, RouteContext } from '../app.ts'
import { edit, liveConfigOf, withEtag } from '../config-desk.ts'
import { howQuery, importedSchema } from '../config-edit-schemas.ts'
import { LIMITS } from '../limits.ts'
import { answers, textAnswers } from '../schemas.ts'
import { sheetBytes, SHEET_TYPE } from '../tag-sheet.ts'

const CSV_TYPE = 'text/csv'
const url = '/api/v1/config/devices/:device/tags'
const params = z.object({ device: z.string().min(1).max(LIMITS.nameLength) })
const importQuery = howQuery.extend({
  mode: z
    .enum(['merge', 'replace'])
    .default('merge')
    .describe('merge: tags and columns that the list does not have stay; replace: the list is all there is afterwards'),
  skipRejected: z.stringbool().default(false).describe('Leave out rows that are rejected, in place of refusing all'),
})

/** More rows are counted, and not told one by one. */
const MOST_TOLD = 1000

export function configTagRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: `${url}/export`,
    config: { permission: 'config.read', problems: ['NOT_FOUND', 'CONFIG_INVALID', 'CONFLICT'] },
    exposeHeadRoute: false,
    schema: {
      tags: ['configuration'],
      summary: 'The tag list of a device as a file that `import` takes back without a change',
      description:
        "CSV: UTF-8 with a byte order mark, commas, CRLF; `'` stands before what a spreadsheet would take for a formula.",
      params,
      querystring: z.object({ format: z.enum(['csv', 'xlsx']).default('csv') }),
      response: textAnswers(CSV_TYPE, SHEET_TYPE),
    },
    handler: async (request, reply) => {
      const live = liveConfigOf(gateway)
      const { device } = request.params
      const rows = [...live.written.tagList(device, gateway.config).rows.values()]
      const { format } = request.query
      const bytes = format === 'csv' ? csvOf(rows) : await sheetBytes(rows)
      const file = device.replaceAll(/[^\w.-]/g, '_')
      return withEtag(reply, live)
        .type(format === 'csv' ? `${CSV_TYPE}; charset=utf-8` : SHEET_TYPE)
        .header('content-disposition', `attachment; filename="${file}.${format}"`)
        .send(bytes)
    },
  })

  // A file as it is, and no JSON: in a part of its own, so that no other route takes these.
  void app.register((part, _options, done) => {
    part.removeContentTypeParser('application/json')
    const types = [CSV_TYPE, SHEET_TYPE, 'application/octet-stream']
    const whole = { parseAs: 'buffer', bodyLimit: LIMITS.configBodyBytes } as const
    part.addContentTypeParser(types, whole, (_request, body, parsed) => parsed(null, body))
    importRoute(part, gateway)
    done()
  })
}

function importRoute(app: App, gateway: RouteContext['gateway']): void {
  app.route({
    method: 'POST',
    url: `${url}/import`,
    config: {
      permission: 'config.write',
      problems: [
        'NOT_FOUND',
        'CONFIG_INVALID',
        'CONFLICT',
        'CHANGED_MEANWHILE',
        'CONFIG_READ_ONLY',
        'IF_MATCH_REQUIRED',
      ],
    },
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags: ['configuration'],
      summary: 'Take over a list of tags, with a dry run',
      description:
        'The body is the file: CSV (`text/csv`; comma, semicolon or tab) or XLSX. Nothing is written when a row is rejected, unless `skipRejected`. With `mode=replace` If-Match is needed.',
      params,
      querystring: importQuery,
      response: answers(importedSchema),
    },
    handler: async (request) => {
      const { mode, skipRejected, choice, ...how } = request.query
      const { device } = request.params
      const table = await tableOf(request.body)
      let compared: ListComparison | undefined
      const list = { kind: 'tags', device } as const
      const done = await edit(
        liveConfigOf(gateway),
        request,
        {
          objects: [list],
          needsMatch: mode === 'replace',
          edits: async (files, present) => {
            compared = await compareList(table, writtenList(device, files, present), { mode, choice })
            if (compared.counts.rejected > 0 && !skipRejected && !how.dryRun) throw refused(compared)
            return compared.edits
          },
        },
        how,
      )
      const { counts, verdicts } = compared!
      return { ...done, counts, rows: toldOf(verdicts, counts.rejected) }
    },
  })
}

/** In the order of the list; what is rejected is among them however late it comes. */
function toldOf(verdicts: readonly RowVerdict[], rejected: number): RowVerdict[] {
  let good = MOST_TOLD - Math.min(rejected, MOST_TOLD)
  const told = verdicts.filter(({ action }) => action === 'rejected' || (action !== 'unchanged' && good-- > 0))
  return told.slice(0, MOST_TOLD)
}

async function tableOf(body: unknown): Promise<TagTable> {
  if (!(body instanceof Buffer) || body.length === 0)
    throw new GatewayError('INVALID_REQUEST', 'body: expected a list of tags, CSV or XLSX')
  const file = { name: 'xlsx', bytes: body }
  return isZip(file) ? tableOfSheets(await sheetsOf(file)) : tableOfCsv(body)
}

function refused({ counts, verdicts }: ListComparison): GatewayError {
  const rejected = verdicts.filter(({ action }) => action === 'rejected').slice(0, MOST_TOLD)
  const errors = rejected.map(({ place, name, column, reason }) => ({
    detail: `${place ?? name}, column ${column}: ${reason}`,
    pointer: '#',
  }))
  return new GatewayError(
    'CONFIG_INVALID',
    `${counts.rejected} of the rows cannot be taken over, and nothing was changed: ${errors[0]!.detail}`,
    { details: { errors } },
  )
}
