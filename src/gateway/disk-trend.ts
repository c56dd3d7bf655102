/** How long the disk lasts, by what was free on it in the last half hour. */

interface Point {
  readonly at: number
  readonly freeBytes: number
}

const WINDOW_MS = 30 * 60_000
const POINT_MS = 60_000

export class DiskTrend {
  #points: Point[] = []

  /** `at` on the clock that only goes forward; seconds until nothing is free, null where it does not become less. */
  secondsLeft(at: number, freeBytes: number): number | null {
    this.#points = this.#points.filter((point) => at - point.at <= WINDOW_MS)
    const first = this.#points[0]
    if (first === undefined || at - this.#points.at(-1)!.at >= POINT_MS) this.#points.push({ at, freeBytes })
    if (first === undefined || at - first.at < POINT_MS || freeBytes >= first.freeBytes) return null
    return (freeBytes / (first.freeBytes - freeBytes)) * ((at - first.at) / 1000)
  }
}
