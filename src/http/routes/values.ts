/**
 * `/api/v1/values`: the latest values, filtered and in pages; one value; and the write of one, through `commands/`, which
 * checks permission and range, reads back and audits.
 */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../gateway.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { sightOf } from '../auth/sight.ts'
import { LIMITS } from '../limits.ts'
import { pageQuery } from '../paging.ts'
import { answers, latestSchema, tagParams, valuesPageSchema, writeBodySchema, writeResultSchema } from '../schemas.ts'
import { latestOf } from '../../observe/latest-of.ts'
import { shownDevice } from '../shown-devices.ts'
import { valuesPage, VALUES_SORTS } from '../values-page.ts'
import { latestText } from '../views.ts'
import { explainFailure, writeResultView } from '../write-views.ts'
import { OF_WRITES, pendingAnswerSchema, pendingView } from './writes.ts'

const querySchema = z.object({
  device: z.string().optional().describe('Only this device'),
  status: z.string().optional().describe('`good`, `uncertain`, `bad`, or the name of a status code'),
  q: z.string().max(200).optional().describe('Only where device, tag or description contain this text'),
  sort: z
    .enum(VALUES_SORTS)
    .optional()
    .describe(
      'name: by device and tag; status: the worst first; age: the longest not read first. In the order of the configuration where absent. What is sorted by state is sorted anew for each page',
    ),
  ...pageQuery(LIMITS.pageRows, LIMITS.maxPageRows).shape,
})

export function valueRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/values',
    config: { permission: 'view', problems: ['NOT_FOUND'] },
    schema: {
      tags: ['values'],
      summary: 'Latest values',
      querystring: querySchema,
      response: answers(valuesPageSchema),
    },
    handler: async (request, reply) =>
      reply.type(JSON_TYPE).send(await valuesPage(gateway, request.query, sightOf(request.principal))),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/values/:device/*',
    config: { permission: 'view' },
    schema: {
      tags: ['values'],
      summary: 'Latest value of one tag',
      params: tagParams,
      response: answers(latestSchema),
    },
    handler: (request, reply) => {
      const tag = findTag(gateway, request.params)
      const device = shownDevice(gateway, tag.device)
      const text = latestText(tag, latestOf(gateway, tag), device, { now: gateway.clock.now() })
      return reply.type(JSON_TYPE).send(text)
    },
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/values/:device/*',
    config: { permission: 'write', problems: OF_WRITES },
    schema: {
      tags: ['values'],
      summary: 'Write a value to the device',
      description:
        'Only tags marked `writable` in the configuration. The value is read back and the write is audited. 202: it waits for a second person.',
      params: tagParams,
      body: writeBodySchema,
      response: { ...answers(writeResultSchema), 202: pendingAnswerSchema.describe('A second person must approve it') },
    },
    handler: async (request, reply) => {
      const { device, tag } = request.params
      const { value, reason, deadlineMs } = request.body
      try {
        const asked = { ...askerOf(request, reason), device, tag, value, deadlineMs }
        return writeResultView({ device, tag }, await gateway.commands.write(asked))
      } catch (error) {
        const pending = pendingOf(gateway, error)
        if (pending === undefined) return explainFailure(error, request.principal)
        return reply.code(202).send({ pending: pendingView(pending) })
      }
    },
  })
}

/** The tag of these names; throws NOT_FOUND that says which of the two does not exist. */
export function findTag(gateway: Gateway, { device, tag }: { device: string; tag: string }) {
  const info = gateway.store.tags.find(device, tag)
  if (info !== undefined) return info
  const known = shownDevice(gateway, device) !== undefined
  throw new GatewayError('NOT_FOUND', known ? `device ${device} has no tag ${tag}` : `there is no device ${device}`)
}

/** The write that waits, where that is what became of it. */
function pendingOf({ commands }: Gateway, error: unknown) {
  if (!(error instanceof GatewayError) || error.code !== 'APPROVAL_REQUIRED') return undefined
  return commands.pending.find(({ id }) => id === error.details.id)
}
