/**
 * `/api/v1/devices/{device}/trace`: the protocol trace of one device: start it, look at it, stop it, take it along as a capture
 * file. A trace stops by itself; what it holds is bounded and stays until the next start.
 */
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../gateway.ts'
import type { DeviceTrace } from '../../observe/trace/device-trace.ts'
import { viewExchanges } from '../../observe/trace/exchange-view.ts'
import { encodePcapng } from '../../observe/trace/pcapng.ts'
import { TRACE_END } from '../../observe/trace/traces.ts'
import type { DeviceSession } from '../../polling/session.ts'
import type { App, RouteContext } from '../app.ts'
import { answers, deviceParams, textAnswers, traceSchema, traceStatusSchema } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'
import { isoOf } from '../views.ts'

const URL = '/api/v1/devices/:device/trace'
const PCAPNG_TYPE = 'application/x-pcapng'
const DAY_MS = 86_400_000

const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

const querySchema = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Only exchanges with a greater number: `next` of before'),
  limit: z.coerce.number().int().min(1).max(1000).default(200).describe('Exchanges at most, the oldest first'),
  unit: z.coerce.number().int().min(0).max(255).optional().describe('Only of this unit id'),
  function: z.coerce.number().int().min(1).max(127).optional().describe('Only with this function code'),
  errors: flag.optional().describe('`true`: only without a usable answer, and exceptions'),
})

const captureSchema = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Only exchanges with a greater number'),
  until: z.coerce.number().int().min(0).optional().describe('Only exchanges up to this number'),
})

const startSchema = z
  .strictObject({
    duration: duration({ minMs: 1000, maxMs: DAY_MS })
      .default(TRACE_END.durationMs)
      .describe('Stops by itself after this time: ms, or a text such as 10m'),
    count: z.int().min(1).max(1_000_000).default(TRACE_END.count).describe('Stops by itself after so many exchanges'),
  })
  .nullish()

export function traceRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: URL,
    config: { permission: 'diagnose' },
    schema: {
      tags: ['devices'],
      summary: 'What was traced of a device',
      description: 'Exchanges that are still held, oldest first: each request with its answer, in hex and in words.',
      params: deviceParams,
      querystring: querySchema,
      response: answers(traceSchema),
    },
    handler: (request) => {
      const session = tracedSession(gateway, request.params.device)
      const trace = gateway.traces.device(session.name)
      const { after, limit, ...filter } = request.query
      const entries = trace.since(after)
      const exchanges = viewExchanges(entries, session.type, filter, limit)
      // A page that is not full has seen everything, whatever the filter left of it.
      const seen = exchanges.length < limit ? entries.at(-1)?.number : exchanges.at(-1)?.number
      return { ...statusView(trace), exchanges, next: seen ?? Math.min(after, trace.status().captured) }
    },
  })

  app.route({
    method: 'POST',
    url: URL,
    config: { permission: 'diagnose' },
    schema: {
      tags: ['devices'],
      summary: 'Start a trace',
      description: 'What an earlier one holds is forgotten. It stops by itself.',
      params: deviceParams,
      body: startSchema,
      response: answers(traceStatusSchema),
    },
    handler: (request) => {
      const session = tracedSession(gateway, request.params.device)
      const { duration: durationMs, count } = request.body ?? {}
      return statusView(
        gateway.traces.start(session.name, {
          ...(durationMs === undefined ? {} : { durationMs }),
          ...(count === undefined ? {} : { count }),
        }),
      )
    },
  })

  app.route({
    method: 'DELETE',
    url: URL,
    config: { permission: 'diagnose' },
    schema: {
      tags: ['devices'],
      summary: 'Stop a trace',
      description: 'What it holds stays to be looked at until the next start.',
      params: deviceParams,
      response: answers(traceStatusSchema),
    },
    handler: (request) => {
      const trace = gateway.traces.device(tracedSession(gateway, request.params.device).name)
      trace.stop()
      return statusView(trace)
    },
  })

  app.route({
    method: 'GET',
    url: `${URL}.pcapng`,
    config: { permission: 'diagnose' },
    schema: {
      tags: ['devices'],
      summary: 'What was traced, as a capture file for Wireshark',
      description: 'Such files can be put together by appending one to another.',
      params: deviceParams,
      querystring: captureSchema,
      response: textAnswers(PCAPNG_TYPE),
    },
    handler: (request, reply) => {
      const { name, type } = tracedSession(gateway, request.params.device)
      const { after, until = Infinity } = request.query
      const exchanges = gateway.traces
        .device(name)
        .since(after)
        .filter(({ number }) => number <= until)
        .map(({ exchange }) => exchange)
      const file = encodePcapng(exchanges, name, type.captureFrame, `Bifrost ${gateway.version}`)
      return reply
        .type(PCAPNG_TYPE)
        .header('content-disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '_')}.pcapng"`)
        .send(file)
    },
  })
}

function tracedSession(gateway: Gateway, device: string): DeviceSession {
  const session = polledDevice(gateway, device)
  if (session.type.describeFrame !== undefined) return session
  throw new GatewayError('NOT_FOUND', `${device} has no trace: its driver ${session.driver} sends no frames`)
}

function statusView(trace: DeviceTrace) {
  const { startedAt, endsAt, ...status } = trace.status()
  return { ...status, startedAt: isoOf(startedAt), endsAt: isoOf(endsAt) }
}
