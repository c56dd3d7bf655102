/** Rows that a session makes itself, and what it looks for in those of a driver. */
import { SampleBatch } from '../core/batch.ts'
import type { Point } from '../core/driver.ts'
import type { StatusCode } from '../core/status.ts'

/** One row without a value for each point: it changes the status alone. */
export function statusRows(points: readonly Point<unknown>[], status: StatusCode, now: number): SampleBatch {
  const batch = new SampleBatch(points.length, now)
  for (const point of points) batch.pushNumber(point.tag, 0, status, now, 0)
  return batch
}

/** Counts the rows by quality; returns how many are good. */
export function countRows({ length, status }: SampleBatch, into: { good: number; uncertain: number }): number {
  let good = 0
  let uncertain = 0
  for (let row = 0; row < length; row++) {
    const severity = status[row]! >>> 30
    if (severity === 0) good++
    else if (severity === 1) uncertain++
  }
  into.good += good
  into.uncertain += uncertain
  return good
}
