/**
 * What receivers get: the JSON of Alertmanager's webhook, version 4, so that whoever understands the one understands the other; and the same as
 * text for people.
 */
import type { Alert } from './evaluator.ts'

/** A message as it waits: alerts that belong together, and how many more there are. */
export interface Message {
  readonly id: string
  /** The name of the alert that it is about. */
  readonly group: string
  readonly alerts: readonly Alert[]
  /** Alerts that are in no message because it would be too long. */
  readonly truncated: number
  /** How many are firing, those that are left out included; absent in messages of an older version that still wait. */
  readonly firing?: number | undefined
  /** ms since 1970. */
  readonly at: number
}

export interface Sender {
  /** What this gateway is called. */
  readonly name: string
  /** Where its page is; empty where nobody said. */
  readonly page: string
}

export interface WebhookAlert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
  readonly fingerprint: string
}

export interface WebhookMessage {
  readonly version: '4'
  readonly groupKey: string
  readonly truncatedAlerts: number
  readonly status: 'firing' | 'resolved'
  readonly receiver: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly commonLabels: Readonly<Record<string, string>>
  readonly commonAnnotations: Readonly<Record<string, string>>
  readonly externalURL: string
  readonly alerts: readonly WebhookAlert[]
}

/** Go's zero time: Alertmanager says it of what is not over. */
const NOT_OVER = '0001-01-01T00:00:00Z'
const SUBJECT_CHARACTERS = 150

export function webhookOf({ group, alerts, truncated }: Message, receiver: string, sender: Sender): WebhookMessage {
  const shown = alerts.map((alert) => webhookAlert(alert, sender))
  return {
    version: '4',
    groupKey: `{}:{alertname="${group}"}`,
    truncatedAlerts: truncated,
    status: statusOf(alerts),
    receiver,
    groupLabels: { alertname: group },
    commonLabels: commonOf(shown.map(({ labels }) => labels)),
    commonAnnotations: commonOf(shown.map(({ annotations }) => annotations)),
    externalURL: sender.page,
    alerts: shown,
  }
}

function webhookAlert({ id, alert, severity, labels, ...rest }: Alert, { name, page }: Sender): WebhookAlert {
  const isOver = rest.state === 'resolved'
  return {
    status: isOver ? 'resolved' : 'firing',
    labels: { alertname: alert, severity, instance: name, ...labels },
    annotations: { summary: rest.summary, description: rest.next, runbook_url: `docs/runbooks/alerts/${alert}.md` },
    startsAt: new Date(rest.since).toISOString(),
    endsAt: isOver ? new Date(rest.endedAt ?? rest.since).toISOString() : NOT_OVER,
    generatorURL: page,
    fingerprint: id,
  }
}

/** Firing as long as one of them is. */
const statusOf = (alerts: readonly Alert[]): 'firing' | 'resolved' =>
  alerts.some(({ state }) => state !== 'resolved') ? 'firing' : 'resolved'

function commonOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = all
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => rest.every((one) => one[key] === value)))
}

/** `[FIRING:200] BifrostDeviceDown (warning) at edge-7`. */
export function subjectOf({ group, alerts, truncated, ...rest }: Message, { name }: Sender): string {
  const firing = rest.firing ?? alerts.filter(({ state }) => state !== 'resolved').length
  const count = firing > 0 ? firing : alerts.length + truncated
  const what = firing > 0 ? 'FIRING' : 'RESOLVED'
  return `[${what}:${count}] ${group} (${alerts[0]?.severity ?? 'info'}) at ${name}`.slice(0, SUBJECT_CHARACTERS)
}

export function textOf(message: Message, sender: Sender): string {
  const { alerts, truncated } = message
  const lines = alerts.map(({ state, summary, since, endedAt }) => {
    const time = state === 'resolved' ? `over since ${timeOf(endedAt ?? since)}` : `since ${timeOf(since)}`
    return `${state === 'resolved' ? 'RESOLVED' : 'FIRING'}  ${summary} (${time})`
  })
  const more = truncated === 0 ? [] : [`… and ${truncated} more`]
  const next = alerts.some(({ state }) => state !== 'resolved') ? ['', `What to do: ${alerts[0]!.next}`] : []
  const page = sender.page === '' ? [] : ['', sender.page]
  return [...lines, ...more, ...next, ...page, '', `Bifrost gateway ${sender.name}`, ''].join('\n')
}

const timeOf = (at: number): string => new Date(at).toISOString()
