/** Sets of sequence numbers, as runs of them. */

/** From and to, both included. */
export type Range = readonly [from: number, to: number]

export class Ranges {
  /** Ascending, apart from each other. */
  #runs: Range[] = []

  get runs(): readonly Range[] {
    return this.#runs
  }

  get size(): number {
    return sizeOf(this.#runs)
  }

  get last(): number {
    return this.#runs.at(-1)?.[1] ?? -Infinity
  }

  /** Returns how many of them were there already. */
  add([from, to]: Range): number {
    // Nearly all come at the end.
    let at = this.#runs.length
    while (at > 0 && this.#runs[at - 1]![1] >= from - 1) at--
    let end = at
    let known = 0
    let joined: Range = [from, to]
    while (end < this.#runs.length && this.#runs[end]![0] <= to + 1) {
      const [first, last] = this.#runs[end]!
      known += Math.max(0, Math.min(to, last) - Math.max(from, first) + 1)
      joined = [Math.min(joined[0], first), Math.max(joined[1], last)]
      end++
    }
    this.#runs.splice(at, end - at, joined)
    return known
  }

  /** The parts of a range that are not in the set. */
  missing([from, to]: Range): Range[] {
    const parts: Range[] = []
    let at = from
    for (const [first, last] of this.#runs) {
      if (first > to) break
      if (last < at) continue
      if (first > at) parts.push([at, first - 1])
      at = last + 1
    }
    if (at <= to) parts.push([at, to])
    return parts
  }
}

export const sizeOf = (ranges: readonly Range[]): number => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
