/** Problems in the order in which a person goes through them. */
import type { Problem } from './problem.ts'

/** So many times the same is told with each place; what comes more often has one cause, which drowns in its own repetition. */
const MOST_ALIKE = 10

/**
 * The problems by file and place, each once: a CSV file that two devices use is complained about once. What is wrong with many
 * rows of a file in the very same words, such as a column that was forgotten, is told for the first of them.
 */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))]
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
  const sorted = [...unique.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
  const groups = Map.groupBy(sorted, alike)
  const told = new Map<string, number>()
  return sorted.flatMap((problem) => {
    const key = alike(problem)
    const group = groups.get(key)!
    const count = (told.get(key) ?? 0) + 1
    told.set(key, count)
    if (group.length <= MOST_ALIKE || count < MOST_ALIKE) return [problem]
    return count === MOST_ALIKE ? [{ ...problem, message: `${problem.message}${andMore(group)}` }] : []
  })
}

const alike = ({ file, message, suggestion }: Problem): string => JSON.stringify([file, message, suggestion])

const andMore = (group: readonly Problem[]): string =>
  `; and ${group.length - MOST_ALIKE} more like this, the last in line ${group.at(-1)!.line}`
