/** `/api/v1/alerts`: what the gateway itself tells people, whom, and whether it gets there. */
import { z } from 'zod'
import { SEVERITIES } from '../../core/alerts.ts'
import { GatewayError, messageOf, type ErrorCode } from '../../core/errors.ts'
import type { Alert } from '../../alerts/evaluator.ts'
import type { ReceiverStatus } from '../../alerts/alerts.ts'
import type { App, RouteContext } from '../app.ts'
import { LIMITS } from '../limits.ts'
import { nextSchema, pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'
import { whenGone } from '../when-gone.ts'
import { HIDDEN } from '../hidden.ts'

const tags = ['alerts']
const OF_RECEIVERS = ['NOT_CONNECTED', 'TIMEOUT', 'SINK_REFUSED', 'SINK_REJECTED', 'BUSY', 'PROTOCOL_VIOLATION', 'CONFIG_INVALID'] as const satisfies readonly ErrorCode[] // prettier-ignore

const alertSchema = z.object({
  id: z.string().describe('The fingerprint in messages: the same alert of the same thing'),
  alert: z.string(),
  severity: z.enum(SEVERITIES),
  state: z.enum(['pending', 'firing']).describe('pending: it does not last long enough yet to be told'),
  labels: z.record(z.string(), z.string()),
  summary: z.string(),
  next: z.string().describe('What to look at first'),
  since: z.iso.datetime(),
  silence: z.string().nullable().describe('Why nobody is told, as during maintenance; null: they are'),
})

const receiverSchema = z.object({
  name: z.string(),
  receiver: z.string().describe('The kind'),
  where: z.string(),
  queued: z.int().min(0),
  sent: z.int().min(0),
  failed: z.int().min(0).describe('Attempts that failed'),
  dropped: z.int().min(0).describe('Messages that will never arrive'),
  lastSentAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable().describe('Why the last attempt failed; null: it did not'),
})

const heartbeatSchema = z.object({
  where: z.string(),
  lastAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable(),
})

export function alertRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/alerts',
    config: { permission: 'view' },
    schema: {
      tags,
      summary: 'Local alerts that are pending or firing, and their receivers',
      description:
        'Alerts of devices are those of devices that may be seen; of others, who may not view all of the gateway is told no details, and of receivers and heartbeat nothing.',
      querystring: pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows),
      response: answers(
        z.object({
          enabled: z.boolean().describe('false: neither receivers nor a heartbeat are configured (alerts)'),
          alerts: z.array(alertSchema),
          receivers: z.array(receiverSchema),
          heartbeat: heartbeatSchema.nullable(),
          next: nextSchema,
        }),
      ),
    },
    handler: async ({ principal, query }) => {
      const { alerts } = gateway
      const isWhole = principal.isWhole('view')
      const shown = alerts.alerts.filter(({ labels }) => isWhole || isSeen(labels, (device) => principal.mayFor('view', device))) // prettier-ignore
      const { rows, next } = pageOf('alerts', shown, ({ id }) => id, query)
      const heartbeat = isWhole ? alerts.heartbeat() : null
      return {
        enabled: alerts.isOn,
        alerts: rows.map((one) => alertView(one, isWhole)),
        receivers: isWhole ? alerts.receivers().map(receiverView) : [],
        heartbeat: heartbeat && { where: heartbeat.where, lastAt: isoOf(heartbeat.lastAt), lastError: heartbeat.lastError ?? null }, // prettier-ignore
        next,
      }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/alerts/test',
    config: { permission: 'diagnose', problems: [...OF_RECEIVERS] },
    schema: {
      tags,
      summary: 'Send a test message to a receiver',
      description: 'At once, past queue and limits; the answer says what the far side did with it.',
      body: z.strictObject({ receiver: z.string().min(1).max(64) }),
      response: answers(z.object({ receiver: z.string(), sent: z.literal(true) })),
    },
    handler: async ({ body: { receiver }, principal }, reply) => {
      if (!principal.isWhole('diagnose'))
        throw new GatewayError('FORBIDDEN', 'the permission diagnose is missing for the whole gateway')
      const gone = new AbortController()
      whenGone(reply, () => gone.abort())
      await gateway.alerts.test(receiver, principal.name, gone.signal).catch((error: unknown) => {
        throw error instanceof GatewayError
          ? error
          : new GatewayError('NOT_CONNECTED', messageOf(error), { cause: error })
      })
      return { receiver, sent: true }
    },
  })
}

/** What is about certificates may tell of devices: it is for those who see all. */
const isSeen = ({ device, use }: Alert['labels'], maySee: (device: string) => boolean): boolean =>
  use === undefined && (device === undefined || maySee(device))

/** What is about sinks, files and the record may name devices and tags. */
export const alertView = (
  { id, alert, severity, state, labels, summary, next, since, silence }: Alert,
  isWhole: boolean,
) => ({
  id,
  alert,
  severity,
  state,
  labels,
  summary: isWhole || labels.device !== undefined ? summary : HIDDEN,
  next,
  since: new Date(since).toISOString(),
  silence: silence ?? null,
})

export const receiverView = ({ lastSentAt, lastError, ...rest }: ReceiverStatus) => ({
  ...rest,
  lastSentAt: isoOf(lastSentAt),
  lastError: lastError ?? null,
})

const isoOf = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())
