/** The series of parameter sets that were compared. Beyond the cap they are one: differences summed, and the oldest comparison. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

type Compared = ReturnType<Gateway['parameters']['compared']>[number]

const OTHER = { device: '_other', set: '_other' }

export function differences(out: Exposition, all: readonly Compared[], max: number): void {
  for (const { device, set, differences: count } of all.slice(0, max)) out.sample({ device, set }, count)
  const others = all.slice(max)
  out.drop(others.length)
  if (others.length > 0)
    out.sample(
      OTHER,
      others.reduce((sum, one) => sum + one.differences, 0),
    )
}

export function comparedAt(out: Exposition, all: readonly Compared[], max: number): void {
  for (const { device, set, time } of all.slice(0, max)) out.sample({ device, set }, time / 1000)
  const others = all.slice(max)
  out.drop(others.length)
  if (others.length > 0) out.sample(OTHER, Math.min(...others.map(({ time }) => time)) / 1000)
}
