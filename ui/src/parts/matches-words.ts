/** The text filters of all lists: words in any order, whatever the case. */

/** Whether all words of a filter are somewhere in these texts. */
export function matchesWords(filter: string, texts: readonly (string | null | undefined)[]): boolean {
  if (filter === '') return true
  const searched = texts.join(' ').toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word))
}
