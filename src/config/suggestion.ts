/**
 * "Did you mean …": the nearest known word by Damerau-Levenshtein distance (optimal string alignment: insert, delete,
 * replace, swap of neighbours), and nothing when even the nearest is far off.
 */

/** The candidate that was probably meant by `word`, or undefined. Case counts less than a letter. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 0.5
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > bestDistance) continue
    const plain = distance(word.toLowerCase(), candidate.toLowerCase())
    const exact = plain + (word === candidate ? 0 : 0.1)
    if (exact >= bestDistance) continue
    best = candidate
    bestDistance = exact
  }
  return best ?? partOf(word.toLowerCase(), candidates)
}

/** The longest candidate with which the word begins, or else ends: `hostname` is `host`; or one that ends with the word. */
function partOf(word: string, candidates: Iterable<string>): string | undefined {
  const long = [...candidates].filter(({ length }) => length >= 3).sort((a, b) => b.length - a.length)
  return (
    long.find((candidate) => word.startsWith(candidate.toLowerCase())) ??
    long.find((candidate) => word.endsWith(candidate.toLowerCase())) ??
    (word.length < 4 ? undefined : long.find((candidate) => candidate.toLowerCase().endsWith(word)))
  )
}

/** How many single edits turn `a` into `b`, a swap of neighbours counting as one. */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) least = Math.min(least, beforeLast[column - 2]! + 1)
      current.push(least)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
