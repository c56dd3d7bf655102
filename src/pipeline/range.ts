/**
 * The engineering range low…high. A value outside keeps its number and becomes UncertainEngineeringUnitsExceeded; with
 * `clamp` it is set to the limit and becomes GoodClamped. A status that is already worse than Good stays.
 */
import { HAS_VALUE, IS_BIG, IS_BOOLEAN, IS_OTHER, type SampleBatch } from '../core/batch.ts'
import { isBad, isGood, Status } from '../core/status.ts'
import { columnOf, markTags, type StepType } from './step.ts'

const NOT_A_NUMBER = IS_BOOLEAN | IS_BIG | IS_OTHER

export const range: StepType = {
  name: 'range',
  needs: ({ low, high }) => low !== undefined || high !== undefined,
  create(tags, { capacity, rejected }) {
    const low = columnOf(tags, capacity, (settings) => settings.low ?? -Infinity)
    const high = columnOf(tags, capacity, (settings) => settings.high ?? Infinity)
    const clamped = markTags(
      tags.filter(({ settings }) => settings.clamp),
      capacity,
    )

    function exceed(batch: SampleBatch, row: number, limit: number): void {
      const status = batch.status[row]!
      const flags = batch.flags[row]!
      if ((flags & HAS_VALUE) === 0 || flags & NOT_A_NUMBER || isBad(status)) return
      const clamp = clamped[batch.tag[row]!] === 1
      rejected[clamp ? 'clamp' : 'range']++
      if (clamp) batch.value[row] = limit
      if (isGood(status)) batch.status[row] = clamp ? Status.GoodClamped : Status.UncertainEngineeringUnitsExceeded
    }

    return {
      apply(batch) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          const value = batch.value[row]!
          // Tags without a range have NaN here, and compare as false.
          if (value < low[tag]!) exceed(batch, row, low[tag]!)
          else if (value > high[tag]!) exceed(batch, row, high[tag]!)
        }
        return batch
      },
    }
  },
}
