/**
 * A stretch of time of which a device's points have no samples: for each point from the last one before it to the first one behind
 * it, both exclusive, so that nothing comes twice. What has been filled stays filled when the connection is lost in the middle.
 */
import { SampleBatch } from '../core/batch.ts'
import type { Point } from '../core/driver.ts'
import type { TagId } from '../core/value.ts'

export interface Bounds {
  /** Source time of the newest sample that is there, ms since 1970. */
  after: number
  /** That of the oldest one behind the gap. */
  readonly before: number
}

export class Gap {
  /** The earliest and the latest time that is looked at. */
  readonly from: number
  readonly to: number
  /** What it was filled with. */
  samples = 0
  readonly filled = new Set<TagId>()
  readonly #bounds: ReadonlyMap<TagId, Bounds>
  #left: Point<unknown>[]

  constructor(points: readonly Point<unknown>[], bounds: ReadonlyMap<TagId, Bounds>) {
    this.#bounds = bounds
    const after = ({ tag }: Point<unknown>): number => bounds.get(tag)!.after
    // Neighbours in time are asked for together.
    this.#left = points.toSorted((a, b) => after(a) - after(b))
    this.from = Math.min(...this.#left.map(after))
    this.to = Math.max(...this.#left.map(({ tag }) => bounds.get(tag)!.before))
  }

  /** The points to be asked for next, with the time that their gaps span; undefined: all are done. */
  next(
    most: number,
  ): { readonly points: readonly Point<unknown>[]; readonly from: number; readonly to: number } | undefined {
    if (this.#left.length === 0) return undefined
    const points = this.#left.slice(0, most)
    const bounds = points.map(({ tag }) => this.#bounds.get(tag)!)
    return {
      points,
      from: Math.min(...bounds.map(({ after }) => after)),
      to: Math.max(...bounds.map(({ before }) => before)),
    }
  }

  /** These have been read to their end. */
  done(points: readonly Point<unknown>[]): void {
    const tags = new Set(points.map(({ tag }) => tag))
    this.#left = this.#left.filter(({ tag }) => !tags.has(tag))
  }

  /** The rows that belong into the gap, which is smaller from then on. */
  take(batch: SampleBatch): SampleBatch {
    const taken = new SampleBatch(batch.length, batch.receivedAt)
    for (let row = 0; row < batch.length; row++) {
      const time = batch.time[row]!
      const bounds = this.#bounds.get(batch.tag[row]!)
      if (bounds === undefined || time <= bounds.after || time >= bounds.before) continue
      taken.pushRow(batch, row)
    }
    // Behind the loop: several samples of one time are all taken.
    for (let row = 0; row < taken.length; row++) {
      const bounds = this.#bounds.get(taken.tag[row]!)!
      bounds.after = Math.max(bounds.after, taken.time[row]!)
      this.filled.add(taken.tag[row]!)
    }
    this.samples += taken.length
    return taken
  }
}
