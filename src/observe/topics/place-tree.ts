/**
 * The places of all tags at one sink, in order, so that one level of the tree is found by binary search: a list of texts and a column of
 * tag ids, made in slices and only while somebody looks. Nothing is kept a sample.
 */
import type { SinkPlace } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import { Slice } from '../../core/slice.ts'
import { slicedSort } from '../sliced-sort.ts'

/** One node of a level. Both ends of ranges: `from` included, `to` not. */
export interface PlaceNode {
  readonly segment: string
  /** The whole place up to here. */
  readonly path: string
  /** Tags that are sent to this very place. */
  readonly from: number
  readonly to: number
  /** Tags at this place and below it. */
  readonly tags: number
  /** How many nodes the next level has, `MOST_CHILDREN` at most. */
  readonly children: number
}

export interface Level {
  readonly nodes: readonly PlaceNode[]
  /** Where the next page begins; undefined: this was the last one. */
  readonly next: string | undefined
}

/** Places, each with the range of its tags. */
export interface Found {
  readonly places: readonly { readonly place: string; readonly from: number; readonly to: number }[]
  readonly next: string | undefined
}

/** So many children are counted; more are not. */
export const MOST_CHILDREN = 100
/** Tags that are asked for, at most, between two looks at the time. */
const STRIDE = 2048

export class PlaceTree {
  readonly #places: readonly string[]
  readonly #tags: readonly TagId[]
  /** What parts levels; undefined: all places stand on one level. */
  readonly separator: string | undefined

  private constructor(places: readonly string[], tags: readonly TagId[], separator: string | undefined) {
    this.#places = places
    this.#tags = tags
    this.separator = separator
  }

  static async create(tags: readonly TagInfo[], placeOf: (tag: TagInfo) => SinkPlace | undefined): Promise<PlaceTree> {
    const slice = new Slice()
    const found: Entry[] = []
    let separator: string | undefined
    for (const [at, tag] of tags.entries()) {
      const place = placeOf(tag)
      if (place !== undefined) found.push([place.place, tag.id])
      separator ??= place?.separator
      if (at % STRIDE === 0) await slice.breathe()
    }
    const sorted = await slicedSort(found, inOrder, slice)
    return new PlaceTree(
      sorted.map(([place]) => place),
      sorted.map(([, tag]) => tag),
      separator,
    )
  }

  get size(): number {
    return this.#places.length
  }

  /** The tags of a node's own place, at most so many. */
  tagsAt({ from, to }: Pick<PlaceNode, 'from' | 'to'>, most = Infinity): readonly TagId[] {
    return this.#tags.slice(from, Math.min(to, from + most))
  }

  /** The place and the tags that are sent there; undefined: nobody sends there. */
  at(place: string): Pick<PlaceNode, 'from' | 'to'> | undefined {
    const from = this.#lower(place)
    const to = this.#lower(`${place}\u0000`)
    return to > from ? { from, to } : undefined
  }

  /** Every place with the range of its tags, in order. */
  *all(): Generator<{ readonly place: string; readonly from: number; readonly to: number }> {
    for (let from = 0, to = 0; from < this.size; from = to) {
      const place = this.#places[from]!
      for (to = from + 1; this.#places[to] === place; to++);
      yield { place, from, to }
    }
  }

  tagAt(at: number): TagId {
    return this.#tags[at]!
  }

  /** The nodes below `prefix` (a path without a separator at its end; empty: the first level), from the place `after` on. */
  async level(prefix: string, limit: number, after?: string): Promise<Level> {
    const head = prefix === '' ? '' : `${prefix}${this.separator ?? ''}`
    const end = head === '' ? this.size : this.#after(head)
    const slice = new Slice()
    const nodes: PlaceNode[] = []
    let at = Math.max(head === '' ? 0 : this.#lower(head), after === undefined ? 0 : this.#lower(after))
    while (at < end) {
      const place = this.#places[at]!
      const node = this.#node(place, head)
      if (nodes.length === limit) return { nodes, next: place }
      const isBranch = place.length > node.path.length
      // A node that is a place itself was met before its children, perhaps with others in between.
      if (!isBranch || node.to === node.from) nodes.push(node)
      at = isBranch ? this.#after(node.path + this.separator!) : node.to
      await slice.breathe()
    }
    return { nodes, next: undefined }
  }

  /** Places that hold every word, in whatever case, from the place `after` on; `limit` at most. */
  async search(words: readonly string[], limit: number, after?: string): Promise<Found> {
    const wanted = words.map((word) => word.toLowerCase())
    const slice = new Slice()
    const found: Found['places'][number][] = []
    const begin = after === undefined ? 0 : this.#lower(after)
    for (let from = begin, to = begin, seen = 1; from < this.size; from = to, seen++) {
      const place = this.#places[from]!
      for (to = from + 1; this.#places[to] === place; to++);
      if (seen % STRIDE === 0) await slice.breathe()
      const lower = place.toLowerCase()
      if (!wanted.every((word) => lower.includes(word))) continue
      if (found.length === limit) return { places: found, next: place }
      found.push({ place, from, to })
    }
    return { places: found, next: undefined }
  }

  #node(place: string, head: string): PlaceNode {
    const cut = this.separator === undefined ? -1 : place.indexOf(this.separator, head.length)
    const path = cut < 0 ? place : place.slice(0, cut)
    const from = this.#lower(path)
    const to = this.#lower(`${path}\u0000`)
    if (this.separator === undefined) return { segment: path, path, from, to, tags: to - from, children: 0 }
    const below = path + this.separator
    const tags = to - from + this.#after(below) - this.#lower(below)
    return { segment: path.slice(head.length), path, from, to, tags, children: this.#children(below) }
  }

  #children(head: string): number {
    const end = this.#after(head)
    let count = 0
    let at = this.#lower(head)
    while (at < end && count < MOST_CHILDREN) {
      const place = this.#places[at]!
      const cut = place.indexOf(this.separator!, head.length)
      const path = cut < 0 ? place : place.slice(0, cut)
      if (cut < 0 || this.#places[this.#lower(path)] !== path) count++
      at = cut < 0 ? this.#lower(`${path}\u0000`) : this.#after(path + this.separator!)
    }
    return count
  }

  /** The first place that does not begin with `head`, behind those that do. */
  #after(head: string): number {
    const last = head.length - 1
    return this.#lower(head.slice(0, last) + String.fromCharCode(head.charCodeAt(last) + 1))
  }

  #lower(wanted: string): number {
    let low = 0
    let high = this.#places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#places[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

type Entry = readonly [place: string, tag: TagId]

const inOrder = ([a]: Entry, [b]: Entry): number => (a < b ? -1 : a > b ? 1 : 0)
