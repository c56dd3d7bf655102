/** What steps remember of tags goes over to the steps of the next configuration, but for the tags that begin anew. */
import type { TagId } from '../core/value.ts'
import type { Memory } from './step.ts'

/** Fills `to`, which is new, with what `from` knows; not of the tags in `renewed`. */
export function handOn(from: readonly Memory[], to: readonly Memory[], renewed: ReadonlySet<TagId>): void {
  for (const [at, memory] of to.entries()) handOnOne(from[at]!, memory, renewed)
}

function handOnOne(from: Memory, to: Memory, renewed: ReadonlySet<TagId>): void {
  if (to instanceof Map) {
    for (const [tag, value] of from as Map<TagId, unknown>) if (!renewed.has(tag)) to.set(tag, value)
  } else if (to instanceof Set) {
    for (const tag of from as Set<TagId>) if (!renewed.has(tag)) to.add(tag)
  } else {
    const fresh = [...renewed].map((tag) => [tag, to[tag]!] as const)
    to.set(from as typeof to)
    for (const [tag, value] of fresh) if (tag < to.length) to[tag] = value
  }
}
