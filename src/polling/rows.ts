/** Rows that a session makes itself, and what it looks for in those of a driver. */
import { SampleBatch } from '../core/batch.ts'
import type { Point } from '../core/driver.ts'
import { isGood, type StatusCode } from '../core/status.ts'

/** One row without a value for each point: it changes the status alone. */
export function statusRows(points: readonly Point<unknown>[], status: StatusCode, now: number): SampleBatch {
  const batch = new SampleBatch(points.length, now)
  for (const point of points) batch.pushNumber(point.tag, 0, status, now, 0)
  return batch
}

/** True when a row is of good quality. */
export function hasGood(batch: SampleBatch): boolean {
  for (let row = 0; row < batch.length; row++) if (isGood(batch.status[row]!)) return true
  return false
}
