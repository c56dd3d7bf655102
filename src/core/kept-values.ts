/**
 * Rows that change the status alone get the value that their tag had until then, before they are logged: a sink that must send a
 * value sends it with the new status, and sends the same one however often and after whatever restart the row comes again.
 */
import { HAS_VALUE, HISTORICAL, type SampleBatch } from './batch.ts'
import type { TagId, Value } from './value.ts'

/** `last` knows the tags as they were before this batch. Costs a glance at each row where all of them have values. */
export function keepLastValues(batch: SampleBatch, last: (tag: TagId) => Value | undefined): void {
  const { flags, length } = batch
  let row = 0
  while (row < length && flags[row]! & HAS_VALUE) row++
  if (row === length) return
  const news = new Map<TagId, Value>()
  for (row = 0; row < length; row++) {
    if (flags[row]! & HISTORICAL) continue
    const tag = batch.tag[row]!
    if (flags[row]! & HAS_VALUE) {
      news.set(tag, batch.valueAt(row)!)
      continue
    }
    const value = news.get(tag) ?? last(tag)
    if (value !== undefined) batch.keep(row, value)
  }
}
