/**
 * Holds back a value that differs from the last one passed on by no more than the deadband (OPC 10000-4, 7.22.2: a change is
 * reported when it is greater). Percent counts of low…high. Booleans, strings and bytes are held back only when equal. The
 * first value and every change of status pass; a repeated status without a value does not. Historical rows pass.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, type SampleBatch } from '../core/batch.ts'
import { toAbsolute } from '../core/scaling.ts'
import { isBad } from '../core/status.ts'
import type { TagId, Value } from '../core/value.ts'
import { endCompaction, keepRow } from './compaction.ts'
import { columnOf, type StepType } from './step.ts'

export const deadband: StepType = {
  name: 'deadband',
  needs: (settings) => settings.deadband !== undefined,
  create(tags, { capacity, held }) {
    const width = columnOf(tags, capacity, (settings) => toAbsolute(settings.deadband!, settings))
    /** What was last passed on. NaN in `value`: nothing numeric. */
    const value = new Float64Array(capacity).fill(NaN)
    const status = new Float64Array(capacity).fill(NaN)
    const others = new Map<TagId, Value>()

    function isSame(batch: SampleBatch, row: number, tag: TagId): boolean {
      const flags = batch.flags[row]!
      if (status[tag] !== batch.status[row]) return false
      if ((flags & HAS_VALUE) === 0) return true
      if (flags & (IS_BIG | IS_OTHER)) return isNear(others.get(tag), batch.valueAt(row), width[tag]!)
      if (flags & IS_BOOLEAN) return value[tag] === batch.value[row]
      return Math.abs(batch.value[row]! - value[tag]!) <= width[tag]!
    }

    function remember(batch: SampleBatch, row: number, tag: TagId): void {
      const flags = batch.flags[row]!
      status[tag] = batch.status[row]!
      if ((flags & HAS_VALUE) === 0) return
      if (flags & (IS_BIG | IS_OTHER)) others.set(tag, batch.valueAt(row)!)
      else value[tag] = batch.value[row]!
    }

    return {
      memory: [value, status, others],
      facts: (tag) => {
        const number = value[tag]!
        const last = others.get(tag) ?? (Number.isNaN(number) ? undefined : number)
        return { last, deadband: width[tag]! }
      },
      apply(batch) {
        let kept = 0
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          const judged = width[tag]! >= 0 && (batch.flags[row]! & HISTORICAL) === 0
          if (judged && isSame(batch, row, tag)) {
            if (batch.flags[row]! & HAS_VALUE && !isBad(batch.status[row]!)) held(tag, batch.receivedAt)
            continue
          }
          if (judged) remember(batch, row, tag)
          keepRow(batch, kept++, row)
        }
        endCompaction(batch, kept)
        return batch
      },
      sent(batch, row) {
        const tag = batch.tag[row]!
        if (width[tag]! >= 0) remember(batch, row, tag)
      },
    }
  },
}

/** Integers of 64 bits by their distance, strings and bytes by being equal. */
function isNear(last: Value | undefined, value: Value | undefined, width: number): boolean {
  if (typeof last === 'bigint' && typeof value === 'bigint') {
    const distance = value > last ? value - last : last - value
    return Number(distance) <= width
  }
  if (last instanceof Uint8Array && value instanceof Uint8Array) return Buffer.compare(last, value) === 0
  return last !== undefined && last === value
}
