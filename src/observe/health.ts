/**
 * Health for process supervisors (field guide §8): liveness is about this process only, never about a PLC or a broker;
 * readiness says that the configuration is loaded and the log can be written; startup that the flow has been started. Progress is for the
 * watchdog: what a restart would mend.
 */
import type { Timer } from '../core/clock.ts'
import type { Gateway } from '../gateway.ts'
import { openFilesCheck, openFilesNow, type OpenFiles } from './open-files.ts'
import { TICK_MS, watchCommits, watchLoop, watchPolls } from './progress.ts'
import * as ready from './ready-checks.ts'

/** One thing that was looked at. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** Since when it is as it is, ms since 1970. */
  readonly since?: number
  /** All is well, and yet somebody should look soon. */
  readonly attention?: true
  /** Its very name is only for those who may see all. */
  readonly isPrivate?: true
}

export interface HealthReport {
  readonly ok: boolean
  readonly checks: readonly HealthCheck[]
}

export interface Health {
  /** The event loop turns and polls are made. */
  live(): HealthReport
  /** Configuration loaded, log writable, not shutting down. */
  ready(): HealthReport
  /** The flow has been started. */
  startup(): HealthReport
  /** The event loop turns, polls are made, and the log is committed: while not, the watchdog is not fed. */
  progress(): HealthReport
  /** How often the watchdog was fed. */
  watchdogNotifications: number
  /** From now on not ready: the process is on its way out. */
  shutDown(): void
  close(): void
}

/** How often it is looked at what nobody asks for, so that `since` is right, and at the open files. */
const LOOK_TICKS = 5

/** Starts watching event loop, poll scheduler, log and open files. */
export function createHealth(gateway: Gateway): Health {
  const { clock } = gateway
  const loop = watchLoop(clock)
  const polls = watchPolls(gateway)
  const commits = watchCommits(gateway)
  const states = new Map<string, { mark: string; since: number }>()
  let open: OpenFiles | undefined
  let leaving = false
  let ticks = 0

  const report = (checks: readonly HealthCheck[]): HealthReport => {
    const now = clock.now()
    const withTimes = checks.map((check) => {
      if (check.since !== undefined) return check
      const mark = `${check.ok} ${check.attention === true}`
      let state = states.get(check.name)
      if (state?.mark !== mark) states.set(check.name, (state = { mark, since: now }))
      return { ...check, since: state.since }
    })
    return { ok: checks.every((check) => check.ok), checks: withTimes }
  }
  const live = (): HealthReport => report([loop.check(), polls.check()])
  const isReady = (): HealthReport =>
    report([
      ready.configCheck(gateway),
      ready.storeCheck(gateway, commits.check()),
      { name: 'gateway', ok: !leaving, detail: leaving ? 'shutting down' : 'started' },
      ready.auditCheck(gateway),
      ...ready.writesChecks(gateway),
      ...ready.certificateChecks(gateway),
      ...ready.sinkChecks(gateway),
      ...ready.deviceChecks(gateway),
      ...openFilesCheck(open),
    ])

  const look = async (): Promise<void> => {
    open = await openFilesNow()
    live()
    isReady()
  }
  const timer: Timer = clock.every(TICK_MS, () => {
    loop.tick()
    polls.tick()
    commits.tick()
    if (ticks++ % LOOK_TICKS === 0) void look()
  })
  return {
    live,
    ready: isReady,
    startup: () =>
      report([{ name: 'gateway', ok: true, detail: `started ${new Date(gateway.startedAt).toISOString()}` }]),
    progress: () => report([loop.check(), polls.check(), commits.check()]),
    watchdogNotifications: 0,
    shutDown: () => {
      leaving = true
    },
    close: () => timer.cancel(),
  }
}
