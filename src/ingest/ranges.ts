/** A set of sequence numbers as stretches, ascending, that never touch: which of another gateway's numbers are here. */
import type { Range } from '../protocols/bifrost-link/index.ts'

export class Ranges {
  #list: { from: number; to: number }[]

  constructor(ranges: Iterable<Range> = []) {
    this.#list = []
    for (const { from, to } of ranges) this.add(from, to)
  }

  get list(): readonly Range[] {
    return this.#list
  }

  /** The highest number; 0 when empty. */
  get highest(): number {
    return this.#list.at(-1)?.to ?? 0
  }

  has(seq: number): boolean {
    for (let at = this.#list.length - 1; at >= 0; at--) {
      const { from, to } = this.#list[at]!
      if (seq > to) return false
      if (seq >= from) return true
    }
    return false
  }

  hasAll(from: number, to: number): boolean {
    return this.#list.some((range) => range.from <= from && to <= range.to)
  }

  /** Mostly what is added goes on from the end, so that the search begins there. */
  add(from: number, to: number): void {
    const list = this.#list
    let end = list.length
    while (end > 0 && list[end - 1]!.from > to + 1) end--
    let start = end
    while (start > 0 && list[start - 1]!.to >= from - 1) start--
    const touched = list.slice(start, end)
    const joined = { from: Math.min(from, touched[0]?.from ?? from), to: Math.max(to, touched.at(-1)?.to ?? to) }
    list.splice(start, end - start, joined)
  }

  /**
   * At most so many stretches: the lowest ones are joined, with the numbers between them. Those are the oldest samples that were refused
   * or lost, and would be asked for again by hand only.
   */
  bound(most: number): void {
    const list = this.#list
    if (list.length <= most) return
    const joined = list.splice(0, list.length - most + 1)
    list.unshift({ from: joined[0]!.from, to: joined.at(-1)!.to })
  }
}
