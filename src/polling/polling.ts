/**
 * When to read: one schedule, one line a socket or serial port, one session a device. Everything that devices say comes out
 * as batches of one `emit`.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { DeviceAccount } from '../core/device-account.ts'
import type {
  AuditedAction,
  CertificatePlace,
  Context,
  DriverType,
  Emit,
  LearnedStore,
  Point,
  TraceTap,
} from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Restarts } from '../core/restarts.ts'
import type { Tracer } from '../core/spans.ts'
import type { TagId } from '../core/value.ts'
import type { StoredTimes } from './backfill.ts'
import { ConnectGate } from './connect-gate.ts'
import { DeviceContext } from './device-context.ts'
import { Lifecycle } from './lifecycle.ts'
import type { LineView } from './line.ts'
import { Lines } from './lines.ts'
import { Schedule } from './schedule.ts'
import type { DeviceSession } from './session.ts'

/** How long `stop` waits for drivers that do not close. */
const CLOSE_LIMIT_MS = 700
/** How often it is looked whether everything goes on. */
const LOOK_MS = 5000

/** One configured device: its driver type, its parsed options, its points with their parsed addresses. */
export interface DeviceSetup {
  readonly name: string
  readonly type: DriverType
  /** Parsed by `type.options`. */
  readonly options: unknown
  readonly enabled: boolean
  /** Polled in groups of the same `settings.everyMs`. */
  readonly points: readonly Point<unknown>[]
}

/** What polling gets from the gateway. */
export interface PollingContext {
  readonly clock: Clock
  readonly log: Log
  readonly dial: Context['dial']
  readonly resolve?: Context['resolve']
  /** 0…1, for the jitter of retries; Math.random where absent. */
  readonly random?: (() => number) | undefined
  /** The protocol trace of a device, where one is wanted. */
  readonly trace?: ((device: string) => TraceTap | undefined) | undefined
  /** Where some polls are recorded as spans; absent: none. */
  readonly tracer?: Tracer | undefined
  /** What drivers keep across restarts. */
  readonly learned?: ((device: string) => LearnedStore | undefined) | undefined
  /** The value of a tag holds still, without a row that says so. */
  readonly confirm?: ((tag: TagId, at: number) => void) | undefined
  /** Until when values are stored: where gaps begin. */
  readonly stored?: StoredTimes | undefined
  /** Who keeps the figures of a device: up, down, samples expected and good. */
  readonly account?: ((device: string) => DeviceAccount) | undefined
  /** Where actions that do not go through the commands are put on record. */
  /** Throws while all writes are locked. */
  readonly assertWritable?: (() => void) | undefined
  readonly audit?: ((device: string, action: AuditedAction) => Promise<void>) | undefined
  readonly certificates?: CertificatePlace | undefined
  /** Where it is counted what was begun anew because it did not go on. */
  readonly restarts?: Restarts | undefined
}

/** What is to become of the devices; those that are not named go on as they are. */
export interface DeviceChange {
  /** Names of devices that end. */
  readonly stop: readonly string[]
  /** Devices that begin: new ones, and those that end and begin anew. */
  readonly start: readonly DeviceSetup[]
  /** Devices that get other points, and keep their connections. Points that are the same are the very same objects. */
  readonly repoint: ReadonlyMap<string, readonly Point<unknown>[]>
  /** The names of all devices from then on, in order. */
  readonly order: readonly string[]
}

export interface PreparedChange {
  /** Ends those that end; resolves within a second. */
  stop(): Promise<void>
  /** Other points and new devices. Synchronous: nothing is polled with the old points after it. */
  apply(): void
  /** It is not carried out. */
  discard(): void
}

export interface Polling {
  /** Connects the devices and polls them until `stop`. Call once. */
  start(emit: Emit): void
  /** Ends within a second: aborts what is in flight and closes every driver. */
  stop(): Promise<void>
  /** With a reason: no poll begins until it is called without; writes and reads on demand go on. */
  hold(reason: string | undefined): void
  device(name: string): DeviceSession | undefined
  /** The very same list, as devices come and go. */
  readonly devices: readonly DeviceSession[]
  /** Samples of all devices since the start, those that are gone included. */
  readonly samples: number
  /** The same by the quality that the drivers gave them. */
  readonly samplesByQuality: { readonly good: number; readonly uncertain: number; readonly bad: number }
  /** Makes what `change` needs: throws where a device cannot be made, and then nothing has happened. */
  prepare(change: DeviceChange): PreparedChange
  /** How often devices came, went or changed places: what is summed over some of them is over others since. */
  readonly changes: number
  /** The lines and who uses how much of them, as of the moment when it is read. */
  readonly lines: readonly LineView[]
}

