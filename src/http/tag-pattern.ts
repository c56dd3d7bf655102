/** Which tags patterns mean (`core/tag-pattern.ts`), each of them at least one. */
import { GatewayError } from '../core/errors.ts'
import { matchesTag } from '../core/tag-pattern.ts'
import type { TagInfo } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'

/** The ids of all tags that one of the patterns means. A pattern without a slash is a device. NOT_FOUND where one means none. */
export function tagsMatching(patterns: readonly string[], known: Iterable<TagInfo>): ReadonlySet<TagId> {
  const found = new Set<TagId>()
  const useful = new Set<number>()
  for (const { id, device, settings } of known) {
    for (const [at, pattern] of patterns.entries()) {
      if (!matchesTag(pattern, device, settings.name)) continue
      found.add(id)
      useful.add(at)
    }
  }
  const idle = patterns.find((_, at) => !useful.has(at))
  if (idle !== undefined) throw new GatewayError('NOT_FOUND', `there is no tag that ${idle} means`)
  return found
}
