/** Until when values are stored, for devices whose own history fills the gaps. */
import type { Clock } from '../core/clock.ts'
import type { StoredTimes } from '../polling/backfill.ts'
import { lastTimes } from '../store/last-times.ts'
import type { Store } from '../store/store.ts'

export const storedTimes = (store: Store, clock: Clock): StoredTimes => ({
  lastTime(tag) {
    const { value, time } = store.latest.get(tag)
    return value === undefined ? undefined : time
  },
  before: (tags, range, signal) => lastTimes(store, tags, { ...range, now: clock.now() }, signal),
})
