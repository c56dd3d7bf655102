/** Which tags a pattern of device and tag means: a star stands for any characters, slashes of a name included, a question mark for one. */
import { GatewayError } from '../core/errors.ts'
import type { TagInfo } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'

/** The ids of all tags that one of the patterns means. A pattern without a slash is a device. NOT_FOUND where one means none. */
export function tagsMatching(patterns: readonly string[], known: Iterable<TagInfo>): ReadonlySet<TagId> {
  const pairs = patterns.map((pattern) => {
    const slash = pattern.indexOf('/')
    return slash < 0 ? [pattern, '*'] : [pattern.slice(0, slash), pattern.slice(slash + 1)]
  })
  const found = new Set<TagId>()
  const useful = new Set<number>()
  for (const { id, device, settings } of known) {
    for (const [at, [devices, tags]] of pairs.entries()) {
      if (!matches(devices!, device) || !matches(tags!, settings.name)) continue
      found.add(id)
      useful.add(at)
    }
  }
  const idle = patterns.find((_, at) => !useful.has(at))
  if (idle !== undefined) throw new GatewayError('NOT_FOUND', `there is no tag that ${idle} means`)
  return found
}

/** In time proportional to both lengths at most, whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
