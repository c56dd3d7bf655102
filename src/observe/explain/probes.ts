/**
 * Looks over the shoulder of the flow for whoever wants the next sample of a tag explained: what came raw, what each step of the
 * pipeline made of it, and which number the store gave it. While nobody asks, the flow pays one comparison a batch.
 */
import { HISTORICAL, SampleBatch } from '../../core/batch.ts'
import type { Emit } from '../../core/driver.ts'
import type { StatusCode } from '../../core/status.ts'
import type { TagId, Value } from '../../core/value.ts'
import type { Gateway } from '../../gateway.ts'

type StepWatch = NonNullable<Parameters<Gateway['pipeline']['apply']>[2]>

/** A row of the tag at one point of its way. Times are ms since 1970. */
export interface SeenRow {
  readonly value: Value | undefined
  readonly status: StatusCode
  readonly time: number
}

/** What one step made of it; `after` undefined: it held the row back. */
export interface SeenStep {
  readonly name: string
  readonly before: SeenRow
  readonly facts: Readonly<Record<string, Value | undefined>>
  after: SeenRow | undefined
}

/** One sample on its way from the driver into the log. */
export interface Passage {
  readonly receivedAt: number
  readonly raw: SeenRow
  readonly steps: readonly SeenStep[]
  /** The sample as a batch of its own, with its number; undefined: it was not stored. */
  stored: SampleBatch | undefined
  /** The log refused it. */
  refused: boolean
}

interface Flow {
  apply(batch: SampleBatch, emit: Emit, watch?: StepWatch): void
}

/** How many samples may be explained at once: each costs a look at every batch. */
export const MOST_PROBES = 32

export class Probes {
  readonly #probes = new Map<TagId, Set<(passage: Passage) => void>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `listener` hears of each sample of the tag, when its way has ended; returns how to stop that. */
  watch(tag: TagId, listener: (passage: Passage) => void): () => void {
    const listeners = this.#probes.get(tag) ?? new Set()
    this.#probes.set(tag, listeners.add(listener))
    this.#size++
    return () => {
      if (!listeners.delete(listener)) return
      this.#size--
      if (listeners.size === 0) this.#probes.delete(tag)
    }
  }

  /** The way of one batch, as `pipeline.apply`, `keep` being the store. */
  apply(batch: SampleBatch, pipeline: Flow, keep: (batch: SampleBatch) => number): void {
    const passages = this.#begin(batch)
    if (passages.size === 0) return pipeline.apply(batch, keep)
    pipeline.apply(batch, (clean) => noteStored(passages, clean, keep(clean)), watching(passages))
    for (const [tag, passage] of passages) for (const tell of this.#probes.get(tag) ?? []) tell(passage)
  }

  #begin(batch: SampleBatch): Map<TagId, Passage & { readonly steps: SeenStep[] }> {
    const passages = new Map<TagId, Passage & { readonly steps: SeenStep[] }>()
    for (let row = 0; row < batch.length; row++) {
      const tag = batch.tag[row]!
      if (!this.#probes.has(tag) || (batch.flags[row]! & HISTORICAL) !== 0) continue
      const raw = seen(batch, row)
      passages.set(tag, { receivedAt: batch.receivedAt, raw, steps: [], stored: undefined, refused: false })
    }
    return passages
  }
}

type Passages = ReadonlyMap<TagId, Passage & { readonly steps: SeenStep[] }>

function watching(passages: Passages): StepWatch {
  return {
    before(name, batch, factsOf) {
      for (const [tag, { steps, raw }] of passages) {
        const row = rowOf(batch, tag, raw.time)
        if (row < 0) continue
        steps.push({ name, before: seen(batch, row), facts: factsOf(tag), after: undefined })
      }
    },
    after(name, batch) {
      for (const [tag, { steps, raw }] of passages) {
        const step = steps.at(-1)
        const row = rowOf(batch, tag, raw.time)
        if (step?.name === name && row >= 0) step.after = seen(batch, row)
      }
    },
  }
}

function noteStored(passages: Passages, batch: SampleBatch, refused: number): number {
  for (const [tag, passage] of passages) {
    const row = rowOf(batch, tag, passage.raw.time)
    if (row < 0) continue
    passage.refused = refused > 0
    if (passage.refused) continue
    passage.stored = alone(batch, row)
  }
  return refused
}

function alone(batch: SampleBatch, row: number): SampleBatch {
  const one = new SampleBatch(1, batch.receivedAt)
  one.pushRow(batch, row)
  return one
}

/** The newest row of the tag with this source time; -1: it is not there. */
function rowOf(batch: SampleBatch, tag: TagId, time: number): number {
  for (let row = batch.length - 1; row >= 0; row--)
    if (batch.tag[row] === tag && batch.time[row] === time && (batch.flags[row]! & HISTORICAL) === 0) return row
  return -1
}

const seen = (batch: SampleBatch, row: number): SeenRow => ({
  value: batch.valueAt(row),
  status: batch.status[row]!,
  time: batch.time[row]!,
})
