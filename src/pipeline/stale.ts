/**
 * A value that was not read anew for longer than `staleAfter` although the link is up becomes UncertainLastUsableValue, once,
 * by a row without a value. Ages count on the monotonic clock from the last successful read, or from the last time when whoever
 * gave the value said that it holds still. A tag whose last row already said why it is old (bad, link lost) is left alone.
 */
import { HAS_VALUE, HISTORICAL, SampleBatch } from '../core/batch.ts'
import { isBad, Status } from '../core/status.ts'
import { columnOf, type StepType } from './step.ts'
import { Rota } from './rota.ts'

export const stale: StepType = {
  name: 'stale',
  needs: (settings) => settings.staleAfterMs !== undefined,
  create(tags, { capacity, rejected }) {
    const limit = columnOf(tags, capacity, (settings) => settings.staleAfterMs)
    /** When the value was last read, monotonic ms; NaN: never, or something is already known to be wrong. */
    const readAt = new Float64Array(capacity).fill(NaN)
    /** The status of that value, which comes back when the value is found to hold still. */
    const statusThen = new Uint32Array(capacity)
    /** 1: this step said that it is old. */
    const isStale = new Uint8Array(capacity)
    const back = new Set<number>()
    const rota = new Rota(tags.map(({ id }) => id))
    return {
      memory: [readAt, statusThen, isStale, back],
      apply(batch, now) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          const flags = batch.flags[row]!
          if (!(limit[tag]! >= 0) || flags & HISTORICAL) continue
          readAt[tag] = flags & HAS_VALUE && !isBad(batch.status[row]!) ? now : NaN
          statusThen[tag] = batch.status[row]!
          isStale[tag] = 0
          back.delete(tag)
        }
        return batch
      },
      confirm(tag, now) {
        if (readAt[tag]! >= 0) readAt[tag] = now
        else if (isStale[tag] === 1) back.add(tag)
      },
      tick(now, wall) {
        const returned = [...back]
        back.clear()
        const late = rota.next((tag) => now - readAt[tag]! > limit[tag]!)
        if (late.length === 0 && returned.length === 0) return []
        const batch = new SampleBatch(late.length + returned.length, wall)
        for (const tag of returned) {
          readAt[tag] = now
          isStale[tag] = 0
          batch.pushNumber(tag, 0, statusThen[tag]!, wall, 0)
        }
        for (const tag of late) {
          readAt[tag] = NaN
          isStale[tag] = 1
          batch.pushNumber(tag, 0, Status.UncertainLastUsableValue, wall, 0)
        }
        rejected.stale += late.length
        return [batch]
      },
    }
  },
}
