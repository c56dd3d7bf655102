/**
 * The heartbeat: a tag for which nothing was passed on for `maxSilence` sends its newest row again, value, status and time as
 * they were read. A tag that never gave a row stays silent: nothing is invented.
 */
import { HISTORICAL, SampleBatch } from '../core/batch.ts'
import { Rota } from './rota.ts'
import { columnOf, type StepType } from './step.ts'

export const maxSilence: StepType = {
  name: 'max-silence',
  needs: (settings) => settings.maxSilenceMs !== undefined,
  create(tags, { capacity, recent }) {
    const limit = columnOf(tags, capacity, (settings) => settings.maxSilenceMs)
    /** When the tag's last row was passed on, monotonic ms; NaN: never. */
    const sentAt = new Float64Array(capacity).fill(NaN)
    const rota = new Rota(tags.map(({ id }) => id))
    return {
      apply(batch, now) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          if (limit[tag]! >= 0 && (batch.flags[row]! & HISTORICAL) === 0) sentAt[tag] = now
        }
        return batch
      },
      tick(now, wall) {
        const silent = rota.next((tag) => now - sentAt[tag]! >= limit[tag]!)
        if (silent === undefined) return undefined
        const out = new SampleBatch(silent.length, wall)
        for (const tag of silent) {
          sentAt[tag] = now
          recent.push(out, tag)
        }
        return out
      },
    }
  },
}
