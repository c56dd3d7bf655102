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
    const list = this.#list
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (list[middle]!.to < from) low = middle + 1
      else high = middle
    }
    return low < list.length && list[low]!.from <= from && to <= list[low]!.to
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
   * At most so many stretches: what lies between others counts as here. First that is what is `settled` anyway, samples that were refused;
   * then the shortest, so that a long stretch that still waits for its turn is not taken for known.
   */
  bound(most: number, settled: Ranges = NONE): void {
    const list = this.#list
    if (list.length <= most) return
    const holes = list.slice(1).map(({ from }, at) => {
      const start = list[at]!.to + 1
      return { at: at + 1, rank: settled.hasAll(start, from - 1) ? 0 : from - start }
    })
    holes.sort((a, b) => a.rank - b.rank || a.at - b.at)
    const closed = new Set(holes.slice(0, list.length - most).map(({ at }) => at))
    const bounded: { from: number; to: number }[] = []
    for (const [at, range] of list.entries()) {
      if (closed.has(at)) bounded.at(-1)!.to = range.to
      else bounded.push(range)
    }
    this.#list = bounded
  }

  /** At most so many stretches: the lowest are forgotten. */
  forget(most: number): void {
    if (this.#list.length > most) this.#list.splice(0, this.#list.length - most)
  }
}

const NONE = new Ranges()
