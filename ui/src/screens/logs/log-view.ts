/** What the logs screen holds of the log, newest first and bounded, and how it changes: by what is said, by older pages, after an interruption. */
import type { Operations } from '../../api/operations.ts'

type Answer = Operations['GET /api/v1/logs']['answer']
export type LogPage = Exclude<Answer, string>
export type LogRecord = LogPage['records'][number]

export interface LogView {
  readonly records: readonly LogRecord[]
  readonly state: 'asking' | 'live' | 'lost'
  readonly held: LogPage['held'] | undefined
  /** Cursor of what is older; null: there is nothing. */
  readonly next: string | null
  /** What a slow page missed. */
  readonly dropped: number
  readonly error: Error | null
}

/** Records that the page keeps. */
export const MOST = 5000
export const FIRST: LogView = { records: [], state: 'asking', held: undefined, next: null, dropped: 0, error: null }

/**
 * With what the gateway has now: at the start, after a pause, after a lost connection. Where both have the same record the new ones go on
 * top of it. Where not (the gateway was started anew, and its numbers with it; or very much was said) it takes the place of what was shown.
 */
export function withNewest(before: LogView, { records, held, next }: LogPage): LogView {
  const [last] = before.records
  const at = records.findIndex(({ n, time }) => n === last?.n && time === last.time)
  const view: LogView = { ...before, held, state: 'live', error: null }
  if (at < 0) return { ...view, records, next, dropped: 0 }
  return { ...view, records: [...records.slice(0, at), ...before.records].slice(0, MOST) }
}

/** With what was just said, the oldest first. */
export function withSaid(before: LogView, said: readonly LogRecord[], dropped: number): LogView {
  return {
    ...before,
    state: 'live',
    error: null,
    records: [...said.toReversed(), ...before.records].slice(0, MOST),
    dropped: before.dropped + dropped,
  }
}

/** With the page at `cursor`; one that something else has overtaken is left out. */
export function withOlder(before: LogView, { records, next }: LogPage, cursor: string): LogView {
  if (before.next !== cursor) return before
  return { ...before, records: [...before.records, ...records].slice(0, MOST), next }
}
