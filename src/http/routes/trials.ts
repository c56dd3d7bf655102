/**
 * `/api/v1/connections/preview` and `/tools/{tool}`: the values of a device before it is configured, and what its driver can find out about
 * it, for the page's wizard. Nothing is kept, and nothing is written to the device.
 */
import { z } from 'zod'
import { readTagSketch, type SketchedTag, type TagSketch } from '../../config/tag-sketch.ts'
import { duration } from '../../core/duration.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'
import { DATA_TYPES } from '../../core/value.ts'
import { readPreview, type PreviewRow } from '../../discovery/preview.ts'
import type { App, RouteContext } from '../app.ts'
import { LIMITS } from '../limits.ts'
import { answers, toolResultSchema } from '../schemas.ts'
import { assertMayTry, invalidField, recordTrial, trialDevice, trialFields } from '../trial-device.ts'
import { invalidRequest } from '../validation.ts'
import { isoOf, statusView } from '../views.ts'
import { whenGone } from '../when-gone.ts'

const MOST_RUNNING = 4
const RETRY_MS = 2000
const MOST_TAGS = 500
/** Members of arrays are tags of their own. */
const MOST_POINTS = 5000
const PROBLEMS = ['NOT_CONNECTED', 'TIMEOUT', 'DEVICE_REFUSED', 'PROTOCOL_VIOLATION', 'ACCESS_REFUSED', 'CONFIG_INVALID'] as const // prettier-ignore

const cell = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()])
const previewBody = z.strictObject({
  ...trialFields,
  tags: z
    .array(z.record(z.string().max(100), cell))
    .min(1)
    .max(MOST_TAGS)
    .describe('As in a list of tags; `name` may be absent, and `type` where the device or the address says it'),
  timeout: duration({ minMs: 100, maxMs: 60_000 }).default(15_000).describe('For everything together: `15s`'),
})

const shown = z.union([z.number(), z.boolean(), z.string(), z.null()])
const previewSchema = z.object({
  values: z
    .array(
      z.object({
        index: z.int().min(0).describe('Which of the given tags; members of an array have the same'),
        name: z.string(),
        address: z.string(),
        type: z.enum(DATA_TYPES).nullable(),
        value: shown.describe('Scaled, as a tag of a configuration'),
        rawValue: shown.describe('Before scaling; null where nothing is scaled'),
        text: z.string().nullable().describe('The name of the value, where the tag names its numbers'),
        unit: z.string().nullable(),
        status: z.object({ code: z.int(), name: z.string() }).nullable().describe('null: it was not read'),
        reason: z.string().nullable().describe('Why there is no good value, in a sentence'),
        time: z.string().nullable().describe('Source time, ISO 8601'),
        raw: z
          .string()
          .nullable()
          .describe('What the value was made of, as hex: two bytes a register, one a bit; null: not known'),
        faults: z
          .array(z.object({ column: z.string(), message: z.string() }))
          .describe('What is wrong with the tag as it was given; such a tag is not read'),
      }),
    )
    .describe('In the order of the tags'),
  elapsedMs: z.number(),
  next: z.null(),
})

const toolBody = z.strictObject({
  ...trialFields,
  input: z.record(z.string(), z.unknown()).default({}).describe('The fields of the tool'),
  timeout: duration({ minMs: 100, maxMs: 120_000 }).default(60_000).describe('For everything together: `60s`'),
})

