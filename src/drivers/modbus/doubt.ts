/**
 * Asking again, once a day, for what a device refused when it was learned: a firmware update may have lifted a limit or filled a gap.
 * The request tells of no value; its answer takes the fact back (`limits.ts`).
 */
import type { Span } from './plan.ts'
import type { DeviceProfile } from './profile.ts'

/** What to ask for now beside the values of a block; undefined: nothing. `parts`: the requests that read the block. */
export function takeDoubt(
  items: readonly Span[],
  parts: readonly Span[],
  profile: DeviceProfile,
  now: number,
): Span | undefined {
  const { unit, area } = items[0]!
  const fact = profile.table(unit, area).takeDoubt(now)
  if (fact === undefined) return undefined
  if ('after' in fact) return { unit, area, offset: fact.after, length: fact.before - fact.after + 1 }
  const last = items.at(-1)!
  const length = fact.refused
  const starts = parts.filter(({ offset }) => offset + length <= last.offset + last.length)
  // Where nothing but its length speaks against the request.
  const start = starts.find((span) => !profile.divides({ ...span, length }))
  return start === undefined ? undefined : { unit, area, offset: start.offset, length }
}
