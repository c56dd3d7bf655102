/**
 * When to read: one schedule, one line a socket or serial port, one session a device. Everything that devices say comes out
 * as batches of one `emit`.
 */
import type { Clock } from '../core/clock.ts'
import type { Context, DriverType, Emit, Point, Trace } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { DeviceSession } from './session.ts'

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
  readonly trace?: ((device: string) => Trace | undefined) | undefined
}

export interface Polling {
  /** Connects the devices and polls them until `stop`. Call once. */
  start(emit: Emit): void
  /** Ends within a second: aborts what is in flight and closes every driver. */
  stop(): Promise<void>
  device(name: string): DeviceSession | undefined
  readonly devices: readonly DeviceSession[]
}

/** Sessions for these devices; nothing is opened before `start`. */
export declare function createPolling(devices: readonly DeviceSetup[], context: PollingContext): Polling
