/** Requests of a cycle of healing: what they read and which values they tell of. */
import type { BlockDecoder } from './decoder.ts'
import type { Span } from './plan.ts'
import { lengthOf } from './search.ts'

/** One request of a cycle, and the values that it tells of: none when it is asked only to see whether the unit answers. */
export interface Probe<Item extends Span = Span> {
  readonly span: Span
  readonly items: readonly Item[]
  /** Made at the first use, as the same probe is asked every cycle. */
  request?: Uint8Array
  decoder?: BlockDecoder
}

/** What these values cover. */
export function spanOf(items: readonly Span[]): Span {
  const { unit, area, offset } = items[0]!
  return { unit, area, offset, length: lengthOf(items) }
}

/** The request that reads these values. */
export const probeOf = <Item extends Span>(items: readonly Item[]): Probe<Item> => ({ span: spanOf(items), items })

/** The same values in the same order. */
export const hasSame = <Item>(some: readonly Item[], others: readonly Item[]): boolean =>
  some.length === others.length && some.every((item, index) => item === others[index])

/** The same place. */
export const isSame = (a: Span, b: Span): boolean =>
  a.unit === b.unit && a.area === b.area && a.offset === b.offset && a.length === b.length
