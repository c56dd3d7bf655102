/**
 * Counters that must not grow: by how much each did in the last quarter of an hour, as Prometheus' `increase` says it. What was counted last
 * outlives restarts, so that what was lost around one is told.
 */

/** How long an increase is told of. */
const LATELY_MS = 15 * 60_000

interface Step {
  readonly at: number
  readonly by: number
}

interface Seen {
  count: number
  /** Increases, the oldest first. */
  readonly steps: Step[]
}

export interface KeptCounts {
  readonly owners: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

const MOST_COUNTERS = 2000
const MOST_STEPS = 60

export class Losses {
  readonly #seen = new Map<string, Seen>()
  readonly #owners: Set<string>
  /** Known from the next look on. */
  readonly #newOwners = new Set<string>()
  #now = 0

  readonly #isLate: boolean

  /** `isLate`: it begins with a process that has counted before, and that is told to nobody. */
  constructor(kept: KeptCounts | undefined, isLate = false) {
    this.#isLate = isLate
    this.#owners = new Set(kept?.owners)
    for (const [key, count] of Object.entries(kept?.counts ?? {}).slice(0, MOST_COUNTERS))
      if (Number.isFinite(count)) this.#seen.set(key, { count, steps: [] })
  }

  /** What is told from now on is of this moment, on the clock that only goes forward: one that is set keeps no alert alive. */
  begin(now: number): void {
    this.#now = now
    for (const owner of this.#newOwners) this.#owners.add(owner)
    this.#newOwners.clear()
  }

  /**
   * By how much the counter grew lately. One of an owner that was not known before (a sink with an account of its own) begins with what it
   * has; one without an owner begins at 0 with the process, unless alerts began later. One that is smaller than before began anew.
   */
  lately(key: string, count: number, owner?: string): number {
    if (owner !== undefined && !this.#owners.has(owner)) {
      this.#newOwners.add(owner)
      this.#seen.set(key, { count, steps: [] })
      return 0
    }
    const seen = this.#seen.get(key) ?? { count: this.#isLate && owner === undefined ? count : 0, steps: [] }
    if (this.#seen.size < MOST_COUNTERS) this.#seen.set(key, seen)
    const by = count < seen.count ? count : count - seen.count
    seen.count = count
    if (by > 0) seen.steps.push({ at: this.#now, by })
    while (seen.steps.length > 0 && this.#now - seen.steps[0]!.at > LATELY_MS) seen.steps.shift()
    if (seen.steps.length > MOST_STEPS) {
      const [first, second] = seen.steps.splice(0, 2) as [Step, Step]
      seen.steps.unshift({ at: second.at, by: first.by + second.by })
    }
    return seen.steps.reduce((sum, step) => sum + step.by, 0)
  }

  /** An owner is known from the next look on, whether or not it has counters. */
  know(owner: string): void {
    this.#newOwners.add(owner)
  }

  /** For the file that outlives restarts: what the process itself counts begins at 0 with it. */
  kept(): KeptCounts {
    const owners = [...this.#owners, ...this.#newOwners]
    const counts = [...this.#seen].filter(([key]) => owners.some((owner) => key.startsWith(`${owner} `)))
    return { owners, counts: Object.fromEntries(counts.map(([key, { count }]) => [key, count])) }
  }
}
