/**
 * The engineering range low…high. A value outside keeps its number and becomes UncertainEngineeringUnitsExceeded; with
 * `clamp` it is set to the limit and becomes GoodClamped. A status that is already worse than Good stays. Integers of 64 bits
 * are judged too, exactly; booleans, strings and bytes have no range.
 */
import { HAS_VALUE, IS_BIG, IS_BOOLEAN, IS_OTHER, IS_UNSIGNED, type SampleBatch } from '../core/batch.ts'
import { isBad, isGood, Status } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import { columnOf, markTags, type StepType } from './step.ts'

const NOT_A_NUMBER = IS_BOOLEAN | IS_OTHER

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
      if (clamp && flags & IS_BIG) setBig(batch, row, limit)
      else if (clamp) batch.value[row] = limit
      if (isGood(status)) batch.status[row] = clamp ? Status.GoodClamped : Status.UncertainEngineeringUnitsExceeded
    }

    /** A bigint compares exactly with a number; a limit that is no whole number is rounded to the inside of the range. */
    function judgeBig(batch: SampleBatch, row: number, tag: TagId): void {
      if (Number.isNaN(low[tag]!)) return
      const value = batch.valueAt(row) as bigint
      if (value < low[tag]!) exceed(batch, row, Math.ceil(low[tag]!))
      else if (value > high[tag]!) exceed(batch, row, Math.floor(high[tag]!))
    }

    return {
      apply(batch) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          const value = batch.value[row]!
          if (batch.flags[row]! & IS_BIG) judgeBig(batch, row, tag)
          // Tags without a range have NaN here, and compare as false.
          else if (value < low[tag]!) exceed(batch, row, low[tag]!)
          else if (value > high[tag]!) exceed(batch, row, high[tag]!)
        }
        return batch
      },
    }
  },
}

function setBig(batch: SampleBatch, row: number, limit: number): void {
  const whole = BigInt(limit)
  batch.big![row] = BigInt.asIntN(64, whole)
  const unsigned = whole > 0x7fff_ffff_ffff_ffffn ? IS_UNSIGNED : 0
  batch.flags[row] = (batch.flags[row]! & ~IS_UNSIGNED) | unsigned
}
