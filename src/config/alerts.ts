/** `alerts`: whom the gateway itself tells what goes wrong, and how often. Off unless it names a receiver or a heartbeat. */
import { z } from 'zod'
import { receiverTypes } from '../alerts/receivers.ts'
import { webhookFault } from '../alerts/receivers/webhook.ts'
import { SEVERITIES, type AlertsConfig, type HeartbeatConfig, type ReceiverConfig } from '../core/alerts.ts'
import { duration } from '../core/duration.ts'
import { httpUrl } from '../core/http-options.ts'
import { nameFault } from '../core/name.ts'
import { tlsOptions } from '../core/tls-options.ts'
import type { Loading } from './loading.ts'
import { isSecret } from './option-marks.ts'
import type { Path } from './places.ts'
import { checkSchema } from './schema-check.ts'
import { closest } from './suggestion.ts'
import { formatPath } from './yaml-source.ts'

export const receiverSchema = z.object({
  name: z
    .string()
    .max(64)
    .superRefine((name, context) => {
      const fault = nameFault(name, 'sink')
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .describe('Name of the receiver.'),
  receiver: z.string().describe(`The kind: ${receiverTypes.map(({ name }) => name).join(', ')}.`),
  options: z.unknown().optional().describe('Options of the kind.'),
  severities: z
    .array(z.enum(SEVERITIES))
    .min(1)
    .default(['critical', 'warning'])
    .describe('Which alerts it is told of.'),
  sendResolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
})

export const heartbeatSchema = z.object({
  url: httpUrl()
    .optional()
    .describe('Where the POST goes, at a service that raises the alarm when it stays away; http:// or https://.'),
  urlSecret: httpUrl()
    .optional()
    .describe('The same, where the address itself is the secret; in place of `url`.')
    .meta({ secret: true }),
  every: duration({ minMs: 1000, maxMs: 86_400_000 }).prefault('60s').describe('How often.'),
  ca: tlsOptions.ca,
  insecure: tlsOptions.insecure,
})

export const alertsSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('What this gateway is called in messages; the name of the machine where absent.'),
  page: httpUrl().optional().describe('Where people open its page, for a link in messages.'),
  every: duration({ minMs: 1000, maxMs: 300_000 }).prefault('15s').describe('How often it is looked.'),
  groupWait: duration({ minMs: 0, maxMs: 3_600_000 })
    .prefault('30s')
    .describe('How long the first message of an alert waits for more devices with the same.'),
  groupInterval: duration({ minMs: 1000, maxMs: 86_400_000 })
    .prefault('5m')
    .describe('The least time between two messages of an alert when devices come and go.'),
  repeatInterval: duration({ minMs: 60_000, maxMs: 30 * 86_400_000 })
    .prefault('4h')
    .describe('What goes on is said again after this time.'),
  maxQueued: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('Messages that wait for a receiver that is away; what comes then waits for room.'),
  maxPerMinute: z.int().min(1).max(600).default(20).describe('The most messages a minute to a receiver.'),
  receivers: z.array(z.unknown()).max(20).default([]).describe('Who is told.'),
  heartbeat: z.unknown().optional().describe('A sign of life to a service that raises the alarm when it stays away.'),
})

/** With all that is checked part by part: for whoever looks for what is secret in it. */
export const wholeAlertsSchema = alertsSchema.extend({
  receivers: z.array(receiverSchema.extend({ options: z.union(receiverTypes.map(({ options }) => options)) })),
  heartbeat: heartbeatSchema,
})

/** The texts of it that people may not see, as they are. */
export const secretsOfAlerts = (alerts: AlertsConfig | undefined): string[] => [
  ...(alerts?.receivers ?? []).flatMap(({ receiver, options }) => {
    const shape = receiverTypes.find(({ name }) => name === receiver)!.options.shape
    return Object.entries(options as object).flatMap(([key, value]) =>
      typeof value === 'string' && isSecret(shape[key]) ? [value] : [],
    )
  }),
  ...(alerts?.heartbeat?.isSecret === true ? [alerts.heartbeat.url] : []),
]

/** Undefined where there is none, or with problems, which are in the list then. */
export function loadAlerts(given: unknown, loading: Loading): AlertsConfig | undefined {
  if (given === undefined || given === null) return undefined
  const { source, problems, files } = loading
  const head = checkSchema(alertsSchema, { source, path: ['alerts'], value: given }, problems, files)
  if (head === undefined) return undefined
  const receivers = head.receivers.flatMap((one, at) => loadReceiver(one, ['alerts', 'receivers', at], loading) ?? [])
  for (const [at, { name }] of receivers.entries())
    if (receivers.findIndex((other) => other.name === name) < at)
      problems.add(source.placeOf(['alerts', 'receivers']), 'alerts.receivers', `there are two receivers "${name}"`)
  return {
    name: head.name,
    page: head.page,
    everyMs: head.every,
    groupWaitMs: head.groupWait,
    groupIntervalMs: head.groupInterval,
    repeatIntervalMs: head.repeatInterval,
    maxQueued: head.maxQueued,
    maxPerMinute: head.maxPerMinute,
    receivers,
    heartbeat: loadHeartbeat(head.heartbeat, loading),
  }
}

function loadReceiver(given: unknown, path: Path, { source, problems, files }: Loading): ReceiverConfig | undefined {
  const head = checkSchema(receiverSchema, { source, path, value: given }, problems, files)
  if (head === undefined) return undefined
  const type = receiverTypes.find(({ name }) => name === head.receiver)
  if (type === undefined) {
    const names = receiverTypes.map(({ name }) => name)
    const nearest = closest(head.receiver, names)
    const at = [...path, 'receiver']
    const known = nearest === undefined ? `; known are ${names.join(', ')}` : ''
    problems.add(source.placeOf(at), formatPath(at), `unknown receiver "${head.receiver}"${known}`, nearest)
    return undefined
  }
  const at = [...path, 'options']
  const value = (given as { options?: unknown }).options ?? {}
  const options = checkSchema(type.options, { source, path: at, value }, problems, files)
  if (options === undefined) return undefined
  const fault = faultOf(type.name, options)
  if (fault !== undefined) problems.add(source.placeOf(at), formatPath(at), fault)
  const { name, severities, sendResolved } = head
  return { name, receiver: type.name, options, severities, sendResolved }
}

/** What options must not say together. */
function faultOf(kind: string, options: Readonly<Record<string, unknown>>): string | undefined {
  const { cert, key, username, password, security } = options
  if ((cert === undefined) !== (key === undefined)) return 'cert and key are given together'
  if (kind === 'webhook') return webhookFault(options)
  if (password !== undefined && username === undefined) return 'password needs a username'
  const isOpen = kind === 'email' && security === 'none' && password !== undefined
  return isOpen ? 'a password is not sent without encryption: security: tls or starttls' : undefined
}

function loadHeartbeat(given: unknown, { source, problems, files }: Loading): HeartbeatConfig | undefined {
  if (given === undefined || given === null) return undefined
  const path = ['alerts', 'heartbeat']
  const checked = checkSchema(heartbeatSchema, { source, path, value: given }, problems, files)
  if (checked === undefined) return undefined
  const { url, urlSecret, every, ca, insecure } = checked
  if ((url === undefined) === (urlSecret === undefined)) {
    problems.add(source.placeOf(path), formatPath(path), 'give url, or urlSecret where the address is a secret')
    return undefined
  }
  return { url: (urlSecret ?? url)!, isSecret: url === undefined, everyMs: every, ca, insecure }
}
