/**
 * What differs between two texts, line by line: for the picture of a change, a patch to copy, and to bring together what two people did to
 * the same text. Exact where the part that differs is not long; else all of that part is one change.
 */

/** Lines `from`..`to` of the old text become these. */
export interface Change {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
}

/** The most cells of the table by which the part that differs is compared. */
const MOST_CELLS = 2_000_000

export function changesOf(before: readonly string[], after: readonly string[]): Change[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  if (old.length === 0 && now.length === 0) return []
  if (old.length * now.length > MOST_CELLS || old.length === 0 || now.length === 0)
    return [{ from: head, to: head + old.length, lines: now }]
  return pathOf(old, now, head)
}

/** By the longest common run of lines (Hunt and McIlroy). */
function pathOf(old: readonly string[], now: readonly string[], head: number): Change[] {
  const width = now.length + 1
  const longest = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      longest[i * width + j] =
        old[i] === now[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const changes: Change[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i++
      j++
      continue
    }
    const [from, begin] = [i, j]
    while ((i < old.length || j < now.length) && !(i < old.length && j < now.length && old[i] === now[j]))
      if (j >= now.length || (i < old.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)) i++
      else j++
    changes.push({ from: head + from, to: head + i, lines: now.slice(begin, j) })
  }
  return changes
}

/** For `patch -p1`, with three lines around each change. */
export function unifiedPatch(path: string, before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)]
  const changes = changesOf(old, now)
  if (changes.length === 0) return ''
  const hunks: string[] = []
  let shift = 0
  for (let at = 0; at < changes.length;) {
    const group = [changes[at++]!]
    while (at < changes.length && changes[at]!.from - group.at(-1)!.to <= 2 * AROUND) group.push(changes[at++]!)
    const from = Math.max(0, group[0]!.from - AROUND)
    const to = Math.min(old.length, group.at(-1)!.to + AROUND)
    const body: string[] = []
    let line = from
    for (const change of group) {
      for (; line < change.from; line++) body.push(` ${old[line]}`)
      for (; line < change.to; line++) body.push(`-${old[line]}`)
      for (const text of change.lines) body.push(`+${text}`)
    }
    for (; line < to; line++) body.push(` ${old[line]}`)
    const removed = body.filter((text) => !text.startsWith('+')).length
    const added = body.filter((text) => !text.startsWith('-')).length
    hunks.push(`@@ -${place(from, removed)} +${place(from + shift, added)} @@`, ...body)
    shift += added - removed
  }
  return `--- a/${path}\n+++ b/${path}\n${hunks.join('\n')}\n`
}

const AROUND = 3

/** Of no lines: behind which one. */
const place = (from: number, count: number): string => `${count === 0 ? from : from + 1},${count}`

/** A last line without a line end is another line than one with it. */
function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()!
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

/** My changes on top of theirs. Where both changed the same lines both stand there, between marks that nothing takes for good. */
export function merged(base: string, mine: string, theirs: string, marks: { mine: string; theirs: string }) {
  const lines = base.split('\n')
  const own = changesOf(lines, mine.split('\n'))
  const other = changesOf(lines, theirs.split('\n'))
  const result: string[] = []
  let conflicts = 0
  let [at, i, j] = [0, 0, 0]
  while (i < own.length || j < other.length) {
    const [a, b] = [own[i], other[j]]
    const next = b === undefined || (a !== undefined && a.from <= b.from) ? a! : b
    result.push(...lines.slice(at, next.from))
    at = next.from
    if (a === undefined || b === undefined || !touches(a, b)) {
      result.push(...next.lines)
      at = next.to
      if (next === a) i++
      else j++
      continue
    }
    // Everything of both that hangs together.
    const [fromOwn, fromOther] = [i, j]
    let end = next.to
    for (;;) {
      if (i < own.length && own[i]!.from <= end) end = Math.max(end, own[i++]!.to)
      else if (j < other.length && other[j]!.from <= end) end = Math.max(end, other[j++]!.to)
      else break
    }
    const left = withChanges(lines, own.slice(fromOwn, i), at, end)
    const right = withChanges(lines, other.slice(fromOther, j), at, end)
    if (left.join('\n') === right.join('\n')) result.push(...left)
    else {
      conflicts++
      result.push(`<<<<<<< ${marks.mine}`, ...left, '=======', ...right, `>>>>>>> ${marks.theirs}`)
    }
    at = end
  }
  result.push(...lines.slice(at))
  return { text: result.join('\n'), conflicts }
}

const touches = (a: Change, b: Change): boolean => a.from <= b.to && b.from <= a.to

function withChanges(lines: readonly string[], changes: readonly Change[], from: number, to: number): string[] {
  const result: string[] = []
  let at = from
  for (const change of changes) {
    result.push(...lines.slice(at, change.from), ...change.lines)
    at = change.to
  }
  return [...result, ...lines.slice(at, to)]
}
