/**
 * `/api/v1/values`: the latest values, filtered and in pages; one value; and the write of one, through `commands/`, which
 * checks permission and range, reads back and audits.
 */
import { z } from 'zod'
import { GatewayError, type ErrorCode } from '../../core/errors.ts'
import { toJsonValue } from '../../core/value.ts'
import type { Gateway } from '../../gateway.ts'
import { JSON_TYPE, namesOf, type App, type RouteContext } from '../app.ts'
import { LIMITS } from '../limits.ts'
import { answers, latestSchema, tagParams, valuesPageSchema, writeBodySchema, writeResultSchema } from '../schemas.ts'
import { latestOf } from '../../observe/latest-of.ts'
import { shownDevice } from '../shown-devices.ts'
import { valuesPage } from '../values-page.ts'
import { latestText, statusView } from '../views.ts'

const PREFIX = '/api/v1/values/'
const querySchema = z.object({
  device: z.string().optional().describe('Only this device'),
  status: z.string().optional().describe('`good`, `uncertain`, `bad`, or the name of a status code'),
  q: z.string().max(200).optional().describe('Only where device, tag or description contain this text'),
  limit: z.coerce.number().int().min(1).max(LIMITS.maxPageRows).default(LIMITS.pageRows).describe('Rows of a page'),
  cursor: z.string().max(200).optional().describe('`next` of the page before'),
})

export function valueRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/values',
    schema: {
      tags: ['values'],
      summary: 'Latest values',
      querystring: querySchema,
      response: answers(valuesPageSchema),
    },
    handler: async (request, reply) => reply.type(JSON_TYPE).send(await valuesPage(gateway, request.query)),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/values/:device/*',
    schema: {
      tags: ['values'],
      summary: 'Latest value of one tag',
      params: tagParams,
      response: answers(latestSchema),
    },
    preValidation: (request, _reply, done) => done(setNames(request)),
    handler: (request, reply) => {
      const tag = findTag(gateway, request.params)
      const device = shownDevice(gateway, tag.device)
      const text = latestText(tag, latestOf(gateway, tag), device, gateway.clock.now())
      return reply.type(JSON_TYPE).send(text)
    },
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/values/:device/*',
    schema: {
      tags: ['values'],
      summary: 'Write a value to the device',
      description: 'Only tags marked `writable` in the configuration. The value is read back and the write is audited.',
      params: tagParams,
      body: writeBodySchema,
      response: answers(writeResultSchema),
    },
    preValidation: (request, _reply, done) => done(setNames(request)),
    handler: async (request) => {
      const { device, tag } = request.params
      const { value, reason, deadlineMs } = request.body
      const from = `http ${request.ip}`
      const result = await gateway.commands
        .write({ device, tag, value, reason, user: 'local', from, deadlineMs })
        .catch(explainFailure)
      return {
        device,
        tag,
        value: toJsonValue(result.value),
        status: statusView(result.status),
        readBack: toJsonValue(result.readBack),
        readBackStatus: statusView(result.readBackStatus),
        durationMs: result.durationMs,
        remark: result.remark ?? null,
      }
    },
  })
}

/** Gives the request its device and tag from the raw path; the wildcard of the router decodes too early for some names. */
export function setNames(
  request: { params: unknown; raw: { url?: string | undefined } },
  prefix = PREFIX,
): Error | undefined {
  const names = namesOf(request.raw.url ?? '', prefix)
  if (names === undefined) return new GatewayError('INVALID_REQUEST', 'the percent-encoding of the address is broken')
  request.params = names
  return undefined
}

/** The tag of these names; throws NOT_FOUND that says which of the two does not exist. */
export function findTag(gateway: Gateway, { device, tag }: { device: string; tag: string }) {
  const info = gateway.store.tags.find(device, tag)
  if (info !== undefined) return info
  const known = shownDevice(gateway, device) !== undefined
  throw new GatewayError('NOT_FOUND', known ? `device ${device} has no tag ${tag}` : `there is no device ${device}`)
}

const TOLD_BY_DEVICE: readonly ErrorCode[] = ['WRITE_FAILED', 'WRITE_UNKNOWN', 'WRITE_SUPERSEDED']

/** What the device said goes to the caller in the API's own words. */
function explainFailure(error: unknown): never {
  if (!(error instanceof GatewayError) || !TOLD_BY_DEVICE.includes(error.code)) throw error
  const { status, readBack, readBackStatus } = error.details
  const result = {
    ...(typeof status === 'number' ? { status: statusView(status) } : {}),
    readBack: toJsonValue(readBack as never),
    ...(typeof readBackStatus === 'number' ? { readBackStatus: statusView(readBackStatus) } : {}),
  }
  throw new GatewayError(error.code, error.message, { cause: error, details: { result } })
}
