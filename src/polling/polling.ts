/**
 * When to read: one schedule, one line a socket or serial port, one session a device. Everything that devices say comes out
 * as batches of one `emit`.
 */
import type { Clock } from '../core/clock.ts'
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
import type { TagId } from '../core/value.ts'
import type { StoredTimes } from './backfill.ts'
import { ConnectGate } from './connect-gate.ts'
import { DeviceContext } from './device-context.ts'
import { Lifecycle } from './lifecycle.ts'
import { Line, type LineView } from './line.ts'
import { Schedule } from './schedule.ts'
import type { DeviceSession } from './session.ts'

/** How long `stop` waits for drivers that do not close. */
const CLOSE_LIMIT_MS = 700

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
  /** 0…1, for the jitter of retries; Math.random where absent. */
  readonly random?: (() => number) | undefined
  /** The protocol trace of a device, where one is wanted. */
  readonly trace?: ((device: string) => TraceTap | undefined) | undefined
  /** What drivers keep across restarts. */
  readonly learned?: ((device: string) => LearnedStore | undefined) | undefined
  /** The value of a tag holds still, without a row that says so. */
  readonly confirm?: ((tag: TagId, at: number) => void) | undefined
  /** Until when values are stored: where gaps begin. */
  readonly stored?: StoredTimes | undefined
  /** Where actions that do not go through the commands are put on record. */
  readonly audit?: ((device: string, action: AuditedAction) => Promise<void>) | undefined
  readonly certificates?: CertificatePlace | undefined
}

export interface Polling {
  /** Connects the devices and polls them until `stop`. Call once. */
  start(emit: Emit): void
  /** Ends within a second: aborts what is in flight and closes every driver. */
  stop(): Promise<void>
  /** With a reason: no poll begins until it is called without; writes and reads on demand go on. */
  hold(reason: string | undefined): void
  device(name: string): DeviceSession | undefined
  readonly devices: readonly DeviceSession[]
  /** The lines and who uses how much of them, as of the moment when it is read. */
  readonly lines: readonly LineView[]
}

/** Sessions for these devices; nothing is opened before `start`. */
export function createPolling(devices: readonly DeviceSetup[], context: PollingContext): Polling {
  const schedule = new Schedule(context.clock)
  const gate = new ConnectGate(context.clock)
  const lines = new Map<string, Line>()
  const names = new Set<string>()
  const common = new Map<string, unknown>()
  const sessions = devices.map((setup) => {
    const line = lineOf(setup, lines, names, context.clock)
    const own = new DeviceContext(setup, line, common, context)
    const session = new Lifecycle(setup, setup.type.create(setup.options as never, own), line, {
      context,
      schedule,
      gate,
    })
    own.onChanged = () => session.observed()
    return session
  })
  const byName = new Map(sessions.map((session) => [session.name, session]))
  return {
    devices: sessions,
    device: (name) => byName.get(name),
    lines: [...lines.values()],
    start(emit) {
      for (const session of sessions) session.start(emit)
      schedule.start()
    },
    hold(reason) {
      for (const session of sessions) session.hold(reason)
    },
    async stop() {
      schedule.stop()
      gate.stop()
      await withinLimit(Promise.allSettled(sessions.map((session) => session.stop())), context.clock)
    },
  }
}

/** Devices of one driver type with the same key share a line. `names`: those of the lines, each once. */
function lineOf({ type, options }: DeviceSetup, lines: Map<string, Line>, names: Set<string>, clock: Clock): Line {
  const name = type.line(options as never)
  const key = `${type.name} ${name}`
  let line = lines.get(key)
  if (line === undefined) {
    line = new Line(names.has(name) ? key : name, type.inFlight?.(options as never) ?? 1, clock)
    lines.set(key, line)
    names.add(line.key)
  }
  return line
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
