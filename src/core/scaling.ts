/** The straight line between what a device holds and what people read: engineering = raw × scale + offset. */
import type { TagSettings } from './tags.ts'

type Scaling = Pick<TagSettings, 'scale' | 'offset'>

/** True when the tag's values differ from what the device holds. */
export const isScaled = ({ scale, offset }: Scaling): boolean => (scale ?? 1) !== 1 || (offset ?? 0) !== 0

export const toEngineering = (raw: number, { scale, offset }: Scaling): number => raw * (scale ?? 1) + (offset ?? 0)

export const toRaw = (engineering: number, { scale, offset }: Scaling): number =>
  (engineering - (offset ?? 0)) / (scale ?? 1)

/** A deadband in the tag's unit; percent counts of low…high, and is 0 where that range is not given. */
export function toAbsolute(
  deadband: NonNullable<TagSettings['deadband']>,
  { low, high }: Pick<TagSettings, 'low' | 'high'>,
): number {
  if ('absolute' in deadband) return deadband.absolute
  return low === undefined || high === undefined ? 0 : (deadband.percent / 100) * (high - low)
}
