/** How many lines were said, by component and level; repeats that were summarised count too. */
import type { SpokenLevel } from './log-levels.ts'

/** Components are words of the code; whatever comes beyond counts as one. */
const MOST = 100
const OTHER = '_other'

export class MessageCounts {
  readonly #counts = new Map<string, Record<SpokenLevel, number>>()

  get all(): ReadonlyMap<string, Readonly<Record<SpokenLevel, number>>> {
    return this.#counts
  }

  count(level: SpokenLevel, component: string): void {
    let counts = this.#counts.get(component)
    if (counts === undefined) {
      const name = this.#counts.size < MOST ? component : OTHER
      counts = this.#counts.get(name) ?? { debug: 0, info: 0, warn: 0, error: 0 }
      this.#counts.set(name, counts)
    }
    counts[level]++
  }
}
