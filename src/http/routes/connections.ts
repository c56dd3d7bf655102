/**
 * `/api/v1/connections/test`: whether a device can be reached, before it is configured: each stage with its time, and what to do where
 * one fails. Whoever may do that can find out what listens where: only who may diagnose every device, within `network.allow` and `deny`.
 */
import { z } from 'zod'
import { readTagSketch } from '../../config/tag-sketch.ts'
import { duration } from '../../core/duration.ts'
import { BusyError } from '../../core/errors.ts'
import type { DriverType } from '../../core/driver.ts'
import { DATA_TYPES, type DataType } from '../../core/value.ts'
import { STAGES } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { answers } from '../schemas.ts'
import { assertMayTry, invalidField, recordTrial, trialDevice, trialFields } from '../trial-device.ts'
import { whenGone } from '../when-gone.ts'
import { NDJSON, sendLines, wantsLines } from '../ndjson.ts'

const MOST_RUNNING = 4
const RETRY_MS = 2000
const NAME = 'connection test'

const bodySchema = z.strictObject({
  ...trialFields,
  address: z.string().max(1000).optional().describe('What is read at last; absent: the device is asked who it is'),
  type: z.enum(DATA_TYPES).optional().describe('Of the address, where it does not say it itself'),
  timeout: duration({ minMs: 100, maxMs: 30_000 }).default(10_000).describe('For all stages together: `10s`'),
})

const stageSchema = z.object({
  stage: z.enum(STAGES),
  result: z
    .enum(['ok', 'failed', 'skipped', 'not-reached'])
    .describe('skipped: there is nothing to do here; not-reached: an earlier one failed'),
  ms: z.number().min(0).nullable(),
  detail: z.string().nullable().describe('What came of it, or why not'),
  help: z.string().nullable().describe('The next step, where it failed'),
  found: z
    .object({
      identity: z
        .object({ vendor: z.string(), product: z.string(), serial: z.string(), firmware: z.string() })
        .partial()
        .describe('What the device says of itself; many say nothing'),
      value: z
        .object({
          value: z.union([z.number(), z.boolean(), z.string(), z.null()]),
          type: z.string(),
          status: z.string().describe('Name of the status'),
        })
        .optional()
        .describe('Absent where no address was given'),
    })
    .optional()
    .describe('Of the first read'),
})

const testSchema = z.object({ ok: z.boolean(), stages: z.array(stageSchema) })

export function connectionRoutes(app: App, { gateway }: RouteContext): void {
  let running = 0

  app.route({
    method: 'POST',
    url: '/api/v1/connections/test',
    config: { permission: 'diagnose', idempotent: false },
    schema: {
      tags: ['devices'],
      summary: 'Try a device before it is configured',
      description: `DNS, TCP, TLS, session and a first read, each with its time. Nothing is kept, nothing is written to the device. With \`Accept: ${NDJSON}\` each stage comes as it ends, one a line. That a stage failed is an answer, no problem.`,
      body: bodySchema,
      response: {
        ...answers(testSchema),
        200: {
          description: 'How far it came',
          content: {
            'application/json': { schema: testSchema },
            [NDJSON]: { schema: z.string().describe('A stage a line') },
          },
        },
      },
    },
    handler: async (request, reply) => {
      const { principal, body } = request
      assertMayTry(principal)
      const device = await deviceOf(body)
      if (running >= MOST_RUNNING) throw new BusyError(`${running} connection tests run already`, RETRY_MS)
      const gone = new AbortController()
      whenGone(reply, () => gone.abort())
      running++
      let lines: ReturnType<typeof sendLines> | undefined
      try {
        await recordTrial(gateway, request, device, 'connection test')
        const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(body.timeout)])
        if (!wantsLines(request)) return await gateway.testConnection(device, signal)
        lines = sendLines(reply)
        await gateway.testConnection(device, signal, lines.line)
        return reply
      } finally {
        lines?.end()
        running--
      }
    },
  })
}

/** With the point that is read at last. Throws INVALID_REQUEST with a pointer to what is wrong. */
async function deviceOf({ address, type: dataType, ...given }: z.output<typeof bodySchema>) {
  const device = await trialDevice(given)
  return { ...device, name: NAME, point: address === undefined ? undefined : pointOf(device.type, address, dataType) }
}

function pointOf(type: DriverType, address: string, dataType: DataType | undefined) {
  const { tags, isTyped, faults } = readTagSketch(type, { address, type: dataType ?? null })
  const [fault] = faults
  if (fault !== undefined) throw invalidField('/address', fault.message)
  return { ...tags[0]!, isTyped }
}
