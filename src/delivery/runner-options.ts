/** What the runner of one sink is made of. */
import type { Clock } from '../core/clock.ts'
import type { Cursor } from '../core/cursor.ts'
import type { Log } from '../core/log.ts'
import type { Sink } from '../core/sink.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { SinkCallsOptions } from './sink-calls.ts'

export interface RunnerOptions {
  readonly name: string
  /** The sink's type: mqtt, kafka … */
  readonly type: string
  readonly sink: Sink
  /** Another sink like it, for one that hangs and ignores that. */
  readonly renew?: SinkCallsOptions['renew']
  /** How long a call of the sink may go without an answer; two minutes where absent. */
  readonly stuckAfterMs?: SinkCallsOptions['stuckAfterMs']
  /** A call of it did not end, or it was renewed. */
  readonly onStuck?: SinkCallsOptions['onStuck']
  readonly cursor: Cursor
  readonly clock: Clock
  readonly log: Log
  readonly deadLetters: DeadLetters
  /** False: the cursor keeps counting, nothing is sent. */
  readonly enabled?: boolean | undefined
  readonly isInsecure?: boolean | undefined
  /** The most rows of one write; 1,000 where absent. */
  readonly batchRows?: number | undefined
  /** The most rows a second that a replay on command delivers; as fast as the far side takes them where absent. */
  readonly replayRowsPerSecond?: number | undefined
  /** First and longest pause between attempts; 250 ms and 30 s where absent. */
  readonly pause?: { readonly firstMs: number; readonly maxMs: number } | undefined
  /** 0 ≤ x < 1, for the jitter; Math.random where absent. */
  readonly random?: (() => number) | undefined
}
