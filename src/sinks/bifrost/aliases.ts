/** The tags of a link: each gets an alias and is introduced before its first sample, and again when something about it changed. */
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import { type LinkTag } from '../../protocols/bifrost-link/index.ts'

const MAX_BYTES = 1000

export class Aliases {
  readonly #tags: TagTable
  readonly #introduced: (TagInfo | undefined)[] = []
  readonly #aliasOf: number[] = []
  #next = 1
  readonly #news: LinkTag[] = []

  constructor(tags: TagTable) {
    this.#tags = tags
  }

  /** The alias of a tag; 0: nothing is known of it. */
  of(tag: TagId): number {
    const info = this.#tags.get(tag)
    if (info === undefined) return 0
    if (this.#introduced[tag] !== info) this.#introduce(tag, info)
    return this.#aliasOf[tag]!
  }

  /** What is to be introduced before any sample is sent. */
  get news(): readonly LinkTag[] {
    return this.#news
  }

  /** The first of the news were introduced. */
  introduced(count: number): void {
    this.#news.splice(0, count)
  }

  #introduce(tag: TagId, { device, settings }: TagInfo): void {
    this.#introduced[tag] = this.#tags.get(tag)
    const alias = (this.#aliasOf[tag] ??= this.#next++)
    const { name, type, everyMs, unit, low, high, symbols, description } = settings
    this.#news.push({
      alias,
      device,
      name,
      type,
      everyMs,
      unit: within(unit),
      low,
      high,
      symbols: within(symbols),
      description: within(description),
    })
  }
}

/** A text that is too long for the link is for people only: it is left out. */
const within = (text: string | undefined): string | undefined =>
  text !== undefined && Buffer.byteLength(text) <= MAX_BYTES ? text : undefined
