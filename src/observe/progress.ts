/**
 * Whether the gateway goes on: the event loop turns, polls are made, and what is appended to the log is committed. A timer that fires
 * proves none of the last two, which is why the watchdog asks for all three.
 */
import type { Clock } from '../core/clock.ts'
import type { Gateway } from '../gateway.ts'
import type { DeviceSession } from '../polling/session.ts'
import type { HealthCheck } from './health.ts'

export const TICK_MS = 1000
/** An event loop that has not turned for this long is stuck: supervisors may restart the process. */
const LOOP_LIMIT_MS = 10_000
/** Grace on top of three poll periods before missing polls count as a stuck scheduler. */
const POLL_GRACE_MS = 30_000
/** The log is committed within a second, and after a failure within five. */
const COMMIT_LIMIT_MS = 30_000

export interface Progress {
  tick(): void
  check(): HealthCheck
}

export function watchLoop(clock: Clock): Progress {
  let last = clock.monotonic()
  return {
    tick: () => {
      last = clock.monotonic()
    },
    check: () => {
      const lag = Math.max(0, clock.monotonic() - last - TICK_MS)
      return { name: 'event-loop', ok: lag < LOOP_LIMIT_MS, detail: `last turn ${Math.round(lag)} ms late` }
    },
  }
}

/** A device in state Running whose polls stop being counted, all devices together, means that the scheduler is stuck. */
export function watchPolls({ clock, polling }: Pick<Gateway, 'clock' | 'polling'>): Progress {
  let total = -1
  let changedAt = clock.monotonic()
  let limitMs = POLL_GRACE_MS
  const intervalOf = shortestPolled()
  return {
    tick: () => {
      const now = clock.monotonic()
      let polls = 0
      let shortest = Infinity
      for (const device of polling.devices) {
        const everyMs = device.state === 'Running' ? intervalOf(device) : Infinity
        if (everyMs === Infinity) continue
        polls += device.stats.polls + device.stats.overruns
        shortest = Math.min(shortest, everyMs)
      }
      limitMs = POLL_GRACE_MS + (shortest === Infinity ? 0 : 3 * shortest)
      if (polls === total && shortest !== Infinity) return
      total = polls
      changedAt = now
    },
    check: () => {
      const idle = clock.monotonic() - changedAt
      return { name: 'poll-scheduler', ok: idle < limitMs, detail: `last progress ${Math.round(idle)} ms ago` }
    },
  }
}

/** The shortest interval at which a device is polled; Infinity where all its values come by themselves. Looked for again when its points change. */
function shortestPolled(): (device: DeviceSession) => number {
  const known = new WeakMap<DeviceSession['points'], number>()
  return (device) => {
    const { points } = device
    let shortest = known.get(points)
    if (shortest !== undefined) return shortest
    shortest = Infinity
    for (const point of points)
      if (point.settings.everyMs < shortest && !device.isSubscribed(point)) shortest = point.settings.everyMs
    known.set(points, shortest)
    return shortest
  }
}

/** A commit that neither ends nor fails. One that fails is no reason for a restart: the disk is as full afterwards. */
export function watchCommits({ clock, store, restarts }: Pick<Gateway, 'clock' | 'store' | 'restarts'>): Progress {
  let durable = -1
  let changedAt = clock.monotonic()
  let hasFailed = false
  const look = (): void => {
    const { durableSeq, pendingRows, failed } = store.info()
    if (hasFailed && failed === null) restarts.count('log', 'write-failed')
    hasFailed = failed !== null
    if (durableSeq === durable && pendingRows > 0 && failed === null) return
    durable = durableSeq
    changedAt = clock.monotonic()
  }
  return {
    tick: look,
    check: () => {
      const idle = clock.monotonic() - changedAt
      const detail = idle < COMMIT_LIMIT_MS ? 'samples become durable' : `no commit for ${Math.round(idle / 1000)} s`
      return { name: 'log-commit', ok: idle < COMMIT_LIMIT_MS, detail }
    },
  }
}
