/** A read that somebody asked for: goes ahead of the polls of its line, request by request, and leaves the polls' plan alone. */
import { SampleBatch } from '../core/batch.ts'
import { isUnfinished, type Driver, type Emit, type Point } from '../core/driver.ts'
import { isGood, Status, type StatusCode } from '../core/status.ts'
import { runCommand, type CommandLimits } from './command.ts'
import type { UnitUse } from './line-use.ts'
import type { Came } from './wire-figures.ts'

/** As for a command; each request counts for the unit that it asks. */
export interface ReadLimits extends Omit<CommandLimits, 'use'> {
  useOf(unit: number | undefined): UnitUse
}

/** One row a point. What could not be read has no value and the status that says why; `thrown` is as in `runCommand`. */
export async function readOnDemand(
  driver: Driver<unknown>,
  points: readonly Point<unknown>[],
  limits: ReadLimits,
  thrown: (error: unknown) => StatusCode,
): Promise<SampleBatch> {
  const rows = new SampleBatch(points.length, limits.clock.now())
  let open = true
  /** The request under way gave something else than time-outs. */
  let answered = false
  const collect: Emit = (batch) => {
    if (!open) return
    rows.receivedAt = batch.receivedAt
    for (let row = 0; row < batch.length; row++) {
      rows.pushRow(batch, row)
      if (batch.status[row] !== Status.BadTimeout) answered = true
    }
  }
  const poll = driver.prepare(points, true)
  let status: StatusCode = Status.Good
  for (let step = 0; step < poll.steps && isGood(status); step++) {
    const left = { again: true }
    let came: Came
    const read = async (signal: AbortSignal): Promise<StatusCode> => {
      answered = false
      const result = await poll.read(step, collect, signal)
      left.again = isUnfinished(result)
      came = result === 'unasked' || result === 'later' ? undefined : answered ? 'answer' : 'nothing'
      return Status.Good
    }
    const ofUnit = { ...limits, use: limits.useOf(poll.unit?.(step)), came: () => came }
    while (left.again && isGood(status)) status = await runCommand(ofUnit, read, (instead) => instead, thrown)
  }
  open = false
  const missing = isGood(status) ? Status.BadUnexpectedError : status
  const done = new Set(rows.tag.subarray(0, rows.length))
  for (const point of points) if (!done.has(point.tag)) rows.push(point.tag, undefined, missing)
  return rows
}
