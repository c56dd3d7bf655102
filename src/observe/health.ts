/**
 * Health for process supervisors (field guide §8): liveness is about this process only, never about a PLC or a broker;
 * readiness says that the configuration is loaded and the log can be written; startup that the flow has been started.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { Gateway } from '../gateway.ts'

/** One thing that was looked at. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** All is well, and yet somebody should look soon. */
  readonly attention?: true
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
  /** From now on not ready: the process is on its way out. */
  shutDown(): void
  close(): void
}

const TICK_MS = 1000
/** An event loop that has not turned for this long is stuck: supervisors may restart the process. */
const LOOP_LIMIT_MS = 10_000
/** Grace on top of three poll periods before missing polls count as a stuck scheduler. */
const POLL_GRACE_MS = 30_000

/** Starts watching the event loop and the poll scheduler. */
export function createHealth(gateway: Gateway): Health {
  const { clock } = gateway
  const loop = watchLoop(clock)
  const polls = watchPolls(gateway)
  const timer: Timer = clock.every(TICK_MS, () => {
    loop.tick()
    polls.tick()
  })
  let leaving = false
  return {
    live: () => report([loop.check(), polls.check()]),
    ready: () => {
      const { failed } = gateway.store.info()
      return report([
        {
          name: 'config',
          ok: true,
          detail: `loaded: ${count(gateway.config.devices, 'device')}, ${count(gateway.config.sinks, 'sink')}`,
        },
        { name: 'store', ok: failed === null, detail: failed ?? 'the log can be written' },
        { name: 'gateway', ok: !leaving, detail: leaving ? 'shutting down' : 'started' },
        ...certificateChecks(gateway),
      ])
    },
    startup: () =>
      report([{ name: 'gateway', ok: true, detail: `started ${new Date(gateway.startedAt).toISOString()}` }]),
    shutDown: () => {
      leaving = true
    },
    close: () => timer.cancel(),
  }
}

/** A certificate never takes the gateway out of service: its devices say by themselves what does not work. */
function certificateChecks({ certificates: { summary } }: Gateway): HealthCheck[] {
  if (!summary.isUsed) return []
  const [first] = summary.attention
  if (first === undefined) return [{ name: 'certificates', ok: true, detail: 'none expires soon, none waits' }]
  return [{ name: 'certificates', ok: true, detail: summary.attention.join('; '), attention: true }]
}

const count = (things: readonly unknown[], word: string): string =>
  `${things.length} ${word}${things.length === 1 ? '' : 's'}`

const report = (checks: HealthCheck[]): HealthReport => ({ ok: checks.every((check) => check.ok), checks })

function watchLoop(clock: Clock) {
  let last = clock.monotonic()
  return {
    tick: () => {
      last = clock.monotonic()
    },
    check: (): HealthCheck => {
      const lag = Math.max(0, clock.monotonic() - last - TICK_MS)
      return { name: 'event-loop', ok: lag < LOOP_LIMIT_MS, detail: `last turn ${Math.round(lag)} ms late` }
    },
  }
}

/** A device in state Running whose polls stop being counted, all devices together, means that the scheduler is stuck. */
function watchPolls(gateway: Gateway) {
  let total = -1
  let changedAt = gateway.clock.monotonic()
  let limitMs = POLL_GRACE_MS
  const tick = (): void => {
    const now = gateway.clock.monotonic()
    let polls = 0
    let shortest = Infinity
    for (const device of gateway.polling.devices) {
      if (device.state !== 'Running' || device.points.length === 0) continue
      polls += device.stats.polls + device.stats.overruns
      shortest = Math.min(shortest, device.points[0]!.settings.everyMs)
    }
    limitMs = POLL_GRACE_MS + (shortest === Infinity ? 0 : 3 * shortest)
    if (polls === total && shortest !== Infinity) return
    total = polls
    changedAt = now
  }
  return {
    tick,
    check: (): HealthCheck => {
      const idle = gateway.clock.monotonic() - changedAt
      return { name: 'poll-scheduler', ok: idle < limitMs, detail: `last progress ${Math.round(idle)} ms ago` }
    },
  }
}
