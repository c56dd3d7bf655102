/**
 * engineering = raw × scale + offset. An int64 becomes a number, exact up to 2^53. Booleans, strings and bytes pass as they
 * are. A result that is not finite is no value: BadDecodingError.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, IS_UNSIGNED, type SampleBatch } from '../core/batch.ts'
import { isScaled } from '../core/scaling.ts'
import { Status } from '../core/status.ts'
import { columnOf, type StepType } from './step.ts'

export const scale: StepType = {
  name: 'scale',
  needs: isScaled,
  create(tags, { capacity }) {
    const factor = columnOf(tags, capacity, (settings) => settings.scale ?? 1)
    const offset = columnOf(tags, capacity, (settings) => settings.offset ?? 0)

    return {
      apply(batch) {
        for (let row = 0; row < batch.length; row++) {
          const by = factor[batch.tag[row]!]!
          if (by === by) scaleRow(batch, row, by, offset[batch.tag[row]!]!)
        }
        return batch
      },
    }
  },
}

function scaleRow(batch: SampleBatch, row: number, by: number, plus: number): void {
  const flags = batch.flags[row]!
  if ((flags & HAS_VALUE) === 0 || flags & (IS_BOOLEAN | IS_OTHER)) return
  const raw = flags & IS_BIG ? Number(batch.valueAt(row)) : batch.value[row]!
  const value = raw * by + plus
  batch.flags[row] = flags & ~(IS_BIG | IS_UNSIGNED)
  batch.value[row] = value
  if (Number.isFinite(value)) return
  batch.value[row] = 0
  batch.flags[row] = flags & HISTORICAL
  batch.status[row] = Status.BadDecodingError
}
