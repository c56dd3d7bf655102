/**
 * An engineering value → what the device shall hold, within the tag's limits and its type's; and the comparison of what was
 * written with what reads back.
 */
import { GatewayError } from '../core/errors.ts'
import { describeRounding, isScaled, toEngineering, toRaw, toShown } from '../core/scaling.ts'
import type { TagSettings } from '../core/tags.ts'
import { INTEGER_RANGES, type Value } from '../core/value.ts'

export interface RawValue {
  /** For the device. */
  readonly raw: Value
  /** The same in engineering units: what will read back if all is well. */
  readonly engineering: Value
  /** A sentence where that is not what was asked for. */
  readonly rounding?: string | undefined
}

/** Checks limits and undoes the scaling; a scaled value is rounded to the nearest step the device can hold. Throws INVALID_VALUE. */
export function toRawValue(value: Value, settings: TagSettings): RawValue {
  if (typeof value !== 'number' && typeof value !== 'bigint') return { raw: value, engineering: value }
  checkLimits(value, settings)
  const scaled = isScaled(settings)
  const exact = typeof value === 'number' && scaled ? toRaw(value, settings) : value
  const raw = fitType(exact, settings, scaled)
  const engineering = scaled ? toEngineering(Number(raw), settings) : raw
  return { raw, engineering, rounding: describeRounding(value, raw, settings) }
}

/** A value as the device holds it, which is to be written as it is. Throws INVALID_VALUE where it is outside the limits or the type. */
export function withinLimits(raw: Value, settings: TagSettings): RawValue {
  const engineering = toShown(raw, settings)
  toRawValue(engineering, settings)
  return { raw, engineering }
}

/** True when what reads back is what was written, as far as the type can hold it. */
export function isSameValue(written: Value, readBack: Value | undefined, settings: TagSettings): boolean {
  if (readBack === undefined) return false
  if (written instanceof Uint8Array) return readBack instanceof Uint8Array && startsWith(readBack, written)
  if (typeof written === 'string') return typeof readBack === 'string' && trimEnd(readBack) === trimEnd(written)
  if (typeof written === 'boolean') return written === readBack
  if (typeof written === 'bigint' && typeof readBack === 'bigint') return written === readBack
  const distance = Math.abs(Number(written) - Number(readBack))
  return distance <= tolerance(Number(written), settings)
}

/** Half a step of a scaled integer; the rounding of the arithmetic otherwise. */
function tolerance(written: number, { type, scale, offset }: TagSettings): number {
  const size = Math.abs(written) + Math.abs(offset ?? 0)
  if (type === 'float32') return size * 2 ** -22
  if (type === 'float64') return size * 2 ** -50
  return Math.max(isScaled({ scale, offset }) ? Math.abs(scale ?? 1) / 2 : 0, 0)
}

function checkLimits(value: number | bigint, { name, unit, low, high, writeMin, writeMax }: TagSettings): void {
  const least = Math.max(low ?? -Infinity, writeMin ?? -Infinity)
  const most = Math.min(high ?? Infinity, writeMax ?? Infinity)
  if (value >= least && value <= most) return
  const allowed =
    least === -Infinity ? `at most ${most}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`
  const suffix = unit === undefined ? '' : ` ${unit}`
  throw invalid(name, `${name} may be written from ${allowed}${suffix}: ${value} is outside.`.replace('from at', 'at'))
}

function fitType(exact: number | bigint, settings: TagSettings, scaled: boolean): number | bigint {
  const { name, type } = settings
  const limits = INTEGER_RANGES[type]
  if (limits === undefined) return fitFloat(Number(exact), settings)
  if (typeof exact === 'number' && !scaled && !Number.isInteger(exact)) {
    throw invalid(name, `${name} is a tag of type ${type}: it takes whole numbers, not ${exact}.`)
  }
  const rounded = typeof exact === 'bigint' ? exact : Math.round(exact)
  // Infinity, which undoing a tiny scale can give, is outside too.
  if (!(rounded >= limits[0] && rounded <= limits[1])) {
    const held = scaled ? `${exact} before scaling, and its type ${type}` : `${exact}, and its type ${type}`
    throw invalid(name, `${name} would be ${held} holds ${limits[0]} to ${limits[1]}.`)
  }
  return type === 'int64' || type === 'uint64' ? BigInt(rounded) : Number(rounded)
}

function fitFloat(exact: number, { name, type }: TagSettings): number {
  const raw = type === 'float32' ? Math.fround(exact) : exact
  if (Number.isFinite(raw)) return raw
  throw invalid(name, `${name} would be ${exact}, which a ${type} cannot hold.`)
}

const invalid = (tag: string, message: string): GatewayError =>
  new GatewayError('INVALID_VALUE', message, { details: { tag } })

const trimEnd = (text: string): string => text.replace(/[\0 ]+$/, '')

const startsWith = (bytes: Uint8Array, begin: Uint8Array): boolean =>
  bytes.length >= begin.length && Buffer.compare(bytes.subarray(0, begin.length), begin) === 0
