/**
 * The one place that decides what follows when a sink's `write` (or `connect`, or `gap`) throws. Pure: the runner carries
 * out the decision. No decision drops a sample without a reason that is counted.
 */
import type { SampleBatch } from '../core/batch.ts'
import { BusyError, GatewayError, messageOf, PartialWriteError } from '../core/errors.ts'

/** How many identical unknown failures of one batch are taken before it is bisected. */
export const IDENTICAL_FAILURES = 5

/** What the runner does next. Every decision but the two rejections ends in the same rows being written again. */
export type Decision =
  /** The connection is gone: pause (growing, jittered), connect again. */
  | { readonly action: 'reconnect'; readonly reason: string }
  /** The far side asks for patience: wait that long. */
  | { readonly action: 'wait'; readonly reason: string; readonly ms: number }
  /** Credentials or configuration refused: a person has to act; pause and try again, nothing is dropped. */
  | { readonly action: 'hold'; readonly reason: string }
  /** These rows, and only these, go to the dead letters. */
  | { readonly action: 'reject-rows'; readonly reason: string; readonly rejected: ReadonlyMap<number, string> }
  /** All rows go to the dead letters. */
  | { readonly action: 'reject-batch'; readonly reason: string }
  /** Nobody knows what this is: pause and try again. */
  | { readonly action: 'retry'; readonly reason: string }
  /** Unknown, and always the same: look for the row that causes it. */
  | { readonly action: 'bisect'; readonly reason: string }

/** `identical`: how many times in a row this batch has failed with this same message, this time included. */
export function decide(error: unknown, identical: number): Decision {
  const reason = messageOf(error)
  if (error instanceof PartialWriteError) return { action: 'reject-rows', reason, rejected: error.rejected }
  if (error instanceof BusyError) return { action: 'wait', reason, ms: error.retryAfterMs }
  switch (error instanceof GatewayError ? error.code : undefined) {
    case 'NOT_CONNECTED':
    case 'TIMEOUT':
    case 'PROTOCOL_VIOLATION':
      return { action: 'reconnect', reason }
    case 'SINK_REFUSED':
    case 'CONFIG_INVALID':
      return { action: 'hold', reason }
    case 'SINK_REJECTED':
      return { action: 'reject-batch', reason }
    default:
      return { action: identical < IDENTICAL_FAILURES ? 'retry' : 'bisect', reason }
  }
}

/** Each row of a batch with this reason. */
export function everyRow(batch: SampleBatch, reason: string): ReadonlyMap<number, string> {
  const rows = new Map<number, string>()
  for (let row = 0; row < batch.length; row++) rows.set(row, reason)
  return rows
}
