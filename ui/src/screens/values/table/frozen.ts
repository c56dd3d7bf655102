/** The values as they were when somebody pressed Pause: rows are updated in place, so that what is to stay is copied. */
import type { LiveStore, LiveTag } from '../../../live/store.ts'

/** What of a tag changes by itself. */
export type Shown = Pick<LiveTag, 'value' | 'text' | 'status' | 'time' | 'receivedAt' | 'reason'>

export interface Frozen {
  /** The gateway's time. */
  readonly at: number
  /** Of the store, then. */
  readonly updates: number
  readonly rows: ReadonlyMap<number, Shown>
}

export function freeze(store: LiveStore): Frozen {
  const rows = new Map<number, Shown>()
  for (const { id, value, text, status, time, receivedAt, reason } of store.tags)
    rows.set(id, { value, text, status, time, receivedAt, reason })
  return { at: store.now(), updates: store.updates, rows }
}