export function trialRoutes(app: App, { gateway }: RouteContext): void {
  let running = 0

  /** Bounded in number and time; ends with the request. */
  async function bounded<T>(
    timeoutMs: number,
    reply: Parameters<typeof whenGone>[0],
    work: (signal: AbortSignal) => Promise<T>,
  ) {
    // prettier-ignore
    if (running >= MOST_RUNNING) throw new BusyError(`${running} devices are tried already`, RETRY_MS)
    const gone = new AbortController()
    whenGone(reply, () => gone.abort())
    running++
    try {
      return await work(AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]))
    } finally {
      running--
    }
  }

  app.route({
    method: 'POST',
    url: '/api/v1/connections/preview',
    config: { permission: 'diagnose', idempotent: false, problems: PROBLEMS },
    schema: {
      tags: ['devices'],
      summary: 'Read tags of a device before it is configured',
      description: 'Each for itself: one that cannot be read, or is wrong, costs its neighbours nothing.',
      body: previewBody,
      response: answers(previewSchema),
    },
    handler: async (request, reply) => {
      const { body, principal } = request
      assertMayTry(principal)
      const device = await trialDevice(body)
      const sketches = body.tags.map((tag) => readTagSketch(device.type, tag))
      const wanted = sketches.flatMap(({ tags, isTyped }, index) => tags.map((tag) => ({ ...tag, isTyped, index })))
      if (wanted.length > MOST_POINTS)
        throw invalidField(
          '/tags',
          `with the members of arrays these are ${wanted.length} tags: at most ${MOST_POINTS}`,
        )
      const startedAt = gateway.clock.monotonic()
      const rows = await bounded(body.timeout, reply, async (signal) => {
        if (wanted.length === 0) return []
        const guest = { visitor: principal.name, type: device.type, options: device.options }
        const beforeConnect = () => recordTrial(gateway, request, device, `preview of ${wanted.length} tags`)
        return gateway.guests.visit(guest, signal, (visit) => readPreview(device, wanted, visit, signal), { beforeConnect }) // prettier-ignore
      })
      const values = [
        ...rows.map((row, at) => rowView(row, wanted[at]!.index)),
        ...sketches.flatMap((sketch, index) => (sketch.faults.length === 0 ? [] : [faultView(sketch, index, body.tags[index]!)])), // prettier-ignore
      ].sort((a, b) => a.index - b.index)
      return { values, elapsedMs: Math.round(gateway.clock.monotonic() - startedAt), next: null }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/connections/tools/:tool',
    config: { permission: 'diagnose', idempotent: false, problems: PROBLEMS },
    bodyLimit: LIMITS.toolBodyBytes,
    schema: {
      tags: ['devices'],
      summary: 'Run a tool on a device before it is configured',
      description:
        'The tools of `GET /api/v1/drivers`. The connection stays for ten seconds for whoever comes again, so that a tree can be walked.',
      params: z.object({ tool: z.string().min(1).describe('Name of the tool') }),
      body: toolBody,
      response: answers(toolResultSchema),
    },
    handler: async (request, reply) => {
      const { body, principal, params } = request
      assertMayTry(principal)
      const device = await trialDevice(body)
      const { type, options } = device
      const tool = type.tools?.find(({ name }) => name === params.tool)
      if (tool === undefined) throw new GatewayError('NOT_FOUND', `the driver ${type.name} has no tool ${params.tool}`)
      if (tool.manages === true)
        throw new GatewayError('NOT_FOUND', `${tool.name} is about a device that is configured: of this one nothing is kept`) // prettier-ignore
      const input = tool.input.safeParse(body.input)
      if (!input.success)
        throw invalidRequest('body', input.error.issues.map((issue) => ({ ...issue, path: ['input', ...issue.path] }))) // prettier-ignore
      const beforeConnect = () => recordTrial(gateway, request, device, `tool ${tool.name}`)
      return bounded(body.timeout, reply, (signal) =>
        gateway.guests.visit(
          { visitor: principal.name, type, options },
          signal,
          ({ driver, access }) => tool.run(input.data, driver, access, signal),
          { beforeConnect, offline: tool.offline },
        ),
      )
    },
  })
}

function rowView({ settings, value, rawValue, text, status, reason, time, raw }: PreviewRow, index: number) {
  return {
    index,
    name: settings.name,
    address: settings.address,
    type: settings.type,
    value,
    rawValue,
    text,
    unit: settings.unit ?? null,
    status: statusView(status),
    reason,
    time: isoOf(time) ?? null,
    raw: raw === undefined ? null : Buffer.from(raw).toString('hex').toUpperCase(),
    faults: [],
  }
}

const faultView = ({ faults }: SketchedTag, index: number, given: TagSketch) => ({
  index,
  name: String(given.name ?? given.address ?? ''),
  address: String(given.address ?? ''),
  type: null,
  value: null,
  rawValue: null,
  text: null,
  unit: null,
  status: null,
  reason: faults.map(({ message }) => message).join('; '),
  time: null,
  raw: null,
  faults,
})
