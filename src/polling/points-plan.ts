/** How a device's points are read: by interval, each group with the driver's plan; made anew only for groups that differ. */
import type { Driver, Point, Poll } from '../core/driver.ts'
import { subscribedOf } from './subscribed.ts'
import { groupByInterval, type PollGroup } from './poll-group.ts'

export interface PointsPlan {
  readonly points: readonly Point<unknown>[]
  /** Those among them whose values come by themselves. */
  readonly subscribed: readonly Point<unknown>[]
  readonly groups: readonly PlannedGroup[]
}

export interface PlannedGroup {
  readonly everyMs: number
  readonly points: readonly Point<unknown>[]
  /** Undefined: a group of the present plan goes on as it is. */
  readonly poll: Poll | undefined
}

/** No I/O. `present`: the groups there are. Points that are the very same objects have not changed. */
export function planPoints(
  driver: Driver<unknown>,
  points: readonly Point<unknown>[],
  present: readonly PollGroup[] = [],
): PointsPlan {
  const subscribed = subscribedOf(driver, points)
  const own = new Set(subscribed)
  const polled = own.size === 0 ? points : points.filter((point) => !own.has(point))
  const groups = groupByInterval(polled).map(([everyMs, all]) => {
    const known = present.find((group) => group.everyMs === everyMs)
    const goesOn = known !== undefined && areSame(known.points, all)
    return { everyMs, points: all, poll: goesOn ? undefined : driver.prepare(all) }
  })
  return { points, subscribed, groups }
}

/** The very same points in the same order. */
export const areSame = (some: readonly Point<unknown>[], others: readonly Point<unknown>[]): boolean =>
  some.length === others.length && some.every((point, at) => point === others[at])
