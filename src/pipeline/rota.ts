/** Visits a list of tags in slices, one a tick, so that a long list costs no long pause: all of it within four ticks. */
import type { TagId } from '../core/value.ts'

const WHOLE_LIST = 8192
const TICKS = 4
const NONE: readonly TagId[] = []

export class Rota {
  readonly #tags: Uint32Array
  readonly #slice: number
  #at = 0

  constructor(tags: readonly TagId[]) {
    this.#tags = Uint32Array.from(tags)
    this.#slice = tags.length <= WHOLE_LIST ? tags.length : Math.ceil(tags.length / TICKS)
  }

  /** The tags of the next slice for which `isDue` holds. */
  next(isDue: (tag: TagId) => boolean): readonly TagId[] {
    const end = Math.min(this.#tags.length, this.#at + this.#slice)
    let due: TagId[] | undefined
    for (let i = this.#at; i < end; i++) {
      const tag = this.#tags[i]!
      if (isDue(tag)) (due ??= []).push(tag)
    }
    this.#at = end >= this.#tags.length ? 0 : end
    return due ?? NONE
  }
}
