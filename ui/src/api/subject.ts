/** What a question is about: while the answer to another one about the same thing is on its way, the last one may stay in sight. */

interface Input {
  readonly params?: unknown
  readonly query?: unknown
}

/** What only says how much of it, or which words are looked for. Everything else of a query names what is asked about: a sink, two versions. */
const HOW: ReadonlySet<string> = new Set(['q', 'limit', 'minutes'])

/** Whether two questions are about the same; `[name, input]` each, as the keys of queries are. */
export function isSameSubject(before: readonly unknown[] | undefined, now: readonly unknown[]): boolean {
  return before !== undefined && before[0] === now[0] && subjectOf(before[1]) === subjectOf(now[1])
}

/** Whether two lists are the same but for their filters. */
export function isSameList(before: readonly unknown[] | undefined, now: readonly unknown[]): boolean {
  const paramsOf = (key: readonly unknown[]) => JSON.stringify((key[1] as Input | undefined)?.params ?? null)
  return before !== undefined && before[0] === now[0] && paramsOf(before) === paramsOf(now)
}

function subjectOf(input: unknown): string {
  const { params = null, query } = (input ?? {}) as Input
  const parts = Object.entries(query ?? {}).filter(([key, value]) => value !== undefined && !HOW.has(key))
  return JSON.stringify([params, parts.sort(([a], [b]) => (a < b ? -1 : 1))])
}
