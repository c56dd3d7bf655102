/**
 * The heartbeat: a tag for which nothing was passed on for `maxSilence` sends its newest row again, value, status and time as
 * they were read; it stays as old as it is. A tag that never gave a row stays silent: nothing is invented.
 */
import { HISTORICAL } from '../core/batch.ts'
import { Rota } from './rota.ts'
import { batchesByArrival, columnOf, type StepType } from './step.ts'

export const maxSilence: StepType = {
  name: 'max-silence',
  needs: (settings) => settings.maxSilenceMs !== undefined,
  create(tags, { capacity, recent }) {
    const limit = columnOf(tags, capacity, (settings) => settings.maxSilenceMs)
    /** When the tag's last row was passed on, monotonic ms; NaN: never. */
    const sentAt = new Float64Array(capacity).fill(NaN)
    const rota = new Rota(tags.map(({ id }) => id))
    return {
      memory: [sentAt],
      apply(batch, now) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          if (limit[tag]! >= 0 && (batch.flags[row]! & HISTORICAL) === 0) sentAt[tag] = now
        }
        return batch
      },
      tick(now) {
        const silent = rota.next((tag) => now - sentAt[tag]! >= limit[tag]!)
        for (const tag of silent) sentAt[tag] = now
        return batchesByArrival(silent, recent.receivedAt, (tag, out) => recent.push(out, tag))
      },
    }
  },
}
