/**
 * A jump larger than `spike` from one sample to the next is passed on as UncertainSensorNotAccurate: nothing is hidden, but
 * nothing is trusted either. The next sample decides: near the jump, the step was real and becomes the new reference; back
 * near the old reference, it was a spike. After an outage the first value is taken as it is. Integers of 64 bits are compared
 * as numbers, exactly up to 2^53.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, type SampleBatch } from '../core/batch.ts'
import { isBad, isGood, Status } from '../core/status.ts'
import { columnOf, type StepType } from './step.ts'

const SKIPPED = HISTORICAL | IS_BOOLEAN | IS_OTHER

export const spike: StepType = {
  name: 'spike',
  needs: (settings) => settings.spike !== undefined,
  create(tags, { capacity, rejected }) {
    const largest = columnOf(tags, capacity, (settings) => settings.spike)
    /** The last trusted value, and the jump that waits for its confirmation; NaN: none. */
    const trusted = new Float64Array(capacity).fill(NaN)
    const suspect = new Float64Array(capacity).fill(NaN)

    function judge(batch: SampleBatch, row: number, tag: number): void {
      const flags = batch.flags[row]!
      if (flags & SKIPPED) return
      if ((flags & HAS_VALUE) === 0 || isBad(batch.status[row]!)) {
        trusted[tag] = suspect[tag] = NaN
        return
      }
      const value = flags & IS_BIG ? Number(batch.valueAt(row)) : batch.value[row]!
      // Against NaN every comparison is false: the first value is trusted.
      const jumped = Math.abs(value - trusted[tag]!) > largest[tag]!
      const confirmed = Math.abs(value - suspect[tag]!) <= largest[tag]!
      if (!jumped || confirmed) {
        trusted[tag] = value
        suspect[tag] = NaN
        return
      }
      suspect[tag] = value
      rejected.spike++
      if (isGood(batch.status[row]!)) batch.status[row] = Status.UncertainSensorNotAccurate
    }

    return {
      memory: [trusted, suspect],
      facts: (tag) => ({ trusted: known(trusted[tag]!), suspect: known(suspect[tag]!), spike: largest[tag]! }),
      apply(batch) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          if (largest[tag]! >= 0) judge(batch, row, tag)
        }
        return batch
      },
    }
  },
}

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value)
