/** From tags to what the address space shows of them: those that the options name, and what of them has changed. */
import { isScaled } from '../../core/scaling.ts'
import { matchesTag } from '../../core/tag-pattern.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import type { TagNode } from './messages.ts'

export class TagNodes {
  readonly #tags: TagTable
  readonly #patterns: readonly string[]
  readonly #shown = new Map<TagId, TagInfo>()
  #version = -1

  constructor(tags: TagTable, patterns: readonly string[]) {
    this.#tags = tags
    this.#patterns = patterns
  }

  has(tag: TagId): boolean {
    return this.#shown.has(tag)
  }

  /** Those that have come or changed since the last call. */
  news(): readonly TagNode[] {
    if (this.#version === this.#tags.version) return []
    this.#version = this.#tags.version
    const news: TagNode[] = []
    for (const info of this.#tags.values()) {
      if (this.#shown.get(info.id) === info || !this.#isChosen(info)) continue
      this.#shown.set(info.id, info)
      news.push(nodeOf(info))
    }
    return news
  }

  /** Those that are no longer there, since the last call; asked after `news`. */
  gone(): readonly TagId[] {
    const gone: TagId[] = []
    for (const [id, info] of this.#shown) if (this.#tags.get(id) !== info) gone.push(id)
    for (const id of gone) this.#shown.delete(id)
    return gone
  }

  #isChosen({ device, settings }: TagInfo): boolean {
    return this.#patterns.some((pattern) => matchesTag(pattern, device, settings.name))
  }
}

function nodeOf({ id, device, settings }: TagInfo): TagNode {
  const { name, unit, low, high, symbols, description, writable } = settings
  return { tag: id, device, name, type: typeOf(settings), unit, low, high, symbols, description, writable }
}

/** Values that are scaled, or cut at limits between whole numbers, are a float64 whatever the device has. */
function typeOf(settings: TagInfo['settings']): TagNode['type'] {
  const { type, clamp, low, high } = settings
  if (!type.includes('int')) return type === 'float32' && isScaled(settings) ? 'float64' : type
  const cut = clamp && ![low, high].every((limit) => limit === undefined || Number.isInteger(limit))
  return isScaled(settings) || cut ? 'float64' : type
}
