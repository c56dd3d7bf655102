/** A parameter set as the device has it now: one reading a parameter, in the order of the set. */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Identity, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import type { ParameterSet, ParameterSettings } from '../core/parameters.ts'
import { isBad, Status, type StatusCode } from '../core/status.ts'
import type { TagId, Value } from '../core/value.ts'

/** What is needed of a device; a DeviceSession is one. */
export interface ParameterDevice {
  readonly name: string
  readNow(points: readonly Point<unknown>[], signal: AbortSignal): Promise<SampleBatch>
  identify(signal: AbortSignal): Promise<Identity>
  /** What is wrong with it as a whole; null while nothing is. */
  readonly reason: string | null
  reasonOf(tag: TagId): string | undefined
}

export interface ParameterPoint extends Point<unknown> {
  readonly settings: ParameterSettings
}

/** A configured set with what the driver is asked for. */
export interface PointedSet extends ParameterSet {
  readonly points: readonly ParameterPoint[]
}

export interface Reading {
  readonly settings: ParameterSettings
  /** As the device holds it, scaling undone; undefined: it could not be read. */
  readonly raw: Value | undefined
  readonly status: StatusCode
  /** Why, where more is known than the status says. */
  readonly reason?: string | undefined
}

/** A whole set, and who the device is. */
export interface SetReading {
  /** ms since 1970. */
  readonly time: number
  readonly identity: Identity
  readonly readings: readonly Reading[]
}

/**
 * Parameters are no tags: their ids only number them for the driver of one device, above those of any tag and below those that the
 * Modbus driver gives itself.
 */
export const FIRST_PARAMETER_TAG = 0xfc00_0000

/** How long a device may take to give all of a set. */
const READ_LIMIT_MS = 120_000

const ABSENT: ReadonlySet<StatusCode> = new Set([
  Status.BadNotConnected,
  Status.BadNoCommunication,
  Status.BadOutOfService,
])

/** True where the device was not there to be asked. */
export const isAbsent = ({ status }: { status: StatusCode }): boolean => ABSENT.has(status)

/** Throws NOT_CONNECTED where the device could not be asked at all, or the connection was lost on the way. */
export async function readSet(
  device: ParameterDevice,
  points: readonly ParameterPoint[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Reading[]> {
  const limit = new AbortController()
  const timer = clock.after(READ_LIMIT_MS, () => limit.abort())
  const batch = await device.readNow(points, AbortSignal.any([limit.signal, signal])).finally(() => timer.cancel())
  signal.throwIfAborted()
  const rows = new Map(Array.from({ length: batch.length }, (_, row) => [batch.tag[row]!, row]))
  const readings = points.map(({ tag, settings }): Reading => {
    const row = rows.get(tag)
    if (row === undefined) return { settings, raw: undefined, status: Status.BadNoData }
    const status = batch.status[row]!
    if (!isBad(status)) return { settings, raw: batch.valueAt(row), status }
    return { settings, raw: undefined, status, reason: device.reasonOf(tag) }
  })
  if (readings.some(isAbsent)) {
    const why = device.reason ?? 'the connection was lost on the way.'
    throw new NotConnectedError(`the parameters of ${device.name} cannot be read: ${why}`)
  }
  return readings
}
