/**
 * What a pipeline step is. A step owns the batch while it has it: it changes rows in place, takes rows out, or answers with a
 * batch of its own where it adds some. State lives in columns indexed by tag id.
 */
import { SampleBatch } from '../core/batch.ts'
import type { TagInfo, TagSettings } from '../core/tags.ts'
import type { TagId, Value } from '../core/value.ts'
import type { RecentRows } from './recent.ts'

/** The rules that can find fault with a value; each has a counter. */
export type Rule = 'range' | 'clamp' | 'spike' | 'stale'

export interface StepContext {
  /** One more than the highest tag id. */
  readonly capacity: number
  readonly rejected: Record<Rule, number>
  /** The newest row of each tag that may not be silent for long. */
  readonly recent: RecentRows
  /** A row was held back that confirms the last value. */
  readonly held: (tag: TagId, receivedAt: number) => void
}

/** By tag id. */
export type Memory = Float64Array | Uint32Array | Uint8Array | Map<TagId, unknown> | Set<TagId>

export interface Step {
  /** `now` is monotonic, ms. Rows of tags that don't need the step pass untouched. */
  apply(batch: SampleBatch, now: number): SampleBatch
  /** What is due by time alone, as rows for the steps after this one. `wall` is ms since 1970. */
  tick?(now: number, wall: number): readonly SampleBatch[]
  /** The tag's value holds still, says who gave it. */
  confirm?(tag: TagId, now: number): void
  /** By what it judges the next row of a tag, in numbers: asked before `apply` by somebody who wants it explained. */
  facts?(tag: TagId): Readonly<Record<string, Value | undefined>>
  /** What is held back of these tags; of all where absent: at the end. */
  flush?(tags?: ReadonlySet<TagId>): readonly SampleBatch[]
  /** What it remembers of tags, always in the same order: handed on when the tags change. */
  readonly memory?: readonly Memory[]
  /** A later step sent this row with a value out by itself: it is now what the far side knows. */
  sent?(batch: SampleBatch, row: number): void
}

export interface StepType {
  readonly name: string
  /** Which tags need it. */
  needs(settings: TagSettings): boolean
  /** `tags`: those that need it, at least one. */
  create(tags: readonly TagInfo[], context: StepContext): Step
}

/** A column of 0 and 1 that marks these tags. */
export function markTags(tags: readonly TagInfo[], capacity: number): Uint8Array {
  const marks = new Uint8Array(capacity)
  for (const { id } of tags) marks[id] = 1
  return marks
}

/** A column with one setting of these tags; NaN elsewhere. */
export function columnOf(
  tags: readonly TagInfo[],
  capacity: number,
  setting: (settings: TagSettings) => number | undefined,
): Float64Array {
  const column = new Float64Array(capacity).fill(NaN)
  for (const { id, settings } of tags) column[id] = setting(settings) ?? NaN
  return column
}

/**
 * Rows that leave later than they arrived, in one batch for each arrival: a value that is sent again is no younger for it.
 * `receivedAt` is a column by tag; `push` appends the row of a tag.
 */
export function batchesByArrival(
  tags: readonly TagId[],
  receivedAt: Float64Array,
  push: (tag: TagId, out: SampleBatch) => void,
): readonly SampleBatch[] {
  const arrivals = new Map<number, TagId[]>()
  for (const tag of tags) {
    const together = arrivals.get(receivedAt[tag]!)
    if (together === undefined) arrivals.set(receivedAt[tag]!, [tag])
    else together.push(tag)
  }
  return [...arrivals].map(([arrival, together]) => {
    const out = new SampleBatch(together.length, arrival)
    for (const tag of together) push(tag, out)
    return out
  })
}
