/** Takes rows out of a batch in place: `keepRow` moves each kept row up, `endCompaction` cuts the rest off. */
import { IS_BIG, IS_OTHER, type SampleBatch } from '../core/batch.ts'

/** Moves row `from` to row `to`, to ≤ from. */
export function keepRow(batch: SampleBatch, to: number, from: number): void {
  if (to === from) return
  const flags = batch.flags[from]!
  batch.tag[to] = batch.tag[from]!
  batch.time[to] = batch.time[from]!
  batch.value[to] = batch.value[from]!
  batch.status[to] = batch.status[from]!
  batch.flags[to] = flags
  if (flags & IS_BIG) batch.big![to] = batch.big![from]!
  if (flags & IS_OTHER) batch.other!.set(to, batch.other!.get(from)!)
}

/** The batch now has `length` rows. */
export function endCompaction(batch: SampleBatch, length: number): void {
  if (length === batch.length) return
  batch.length = length
  if (batch.other === undefined) return
  for (const row of batch.other.keys()) {
    if (row >= length || (batch.flags[row]! & IS_OTHER) === 0) batch.other.delete(row)
  }
}
