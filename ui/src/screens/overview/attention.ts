/**
 * What needs attention, the gravest first, gathered from what the gateway says of its devices, sinks, configuration, log, disk and clock.
 * Nothing is judged here that the gateway judges itself: certificates, the audit and the rest come from its own checks (`/readyz`).
 */
import { useAsk } from '../../api/ask.ts'
import { ProblemError } from '../../api/client.ts'
import type { DeviceView, SessionState, SinkView } from '../../api.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { useLive, useNow } from '../../live/context.ts'
import { droppedOf } from '../../parts/ledger.tsx'
import { hrefOf } from '../../shell/address.ts'
import { useMay } from '../../shell/permissions.ts'
import { overviewStrings } from '../../strings/overview.ts'
import { ofMachine } from './attention-machine.ts'
import { ofMaintenance } from './attention-maintenance.ts'

const strings = overviewStrings.attention
/** Of one state by name; the others as a count. */
const MOST = 5
const HOUR_MS = 3_600_000
const SOON_HOURS = 24
const BEHIND_MS = 60_000

export interface Attention {
  readonly key: string
  /** How grave it is, as its mark. */
  readonly state: SessionState
  readonly name: string
  readonly text: string
  readonly href: string
  readonly where: keyof typeof strings.where
}

type Answer<N extends keyof Operations> = Operations[N]['answer']
type Health = Exclude<Answer<'GET /readyz'>, string>

/** asking: not all has been answered yet; old: the gateway does not answer any more; partly: some of it was refused. */
export type Knowledge = 'all' | 'asking' | 'old' | 'partly'

/** `sinks` undefined: not known. */
export function useAttention(sinks: readonly SinkView[] | undefined): {
  items: readonly Attention[]
  knowledge: Knowledge
} {
  const devices = useLive((store) => store.devices)
  const hasDevices = useLive((store) => store.snapshots > 0)
  const connection = useLive((store) => store.connection.state)
  const now = useNow()
  const mayRead = useMay('config.read')
  const health = useAsk('GET /readyz', { query: {}, accept: 'application/json' }, { everyMs: 5000 })
  const config = useAsk('GET /api/v1/config/status', {}, { everyMs: 5000, when: mayRead })
  const lock = useAsk('GET /api/v1/writes/lock', {}, { everyMs: 5000 })
  const pending = useAsk('GET /api/v1/writes/pending', {}, { everyMs: 5000 })
  const log = useAsk('GET /api/v1/log', {}, { everyMs: 10_000 })
  const system = useAsk('GET /api/v1/system', {}, { everyMs: 5000 })
  const maintenance = useAsk('GET /api/v1/maintenance', { query: {} }, { everyMs: 10_000 })
  const checks = healthOf(health.data, health.error)
  const items = [
    ...ofDevices(devices),
    ...ofSinks(sinks ?? []),
    ...ofConfig(config.data, now),
    ...ofHealth(checks, config.data !== undefined),
    ...ofWrites(lock.data, pending.data?.pending.length ?? 0),
    ...ofLog(log.data, sinks ?? []),
    ...ofMachine(system.data, now),
    ...ofMaintenance(maintenance.data?.windows ?? []),
  ]
  const rank = ({ state }: Attention): number => (state === 'Failed' ? 0 : 1)
  const asked = [lock, pending, log, system, maintenance, ...(mayRead ? [config] : [])]
  const isRefused = asked.some(({ data, error }) => data === undefined && error !== null)
  const isKnown = sinks !== undefined && checks !== undefined && asked.every(({ data }) => data !== undefined)
  const knowledge = connection === 'lost' ? 'old' : isRefused ? 'partly' : isKnown && hasDevices ? 'all' : 'asking'
  return { items: items.toSorted((a, b) => rank(a) - rank(b)), knowledge }
}

export function ofDevices(devices: readonly DeviceView[]): Attention[] {
  return (['Failed', 'Degraded'] as const).flatMap((state) => {
    const all = devices.filter((device) => device.state === state)
    const items = all.slice(0, MOST).map(({ name, reason }): Attention => {
      const text = strings.device(state, reason ?? '')
      return { key: `device/${name}`, state, name, text, href: hrefOf('/device', { name }), where: 'device' }
    })
    if (all.length <= MOST) return items
    const name = strings.more(formatCount(all.length - MOST), state)
    const more: Attention = {
      key: `devices/${state}`,
      state,
      name,
      text: '',
      href: hrefOf('/devices', { state }),
      where: 'devices',
    }
    return [...items, more]
  })
}