/** Sessions for these devices; nothing is opened before `start`. */
export function createPolling(devices: readonly DeviceSetup[], context: PollingContext): Polling {
  const schedule = new Schedule(context.clock)
  const gate = new ConnectGate(context.clock)
  const lines = new Lines(context.clock)
  const common = new Map<string, unknown>()
  const sessions: Lifecycle[] = []
  const byName = new Map<string, Lifecycle>()
  let held: string | undefined
  let emit: Emit | undefined
  /** Of devices that are no longer there. */
  const gone = { samples: 0, good: 0, uncertain: 0 }
  let changes = 0
  let looking: Timer | undefined

  function create(setup: DeviceSetup, leaving: ReadonlySet<string>): Lifecycle {
    const line = lines.join(setup, leaving)
    const own = new DeviceContext(setup, line, common, context)
    const session = new Lifecycle(setup, setup.type.create(setup.options as never, own), line, {
      context,
      schedule,
      gate,
    })
    own.onChanged = () => session.observed()
    return session
  }

  function begin(session: Lifecycle): void {
    byName.set(session.name, session)
    if (emit === undefined) return
    if (held !== undefined) session.hold(held)
    session.start(emit)
  }

  async function end(names: readonly string[]): Promise<void> {
    const ending = names.flatMap((name) => byName.get(name) ?? [])
    await withinLimit(Promise.allSettled(ending.map(quit)), context.clock)
    for (const session of ending) {
      gone.samples += session.stats.samples
      gone.good += session.stats.good
      gone.uncertain += session.stats.uncertain
      lines.leave(session)
      byName.delete(session.name)
    }
  }

  function prepare(change: DeviceChange): PreparedChange {
    const leaving = new Set(change.stop)
    const made: Lifecycle[] = []
    const discard = (): void => {
      for (const session of made) void session.stop().catch(() => undefined)
      lines.discard(made)
    }
    try {
      for (const setup of change.start) made.push(create(setup, leaving))
      const plans = [...change.repoint].map(([name, points]) => {
        const session = byName.get(name)!
        return [session, session.plan(points)] as const
      })
      return {
        discard,
        stop: () => end(change.stop),
        apply() {
          for (const [session, plan] of plans) session.repoint(plan)
          for (const session of made) {
            lines.take(session.name, session.line)
            begin(session)
          }
          const next = change.order.flatMap((name) => byName.get(name) ?? [])
          if (next.length !== sessions.length || next.some((session, at) => session !== sessions[at])) changes++
          sessions.splice(0, Infinity, ...next)
        },
      }
    } catch (error) {
      discard()
      throw error
    }
  }

  function look(): void {
    if (schedule.revive()) {
      context.restarts?.count('poll-scheduler', 'stalled')
      context.log.error({}, 'The poll schedule stood still: it was set going again.')
    }
    const now = context.clock.monotonic()
    for (const session of sessions) session.unstick(now)
  }

  for (const setup of devices) {
    const session = create(setup, NOBODY)
    lines.take(session.name, session.line)
    sessions.push(session)
    byName.set(session.name, session)
  }
  return {
    devices: sessions,
    device: (name) => byName.get(name),
    prepare,
    get changes() {
      return changes
    },
    get lines() {
      return lines.all
    },
    get samples() {
      return sessions.reduce((sum, { stats }) => sum + stats.samples, gone.samples)
    },
    get samplesByQuality() {
      let { samples, good, uncertain } = gone
      for (const { stats } of sessions) {
        samples += stats.samples
        good += stats.good
        uncertain += stats.uncertain
      }
      return { good, uncertain, bad: samples - good - uncertain }
    },
    start(given) {
      emit = given
      for (const session of sessions) session.start(given)
      schedule.start()
      looking = context.clock.every(LOOK_MS, look)
    },
    hold(reason) {
      held = reason
      for (const session of sessions) session.hold(reason)
    },
    async stop() {
      looking?.cancel()
      schedule.stop()
      gate.stop()
      await withinLimit(Promise.allSettled(sessions.map(quit)), context.clock)
    },
  }
}

const NOBODY: ReadonlySet<string> = new Set()

/** One that was started ends: nobody knows any more whether the device is up. */
function quit(session: Lifecycle): Promise<void> {
  session.account?.became('away')
  return session.stop()
}

function withinLimit(work: Promise<unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(CLOSE_LIMIT_MS, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
