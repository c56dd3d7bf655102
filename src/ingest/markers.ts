/**
 * The rows by which our own log says which numbers of another gateway's log it holds. Each stretch of received rows stands between two of
 * them, appended with it in one piece:
 *
 *     from = F · row · row · … · to = T
 *
 * The rows are some of the numbers F … T, in ascending order, and all of F … T is settled by them. A log that ends behind `from`, without
 * `to`, was torn there by a power cut or a kill: the rows that are left of the stretch are the first ones of it. They are tags like any
 * other (device: the client; `origin/LOG/from`, `origin/LOG/to`), so that sinks, too, can tell where a sample came from.
 */
import { HAS_VALUE, SampleBatch } from '../core/batch.ts'
import type { TagSettings } from '../core/tags.ts'
import type { TagId, Value } from '../core/value.ts'

export interface Markers {
  readonly from: TagId
  readonly to: TagId
}

/** The settings of both markers of a log. */
export function markerSettings(logId: string): readonly [TagSettings, TagSettings] {
  const plain = { address: '', type: 'float64', everyMs: 0, clamp: false, writable: false } as const
  const what = `of the gateway's own log ${logId}: sequence number`
  return [
    { ...plain, name: `origin/${logId}/from`, description: `First ${what} of the samples that follow.` },
    { ...plain, name: `origin/${logId}/to`, description: `Last ${what} of the samples before.` },
  ]
}

/** A row that was found in a stretch without an end. */
interface StoredRow {
  readonly tag: TagId
  readonly time: number
  readonly status: number
  readonly value: Value | undefined
}

/** The rows of a torn stretch, by tag and in order. */
export class TornRows {
  readonly #rows = new Map<TagId, StoredRow[]>()
  readonly from: number
  #count = 0

  constructor(from: number) {
    this.from = from
  }

  get count(): number {
    return this.#count
  }

  add(batch: SampleBatch, row: number): void {
    this.#keep(rowOf(batch, row))
  }

  /** Takes up those of a later stretch that was torn, too. */
  join(later: TornRows): void {
    for (const rows of later.#rows.values()) for (const stored of rows) this.#keep(stored)
  }

  /** True when this row, which comes again, is the next of its tag that is stored already; it is taken off then. */
  take(batch: SampleBatch, row: number): boolean {
    const rows = this.#rows.get(batch.tag[row]!)
    if (rows === undefined) return false
    const at = rows.findIndex((stored) => isSame(stored, rowOf(batch, row)))
    if (at < 0) return false
    this.#count -= at + 1
    rows.splice(0, at + 1)
    return true
  }

  #keep(stored: StoredRow): void {
    const before = this.#rows.get(stored.tag)
    if (before === undefined) this.#rows.set(stored.tag, [stored])
    else before.push(stored)
    this.#count++
  }
}

const rowOf = (batch: SampleBatch, row: number): StoredRow => ({
  tag: batch.tag[row]!,
  time: batch.time[row]!,
  status: batch.status[row]!,
  value: (batch.flags[row]! & HAS_VALUE) === 0 ? undefined : batch.valueAt(row),
})

function isSame(a: StoredRow, b: StoredRow): boolean {
  if (a.time !== b.time || a.status !== b.status) return false
  if (a.value instanceof Uint8Array && b.value instanceof Uint8Array) return Buffer.compare(a.value, b.value) === 0
  return Object.is(a.value, b.value)
}
