/** How a write ends of which the far side took not all. */
import type { SampleBatch } from '../../core/batch.ts'
import { PartialWriteError } from '../../core/errors.ts'

/** Throws when rows were rejected (row to reason): all others are delivered. `where` begins the sentence. */
export function throwRejected(where: string, { length }: SampleBatch, rejected: ReadonlyMap<number, string>): void {
  if (rejected.size === 0) return
  const [first] = rejected.values()
  throw new PartialWriteError(`${where} will not take ${rejected.size} of ${length} samples: ${first}`, rejected)
}
