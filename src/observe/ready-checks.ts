/**
 * What `/readyz` looks at. Only what the gateway itself cannot do takes it out of service; what it waits for (a broker, a device, a person)
 * is worth attention and no more, since the log keeps every sample meanwhile (docs/decisions/0025-health.md).
 */
import type { Gateway } from '../gateway.ts'
import type { HealthCheck } from './health.ts'

/** So many are named. */
const MOST_NAMED = 3

/** A file that is not good never takes the gateway out of service: what ran before goes on. */
export function configCheck({ config, configuration }: Gateway): HealthCheck {
  const loaded = `loaded: ${count(config.devices, 'device')}, ${count(config.sinks, 'sink')}`
  const banner = configuration?.status.banner ?? null
  if (banner === null) return { name: 'config', ok: true, detail: loaded }
  return { name: 'config', ok: true, detail: banner, attention: true }
}

/** While the log cannot be written samples wait in memory, and more of them than fit there are lost. */
export function storeCheck({ store }: Gateway, commit: HealthCheck): HealthCheck {
  const { failed } = store.info()
  if (failed === null && !commit.ok) return { name: 'store', ok: false, detail: commit.detail }
  return { name: 'store', ok: failed === null, detail: failed ?? 'the log can be written' }
}

/** Without a record nothing may be written: somebody has to look, and the gateway is not ready. */
export function auditCheck({ audit }: Gateway): HealthCheck {
  const { problem, finding } = audit.status()
  if (problem !== null) return { name: 'audit', ok: false, detail: `the audit log cannot be written ${problem}` }
  if (finding === null) return { name: 'audit', ok: true, detail: 'the audit log can be written' }
  return { name: 'audit', ok: true, detail: `the audit log was changed: ${finding}`, attention: true }
}

/** That writes are locked is what somebody wants, and yet everybody should see it. */
export function writesChecks({ writesLock: { state } }: Gateway): HealthCheck[] {
  if (state === undefined) return []
  const detail = `all writes are locked by ${state.by}, since ${state.since}: ${state.reason}`
  return [{ name: 'writes', ok: true, detail, attention: true }]
}

/** A certificate never takes the gateway out of service: its devices say by themselves what does not work. */
export function certificateChecks({ certificates: { summary }, certificatesInUse }: Gateway): HealthCheck[] {
  const attention = [...certificatesInUse.attention, ...summary.attention]
  if (!summary.isUsed && certificatesInUse.list.length + attention.length === 0) return []
  if (attention.length === 0) return [{ name: 'certificates', ok: true, detail: 'none expires soon, none waits' }]
  return [{ name: 'certificates', ok: true, detail: attention.join('; '), attention: true }]
}

interface Dependency {
  readonly name: string
  readonly state: string
  readonly stateSince: number
  readonly reason: string | null
}

/** The sinks together, and each by itself for those who may see all. */
export function sinkChecks({ runners }: Gateway): HealthCheck[] {
  const all = runners.map((runner) => runner.status())
  return [...togetherOf('sinks', all), ...all.map((one) => checkOf(`sink/${one.name}`, one))]
}

/** The devices together: there may be ten thousand. */
export const deviceChecks = ({ polling }: Gateway): HealthCheck[] => togetherOf('devices', polling.devices)

function togetherOf(name: string, all: readonly Dependency[]): HealthCheck[] {
  const meant = all.filter(({ state }) => state !== 'Disabled')
  if (meant.length === 0) return []
  const unwell = meant.filter((one) => isUnwell(one))
  const running = meant.filter(({ state }) => state === 'Running').length
  const named = unwell.slice(0, MOST_NAMED).map((one) => `${one.name} is ${sentenceOf(one)}`)
  const more = unwell.length > MOST_NAMED ? [`and ${unwell.length - MOST_NAMED} more`] : []
  const detail = [`${running} of ${meant.length} run`, ...named, ...more].join('; ')
  return [{ name, ok: true, detail, ...(unwell.length > 0 ? ATTENTION : {}) }]
}

function checkOf(name: string, one: Dependency): HealthCheck {
  const { stateSince: since } = one
  return { name, ok: true, detail: sentenceOf(one), since, isPrivate: true, ...(isUnwell(one) ? ATTENTION : {}) }
}

const ATTENTION = { attention: true } as const
const isUnwell = ({ state }: Dependency): boolean => state === 'Failed' || state === 'Degraded'
const sentenceOf = ({ state, reason }: Dependency): string => (reason === null ? state : `${state}: ${reason}`)

const count = (things: readonly unknown[], word: string): string =>
  `${things.length} ${word}${things.length === 1 ? '' : 's'}`