function ofSinks(sinks: readonly SinkView[]): Attention[] {
  return sinks.flatMap((sink) => {
    const { name, state, reason, balanced, routed, delivered, pending } = sink
    const to = { name, href: hrefOf('/sinks', { name }), where: 'sink' } as const
    const items: Attention[] = []
    if (state === 'Failed' || state === 'Degraded')
      items.push({ ...to, key: `sink/${name}`, state, text: strings.device(state, reason ?? '') })
    if (!balanced) {
      const missing = formatCount(routed - delivered - pending - droppedOf(sink))
      items.push({ ...to, key: `account/${name}`, state: 'Failed', text: strings.unbalanced(missing) })
    }
    return items
  })
}

function ofConfig(status: Answer<'GET /api/v1/config/status'> | undefined, now: number): Attention[] {
  if (status === undefined) return []
  const { trial, lastReload, differsFromFiles, needsRestart } = status
  const name = strings.names.configuration!
  const item = (key: string, text: string, state: SessionState = 'Degraded'): Attention => ({
    key: `config/${key}`,
    state,
    name,
    text,
    href: '/configuration',
    where: 'configuration',
  })
  const items: Attention[] = []
  if (trial !== null) {
    const left = formatDuration(Math.max(0, Date.parse(trial.until) - now))
    items.push(item('trial', strings.trial(trial.version, left, trial.previous)))
  }
  if (!lastReload.ok) items.push(item('failed', strings.loadFailed(lastReload.problems.join('; ')), 'Failed'))
  else if (differsFromFiles) items.push(item('drift', strings.drift))
  if (needsRestart.length > 0) items.push(item('restart', strings.restart(needsRestart.join(', '))))
  return items
}

const WHERE: Readonly<Record<string, readonly [string, Attention['where']]>> = {
  config: ['/configuration', 'configuration'],
  certificates: ['/certificates', 'certificates'],
  audit: ['/audit', 'audit'],
}

/** The checks of the gateway itself, but for what is asked for in detail. */
function ofHealth(health: Health | undefined, knowsConfig: boolean): Attention[] {
  const told = new Set(['writes', 'store', 'devices', 'sinks', ...(knowsConfig ? ['config'] : [])])
  return (health?.checks ?? [])
    .filter(({ name, ok, attention }) => (!ok || attention === true) && !told.has(name) && !name.startsWith('sink/'))
    .map(({ name, ok, detail }) => {
      const [href, where] = WHERE[name] ?? ['/diagnostics', 'diagnostics']
      const title = strings.names[name === 'config' ? 'configuration' : name] ?? name
      return { key: `check/${name}`, state: ok ? 'Degraded' : 'Failed', name: title, text: detail, href, where }
    })
}

/** A gateway that is not ready says why with 503. */
function healthOf(answer: Answer<'GET /readyz'> | undefined, error: Error | null): Health | undefined {
  if (error instanceof ProblemError && 'checks' in error.problem) return error.problem as unknown as Health
  return typeof answer === 'object' ? answer : undefined
}

function ofWrites(lock: Answer<'GET /api/v1/writes/lock'> | undefined, waiting: number): Attention[] {
  const to = { state: 'Degraded', name: strings.names.writes!, href: '/values', where: 'writes' } as const
  const items: Attention[] = []
  if (lock?.locked === true)
    items.push({ ...to, key: 'writes/lock', text: strings.locked(lock.by ?? '', lock.reason ?? '') })
  if (waiting > 0) items.push({ ...to, key: 'writes/pending', text: strings.pending(waiting) })
  return items
}

const isBehind = ({ oldestPendingAgeMs }: SinkView): boolean => (oldestPendingAgeMs ?? 0) > BEHIND_MS

function ofLog(log: Answer<'GET /api/v1/log'> | undefined, sinks: readonly SinkView[]): Attention[] {
  if (log === undefined) return []
  const { full, failed, hoursLeft } = log
  const to = { key: 'log', name: strings.names.log!, href: '/sinks', where: 'sinks' } as const
  if (failed !== null) return [{ ...to, state: 'Failed', text: strings.logFailed(failed) }]
  if (full) return [{ ...to, state: 'Failed', text: strings.logFull }]
  // A log that is small on purpose is no news while every sink takes what comes.
  if (hoursLeft === null || hoursLeft > SOON_HOURS || !sinks.some(isBehind)) return []
  return [{ ...to, state: 'Degraded', text: strings.logSoon(formatDuration(hoursLeft * HOUR_MS)) }]
}
