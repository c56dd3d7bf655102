/**
 * Which tags changed since when. A change costs two array writes, whoever listens: clients are not told of changes, they ask
 * for "all tags newer than my version" when their turn comes. That is what makes conflation free and exact.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import type { TagId } from '../../core/value.ts'

export class Changes {
  /** Grows with each batch. */
  version = 0
  /** All changes so far. */
  total = 0
  #versions = new Float64Array(0)
  #counts = new Float64Array(0)

  constructor(capacity: number) {
    this.#reserve(capacity)
  }

  /** Every row that became the latest of its tag. */
  mark(batch: SampleBatch): void {
    this.version++
    const { length, tag, flags } = batch
    for (let row = 0; row < length; row++) {
      if (flags[row]! & HISTORICAL) continue
      this.#touch(tag[row]!)
    }
  }

  /** One tag whose latest state moved on without a row, such as the time of its last successful read. */
  touch(id: TagId): void {
    this.version++
    this.#touch(id)
  }

  versionOf(id: TagId): number {
    return this.#versions[id] ?? 0
  }

  /** Changes of one tag so far. */
  countOf(id: TagId): number {
    return this.#counts[id] ?? 0
  }

  /** The tags that changed after `version`, in order of their ids. */
  since(version: number): TagId[] {
    const ids: TagId[] = []
    const versions = this.#versions
    for (let id = 0; id < versions.length; id++) if (versions[id]! > version) ids.push(id)
    return ids
  }

  #touch(id: TagId): void {
    if (id >= this.#versions.length) this.#reserve(id + 1)
    this.#versions[id] = this.version
    this.#counts[id]!++
    this.total++
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#versions.length) return
    const size = Math.max(capacity, Math.ceil(this.#versions.length * 1.5))
    this.#versions = grown(this.#versions, size)
    this.#counts = grown(this.#counts, size)
  }
}

function grown(column: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(column)
  return larger
}
