/**
 * Tag lists of the load before, so that a reload reads anew only what differs: a file that holds the same gives the very same tags, by
 * which the gateway sees at once that nothing changed; of a file with a few other lines only those are read. Anything unusual (quotes,
 * blank lines, arrays, problems) is read whole.
 */
import type { TagConfig } from './config.ts'
import { readConfigFile } from './file-reading.ts'
import { ProblemList } from './problem.ts'
import { readTagBytes, readTagCsv } from './tag-csv.ts'
import type { TagListContext } from './tag-list.ts'

const NEWLINE = 10

interface Kept {
  readonly bytes: Buffer
  readonly tags: TagConfig[]
}

/** A stretch of a file: lines that both versions have before and after it are left out. */
interface Middle {
  /** Where the first line that differs begins, in both. */
  readonly from: number
  /** Where it ends, in the old and in the new one. */
  readonly oldEnd: number
  readonly newEnd: number
}

export class TagListCache {
  readonly #kept = new Map<string, Kept>()
  readonly #used = new Set<string>()

  /** A configuration was read whole: what it did not ask for is let go. */
  settle(): void {
    for (const key of this.#kept.keys()) if (!this.#used.has(key)) this.#kept.delete(key)
    this.#used.clear()
  }

  /** The tags of the file, as `readTagCsv` reads them. */
  read(path: string, shown: string, context: TagListContext): TagConfig[] | string {
    const key = JSON.stringify([path, context.type.name, context.everyMs])
    const known = this.#kept.get(key)
    this.#kept.delete(key)
    this.#used.add(key)
    let bytes: Buffer
    try {
      bytes = readConfigFile(path)
    } catch {
      return readTagCsv(path, shown, context)
    }
    const { problems } = context
    const before = problems.count + problems.warnings.length
    const tags = (known && reuse(known, bytes, shown, context)) ?? readTagCsv(path, shown, context)
    if (typeof tags !== 'string' && problems.count + problems.warnings.length === before)
      this.#kept.set(key, { bytes, tags })
    return tags
  }
}

/** Undefined: it has to be read whole. */
function reuse(known: Kept, bytes: Buffer, shown: string, context: TagListContext): TagConfig[] | undefined {
  if (known.bytes.equals(bytes)) return known.tags
  if (!isPlain(known.bytes) || !isPlain(bytes)) return undefined
  const header = known.bytes.indexOf(NEWLINE) + 1
  if (linesIn(known.bytes, header, known.bytes.length) !== known.tags.length) return undefined
  const { from, oldEnd, newEnd } = middleOf(known.bytes, bytes)
  if (from < header) return undefined
  const first = linesIn(known.bytes, header, from)
  const rest = linesIn(known.bytes, header, oldEnd)
  const problems = new ProblemList()
  const part = Buffer.concat([bytes.subarray(0, header), bytes.subarray(from, newEnd)])
  const made = readTagBytes(part, shown, { ...context, problems })
  if (problems.count + problems.warnings.length > 0 || made.length !== linesIn(bytes, from, newEnd)) return undefined
  const names = new Set(made.map(({ settings }) => settings.name))
  const isTwice = (begin: number, end: number): boolean => {
    for (let at = begin; at < end; at++) if (names.has(known.tags[at]!.settings.name)) return true
    return false
  }
  if (isTwice(0, first) || isTwice(rest, known.tags.length)) return undefined
  return known.tags.slice(0, first).concat(made, known.tags.slice(rest))
}

/** One line a row: no quotes, and the last line ends. */
const isPlain = (bytes: Buffer): boolean => !bytes.includes('"') && bytes.at(-1) === NEWLINE

function middleOf(before: Buffer, after: Buffer): Middle {
  const least = Math.min(before.length, after.length)
  let from = 0
  while (from < least && before[from] === after[from]) from++
  // A negative offset would count from the end.
  from = from === 0 ? 0 : before.lastIndexOf(NEWLINE, from - 1) + 1
  let same = 0
  while (same < least - from && before[before.length - 1 - same] === after[after.length - 1 - same]) same++
  // The end of a line belongs to it.
  let oldEnd = before.length - same
  while (oldEnd > from && oldEnd < before.length && before[oldEnd - 1] !== NEWLINE) oldEnd++
  return { from, oldEnd, newEnd: after.length - (before.length - oldEnd) }
}

function linesIn(bytes: Buffer, from: number, to: number): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines++
  return lines
}
