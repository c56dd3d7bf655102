/**
 * What a device holds against what is stored of it. Equal means the very same value, bit for bit (-0 is not 0), unless the parameter
 * has a tolerance; what cannot be read is never equal.
 */
import { toShown } from '../core/scaling.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { Value } from '../core/value.ts'
import type { ParameterSettings } from '../core/parameters.ts'
import type { Reading } from './reading.ts'
import { isRedefined, rawOf, type StoredVersion } from './stored.ts'

/**
 * `missing`: configured, and the version has no value of it; `removed`: in the version, and no longer configured; `redefined`: the
 * configuration has another address or type for it than it was saved with; `unreadable`: the device does not give it.
 */
export type ComparedState = 'equal' | 'different' | 'missing' | 'removed' | 'redefined' | 'unreadable'

export interface Compared {
  readonly name: string
  readonly state: ComparedState
  /** Undefined where it is no longer configured. */
  readonly settings: ParameterSettings | undefined
  /** As stored and as in the device, both as the device holds them. */
  readonly stored: Value | undefined
  readonly device: Value | undefined
  readonly status: StatusCode
  readonly reason?: string | undefined
}

/** In the order of the set; what is no longer configured comes last. */
export function compareSet({ values }: StoredVersion, readings: readonly Reading[]): Compared[] {
  const stored = new Map(values.map((value) => [value.name, value]))
  const compared = readings.map(({ settings, raw, status, reason }): Compared => {
    const one = stored.get(settings.name)
    stored.delete(settings.name)
    const before = one === undefined ? undefined : rawOf(one)
    const known = { name: settings.name, settings, stored: before, device: raw, status, reason }
    if (one !== undefined && isRedefined(one, settings)) return { ...known, stored: undefined, state: 'redefined' }
    if (raw === undefined) return { ...known, state: 'unreadable' }
    if (before === undefined) return { ...known, state: 'missing' }
    return { ...known, state: isEqual(before, raw, settings) ? 'equal' : 'different' }
  })
  const removed = [...stored.values()].map((one): Compared => {
    return {
      name: one.name,
      state: 'removed',
      settings: undefined,
      stored: rawOf(one),
      device: undefined,
      status: Status.BadNoData,
    }
  })
  return [...compared, ...removed]
}

/** Both as the device holds them; the tolerance is in engineering units. */
export function isEqual(stored: Value, device: Value, settings: ParameterSettings): boolean {
  if (stored instanceof Uint8Array) return device instanceof Uint8Array && Buffer.compare(stored, device) === 0
  if (Object.is(stored, device)) return true
  const { tolerance } = settings
  if (tolerance === undefined || !isNumeric(stored) || !isNumeric(device)) return false
  const distance = Math.abs(Number(toShown(stored, settings)) - Number(toShown(device, settings)))
  // Binary fractions: 0.3 - 0.2 is more than 0.1.
  return distance <= tolerance * (1 + 1e-9)
}

const isNumeric = (value: Value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'
