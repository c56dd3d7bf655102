/**
 * Between the log and the pipe that it leaves by. A reader that stands still must neither stop the gateway nor fill its memory: past a bound
 * lines are dropped and counted until it reads again, and then it is told how many. A reader that has gone is no error either.
 */
import { DROP_REASONS, type DropReason } from '../core/log.ts'

/** A stream of Node, as far as it matters here; `process.stderr` is one. */
export interface LogStream {
  write(text: string): unknown
  readonly writableLength?: number
  /** Whether there will be a `drain`. */
  readonly writableNeedDrain?: boolean
  readonly writable?: boolean
  once?(event: 'drain', listener: () => void): unknown
  on?(event: 'error', listener: (error: Error) => void): unknown
}

export interface LogDrain {
  write(line: string): void
  readonly dropped: Readonly<Record<DropReason, number>>
}

/** What may wait for the reader. */
export const MOST_WAITING_BYTES = 2 ** 20

export const noneDropped = (): Record<DropReason, number> =>
  Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>

/** `onFlow`: the reader reads again; so many lines were dropped since `since` (ms since 1970). What it says goes into the same stream. */
export function createDrain(
  stream: LogStream,
  onFlow: (lines: number, since: number) => void,
  mostBytes = MOST_WAITING_BYTES,
): LogDrain {
  const dropped = noneDropped()
  let hole: { lines: number; readonly since: number } | undefined
  let hasFailed = false
  stream.on?.('error', () => (hasFailed = true))

  function flows(): void {
    const { lines, since } = hole!
    hole = undefined
    onFlow(lines, since)
  }

  return {
    dropped,
    write(line) {
      if (hasFailed || stream.writable === false) dropped.closed++
      else if (hole !== undefined) {
        // Until the reader has caught up: one hole of many lines is worth more than many of one.
        dropped.blocked++
        hole.lines++
      } else if ((stream.writableLength ?? 0) + line.length <= mostBytes || stream.writableNeedDrain === false) {
        // Nobody is waited for: however long the line is, no `drain` would ever end the hole.
        stream.write(line)
      } else {
        dropped.blocked++
        hole = { lines: 1, since: Date.now() }
        stream.once?.('drain', flows)
      }
    },
  }
}
