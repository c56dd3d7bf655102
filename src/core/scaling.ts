/** The straight line between what a device holds and what people read: engineering = raw × scale + offset. */
import type { TagSettings } from './tags.ts'
import type { Value } from './value.ts'

type Scaling = Pick<TagSettings, 'scale' | 'offset'>

/** True when the tag's values differ from what the device holds. */
export const isScaled = ({ scale, offset }: Scaling): boolean => (scale ?? 1) !== 1 || (offset ?? 0) !== 0

export const toEngineering = (raw: number, { scale, offset }: Scaling): number => raw * (scale ?? 1) + (offset ?? 0)

/** What the device holds, of whatever type, as people read it. */
export const toShown = (raw: Value, scaling: Scaling): Value =>
  isScaled(scaling) && (typeof raw === 'number' || typeof raw === 'bigint') ? toEngineering(Number(raw), scaling) : raw

export const toRaw = (engineering: number, { scale, offset }: Scaling): number =>
  (engineering - (offset ?? 0)) / (scale ?? 1)

/**
 * A sentence where what was asked for lies between two steps that the device can hold, so that it was given the nearer one. What only
 * the arithmetic of floating point makes of a number is none.
 */
export function describeRounding(asked: Value, raw: Value, settings: TagSettings): string | undefined {
  if (typeof asked !== 'number' || (typeof raw !== 'number' && typeof raw !== 'bigint')) return undefined
  const { name, type, scale, offset } = settings
  const held = toEngineering(Number(raw), settings)
  if (type.startsWith('float')) {
    // Every fraction is rounded in a float32; that a whole number was, a person would see.
    if (isScaled(settings) || !Number.isInteger(asked) || held === asked) return undefined
  } else {
    const exact = toRaw(asked, settings)
    if (Math.abs(exact - Number(raw)) <= Math.max(1e-6, Math.abs(exact) * 2 ** -50)) return undefined
  }
  const kind = [type, ...(scale === undefined ? [] : [`scale ${scale}`]), ...(offset === undefined ? [] : [`offset ${offset}`])] // prettier-ignore
  return `${asked} was rounded to ${Number(held.toPrecision(15))}, the nearest value that ${name} (${kind.join(', ')}) can hold.`
}

/** A deadband in the tag's unit; percent counts of low…high, and is 0 where that range is not given. */
export function toAbsolute(
  deadband: NonNullable<TagSettings['deadband']>,
  { low, high }: Pick<TagSettings, 'low' | 'high'>,
): number {
  if ('absolute' in deadband) return deadband.absolute
  return low === undefined || high === undefined ? 0 : (deadband.percent / 100) * (high - low)
}
