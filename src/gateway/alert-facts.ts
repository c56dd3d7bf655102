/** What local alerts are judged by, read from the parts of the running gateway. */
import { statfs } from 'node:fs/promises'
import type { GivenFacts } from '../alerts/alerts.ts'
import type { SilenceOf } from '../alerts/evaluator.ts'
import { scopeWords, type Maintenance, type MaintenanceWindow } from '../alerts/maintenance.ts'
import type { AuditLog } from '../audit/audit.ts'
import type { Certificates } from '../commands/certificates.ts'
import type { CertificatesInUse } from '../commands/certificates-in-use.ts'
import type { Config } from '../config/config.ts'
import type { LiveConfig } from '../config/live/live-config.ts'
import type { Clock } from '../core/clock.ts'
import { Slice } from '../core/slice.ts'
import type { Runner } from '../delivery/runner.ts'
import { ClockWatch, isClockSynchronised } from '../observe/system/clock-watch.ts'
import type { Polling } from '../polling/polling.ts'
import type { Store } from '../store/store.ts'
import { DiskTrend } from './disk-trend.ts'

interface Parts {
  readonly config: () => Config
  readonly configuration: () => LiveConfig | undefined
  readonly polling: Polling
  readonly runners: () => readonly Runner[]
  readonly store: Store
  readonly certificates: Certificates
  readonly certificatesInUse: CertificatesInUse
  readonly audit: AuditLog
  readonly maintenance: Maintenance
  readonly clock: Clock
}

/** A sink whose samples are refused in part is Degraded for a minute after each time. */
const DELIVERED_MS = 2 * 60_000

export function alertFacts(parts: Parts): () => Promise<GivenFacts> {
  const { clock, polling, store, audit, maintenance } = parts
  const watch = new ClockWatch(clock)
  const trend = new DiskTrend()
  const drift = new Drift()
  return async () => {
    watch.tick()
    const config = parts.config()
    const log = store.info()
    const audited = audit.status()
    const reload = parts.configuration()?.status.lastReload
    const { own, trusted } = parts.certificates.summary
    return {
      now: clock.now(),
      devices: await deviceFacts(config, polling, maintenance),
      sinks: parts.runners().map((runner) => sinkFacts(runner.status(), clock.now())),
      log: {
        refused: log.refused,
        isFull: log.isFull,
        failed: log.failed,
        secondsLeft: log.hoursLeft === null ? null : log.hoursLeft * 3600,
        secondsHeld: log.hoursHeld === null ? null : log.hoursHeld * 3600,
      },
      disk: await diskFacts(config.data, trend, clock),
      certificates: [
        ...parts.certificatesInUse.list.flatMap(({ use, name, notAfter }) =>
          notAfter === undefined ? [] : [{ use, name, notAfter }],
        ),
        ...(own === undefined ? [] : [{ use: 'opcua-own', name: own.commonName, notAfter: own.notAfter }]),
        ...trusted.map(({ commonName, notAfter }) => ({ use: 'opcua-trusted', name: commonName, notAfter })),
      ],
      reloadProblem: reload === undefined || reload.ok ? undefined : (reload.problems[0] ?? 'the files are not good'),
      clock: {
        synchronised: await isClockSynchronised(),
        steps: watch.stepCount,
        driftMs: drift.ofLastHour(clock.monotonic(), watch.driftMs),
      },
      audit: { problem: audited.problem, finding: audited.finding },
    }
  }
}

function diskFacts(folder: string, trend: DiskTrend, clock: Clock): Promise<GivenFacts['disk']> {
  return statfs(folder).then(
    ({ bsize, blocks, bavail }) => {
      const freeBytes = bavail * bsize
      return { sizeBytes: blocks * bsize, freeBytes, secondsLeft: trend.secondsLeft(clock.monotonic(), freeBytes) }
    },
    () => null,
  )
}

/** How far wall time moved against the time that only goes forward, within the last hour. */
class Drift {
  #points: { readonly at: number; readonly driftMs: number }[] = []

  ofLastHour(at: number, driftMs: number): number {
    this.#points = this.#points.filter((point) => at - point.at <= 3_600_000)
    if (this.#points.length === 0 || at - this.#points.at(-1)!.at >= 60_000) this.#points.push({ at, driftMs })
    return driftMs - this.#points[0]!.driftMs
  }
}

async function deviceFacts(
  { devices }: Config,
  polling: Polling,
  maintenance: Maintenance,
): Promise<GivenFacts['devices']> {
  const areas = new Map(devices.flatMap(({ name, area }) => (area === undefined ? [] : [[name, area] as const])))
  const slice = new Slice()
  const facts: GivenFacts['devices'][number][] = []
  for (const { name, driver, state, reason } of polling.devices) {
    facts.push({ name, driver, area: areas.get(name), isAway: state === 'Connecting' || state === 'Failed', isEnabled: state !== 'Disabled', isPlanned: maintenance.windowOf(name) !== undefined, reason }) // prettier-ignore
    await slice.breathe()
  }
  return facts
}

const sinkFacts = (status: ReturnType<Runner['status']>, now: number): GivenFacts['sinks'][number] => ({
  name: status.name,
  kind: status.kind,
  isUp: status.state === 'Running' || (status.state === 'Degraded' && now - (status.lastSettledAt ?? 0) < DELIVERED_MS),
  isEnabled: status.state !== 'Disabled',
  reason: status.reason,
  routed: status.routed,
  delivered: status.delivered,
  pending: status.pending,
  dropped: status.dropped,
  oldestPendingAgeMs: status.oldestPendingAgeMs,
})

/** Maintenance of the whole gateway silences everything; that of devices what has the label of one. Not all who see one see the others. */
export const silencedBy =
  (maintenance: Maintenance): SilenceOf =>
  ({ device }) => {
    const window: MaintenanceWindow | undefined =
      device === undefined ? maintenance.whole : maintenance.windowOf(device)
    return window === undefined
      ? undefined
      : `maintenance ${window.id}${window.scope.kind === 'devices' ? '' : ` of ${scopeWords(window.scope)}`}: ${window.reason}`
  }
