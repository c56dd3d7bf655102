/** Which tags a pattern of device and tag means: a star stands for any characters, slashes of a name included, a question mark for one. */

/** Is this tag one that the pattern means? A pattern without a slash is a device. */
export function matchesTag(pattern: string, device: string, tag: string): boolean {
  const slash = pattern.indexOf('/')
  if (slash < 0) return matchesPattern(pattern, device)
  return matchesPattern(pattern.slice(0, slash), device) && matchesPattern(pattern.slice(slash + 1), tag)
}

/** In time proportional to both lengths at most, whatever the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
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
