/**
 * Remembers the newest row of each tag with a max silence, before deadband and swinging door may hold it back, so that the
 * heartbeat sends what was really read last, with its own time.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, type SampleBatch } from '../core/batch.ts'
import { isBad } from '../core/status.ts'
import type { TagId, Value } from '../core/value.ts'
import { markTags, type Memory, type StepType } from './step.ts'

/** The newest value and status of some tags, as columns. */
export class RecentRows {
  #known: Uint8Array
  readonly #value: Float64Array
  readonly #time: Float64Array
  /** When each row arrived. */
  readonly receivedAt: Float64Array
  readonly #status: Uint32Array
  readonly #flags: Uint8Array
  readonly #others = new Map<TagId, Value>()

  get memory(): readonly Memory[] {
    return [this.#known, this.#value, this.#time, this.receivedAt, this.#status, this.#flags, this.#others]
  }

  constructor(capacity: number) {
    this.#known = new Uint8Array(capacity)
    this.#value = new Float64Array(capacity)
    this.#time = new Float64Array(capacity)
    this.receivedAt = new Float64Array(capacity)
    this.#status = new Uint32Array(capacity)
    this.#flags = new Uint8Array(capacity)
  }

  keep(batch: SampleBatch, row: number): void {
    const tag = batch.tag[row]!
    const flags = batch.flags[row]!
    this.#status[tag] = batch.status[row]!
    const isFirst = this.#known[tag] === 0
    this.#known[tag] = 1
    if ((flags & HAS_VALUE) === 0 && !isFirst) return
    this.#time[tag] = batch.time[row]!
    this.receivedAt[tag] = batch.receivedAt
    if ((flags & HAS_VALUE) === 0) return
    this.#flags[tag] = flags
    this.#value[tag] = batch.value[row]!
    if (flags & (IS_BIG | IS_OTHER)) this.#others.set(tag, batch.valueAt(row)!)
  }

  /** Appends the tag's newest row; a bad status goes without its value. */
  push(out: SampleBatch, tag: TagId): void {
    const status = this.#status[tag]!
    const flags = isBad(status) ? 0 : this.#flags[tag]!
    if (flags & (IS_BIG | IS_OTHER)) return out.push(tag, this.#others.get(tag), status, this.#time[tag])
    out.pushNumber(tag, this.#value[tag]!, status, this.#time[tag]!, flags & (HAS_VALUE | IS_BOOLEAN))
  }
}

export const recent: StepType = {
  name: 'recent',
  needs: (settings) => settings.maxSilenceMs !== undefined,
  create(tags, { capacity, recent: rows }) {
    const marked = markTags(tags, capacity)
    return {
      memory: rows.memory,
      apply(batch) {
        for (let row = 0; row < batch.length; row++) {
          if (marked[batch.tag[row]!] === 1 && (batch.flags[row]! & HISTORICAL) === 0) rows.keep(batch, row)
        }
        return batch
      },
    }
  },
}
