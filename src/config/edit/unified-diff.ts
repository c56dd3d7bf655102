/**
 * What changed in text files, as `patch -p1` and `git apply` take it: unified diffs with three lines of context (POSIX.1-2024, diff -u), in
 * which a missing line end at the end of a file is told as GNU diff does. Lines are compared by Myers, "An O(ND) Difference Algorithm", 1986.
 */

/** One file before and after; undefined: there is none. */
export interface DiffedFile {
  /** Relative to the folder in which the patch is to be applied. */
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** A line that is the same, goes, or comes; with its line end. */
type Line = readonly [sign: ' ' | '-' | '+', text: string]

const CONTEXT = 3
/** More differing lines than this are told as one block: nobody reads them one by one, and they would cost too much to match. */
const MOST_EDITS = 2000

/** The patch, with so many lines of context; empty where nothing changes. */
export const unifiedDiff = (files: readonly DiffedFile[], context = CONTEXT): string =>
  files.map((file) => diffOfFile(file, context)).join('')

function diffOfFile({ path, before, after }: DiffedFile, context: number): string {
  if (before === after) return ''
  const lines = compareLines(linesOf(before ?? ''), linesOf(after ?? ''))
  const hunks = hunksOf(lines, context)
  const from = before === undefined ? '/dev/null' : `a/${path}`
  const to = after === undefined ? '/dev/null' : `b/${path}`
  return `--- ${from}\n+++ ${to}\n${hunks.join('')}`
}

/** Lines with their line ends. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

function hunksOf(lines: readonly Line[], context: number): string[] {
  const changed = lines.flatMap(([sign], at) => (sign === ' ' ? [] : [at]))
  const hunks: string[] = []
  // How many lines of each side stand before the hunk.
  const before = { at: 0, old: 0, now: 0 }
  for (let first = 0; first < changed.length;) {
    let last = first
    while (last + 1 < changed.length && changed[last + 1]! - changed[last]! <= 2 * context + 1) last++
    const from = Math.max(0, changed[first]! - context)
    for (; before.at < from; before.at++) {
      const sign = lines[before.at]![0]
      if (sign !== '+') before.old++
      if (sign !== '-') before.now++
    }
    hunks.push(hunk(lines.slice(from, Math.min(lines.length, changed[last]! + context + 1)), before))
    first = last + 1
  }
  return hunks
}

function hunk(shown: readonly Line[], before: { readonly old: number; readonly now: number }): string {
  const range = (without: '-' | '+', from: number) => {
    const length = shown.filter(([sign]) => sign !== without).length
    return `${from + (length === 0 ? 0 : 1)},${length}`
  }
  const text = shown.map(([sign, line]) =>
    line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`,
  )
  return `@@ -${range('+', before.old)} +${range('-', before.now)} @@\n${text.join('')}`
}

function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let from = 0
  while (from < before.length && from < after.length && before[from] === after[from]) from++
  let same = 0
  const most = Math.min(before.length, after.length) - from
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) same++
  const inner = shortestEdit(before.slice(from, before.length - same), after.slice(from, after.length - same))
  const unchanged = (line: string): Line => [' ', line]
  return [...before.slice(0, from).map(unchanged), ...inner, ...before.slice(before.length - same).map(unchanged)]
}

/** Myers' greedy algorithm, with the furthest points of each round kept for the way back. */
function shortestEdit(before: readonly string[], after: readonly string[]): Line[] {
  const rounds: Int32Array[] = []
  const most = Math.min(MOST_EDITS, before.length + after.length)
  const furthest = new Int32Array(2 * most + 3)
  const middle = most + 1
  for (let edits = 0; edits <= most; edits++) {
    rounds.push(furthest.slice())
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down =
        diagonal === -edits ||
        (diagonal !== edits && furthest[middle + diagonal - 1]! < furthest[middle + diagonal + 1]!)
      let x = down ? furthest[middle + diagonal + 1]! : furthest[middle + diagonal - 1]! + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++
      furthest[middle + diagonal] = x
      if (x >= before.length && x - diagonal >= after.length) return wayBack(before, after, rounds, middle)
    }
  }
  return [...before.map((line): Line => ['-', line]), ...after.map((line): Line => ['+', line])]
}

function wayBack(
  before: readonly string[],
  after: readonly string[],
  rounds: readonly Int32Array[],
  middle: number,
): Line[] {
  const lines: Line[] = []
  let [x, y] = [before.length, after.length]
  for (let edits = rounds.length - 1; edits >= 0; edits--) {
    const furthest = rounds[edits]!
    const diagonal = x - y
    const down =
      diagonal === -edits || (diagonal !== edits && furthest[middle + diagonal - 1]! < furthest[middle + diagonal + 1]!)
    const before1 = down ? diagonal + 1 : diagonal - 1
    const x1 = edits === 0 ? 0 : furthest[middle + before1]!
    const y1 = edits === 0 ? 0 : x1 - before1
    while (x > x1 && y > y1) {
      lines.push([' ', before[--x]!])
      y--
    }
    if (edits === 0) break
    if (down) lines.push(['+', after[--y]!])
    else lines.push(['-', before[--x]!])
  }
  return lines.reverse()
}
