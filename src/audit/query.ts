/** Looks through the audit log: newest first by the page for people, oldest first and as it lies on the disk for exports. */
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { readWhole, type FileSystem } from '../store/files.ts'
import { auditFiles, decodeLine, splitLines, type AuditLine } from './line.ts'

export interface AuditQuery {
  /** ms since 1970; `to` is not included. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Each matches a whole word or, with `*`, a pattern; without regard to upper and lower case. */
  readonly user?: string | undefined
  readonly action?: string | undefined
  readonly object?: string | undefined
  readonly outcome?: OutcomeClass | undefined
  /** Only lines with a smaller number. */
  readonly before?: number | undefined
  readonly limit: number
}

export const OUTCOME_CLASSES = ['requested', 'done', 'refused'] as const
/** What came of something, roughly: asked for, carried out, or refused or failed (the code of an error, or `refused: …`). */
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number]

export interface AuditPage {
  readonly lines: readonly AuditLine[]
  /** `before` of the next page; null: there is none. A page may be short, even empty, and still have a next one. */
  readonly next: number | null
}

/** What one page looks through at most: a filter that nothing matches must not read a gigabyte for one answer. */
const MOST_BYTES = 64 * 2 ** 20
const LINES_A_TURN = 500

/** A page. A line that is damaged is left out: `verify` names it. */
export async function queryAudit(files: FileSystem, folder: string, query: AuditQuery): Promise<AuditPage> {
  const { before = Infinity, limit } = query
  const wanted = filterOf(query)
  const found: AuditLine[] = []
  let looked = 0
  let lowest = before
  for (const name of auditFiles(await files.list(folder)).reverse()) {
    if (Number.parseInt(name, 10) >= before) continue
    if (looked >= MOST_BYTES) return { lines: found, next: lowest }
    const bytes = (await readWhole(files, join(folder, name))) ?? Buffer.alloc(0)
    looked += bytes.length
    const { lines } = splitLines(bytes)
    for (let at = lines.length - 1; at >= 0; at--) {
      if (at % LINES_A_TURN === 0) await breathe()
      const line = decodeLine(lines[at]!)?.line
      if (line === undefined || line.n >= before) continue
      if (query.from !== undefined && Date.parse(line.time) < query.from - CLOCK_STEP_MS) return { lines: found, next: null } // prettier-ignore
      lowest = line.n
      if (!wanted(line)) continue
      found.push(line)
      if (found.length === limit) return { lines: found, next: lowest > 1 ? lowest : null }
    }
  }
  return { lines: found, next: null }
}

/** The clock may have been set back meanwhile: so far behind the limit is looked on. */
const CLOCK_STEP_MS = 3_600_000

/** Lines with their LF, oldest first. */
export async function* readAll(
  files: FileSystem,
  folder: string,
  { from = -Infinity, to = Infinity }: Pick<AuditQuery, 'from' | 'to'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const name of auditFiles(await files.list(folder))) {
    const bytes = (await readWhole(files, join(folder, name))) ?? Buffer.alloc(0)
    const chosen: Buffer[] = []
    for (const [at, line] of splitLines(bytes).lines.entries()) {
      if (at % LINES_A_TURN === 0) await breathe()
      signal.throwIfAborted()
      const time = Date.parse(decodeLine(line)?.line.time ?? '')
      // What cannot be read belongs into an export, too: it must not look whole.
      if (!(time < from || time >= to)) chosen.push(line, LF)
    }
    if (chosen.length > 0) yield Buffer.concat(chosen)
  }
}

const LF = Buffer.from('\n')

function filterOf(query: AuditQuery): (line: AuditLine) => boolean {
  const { from = -Infinity, to = Infinity, user, action, object, outcome } = query
  const tests = [['user', user], ['action', action], ['object', object]] as const // prettier-ignore
  const words = tests.flatMap(([key, text]) => (text === undefined ? [] : [[key, text.toLowerCase()] as const]))
  return (line) => {
    const time = Date.parse(line.time)
    if (time < from || time >= to) return false
    if (outcome !== undefined && classOf(line.outcome) !== outcome) return false
    return words.every(([key, text]) => matches(text, line[key].toLowerCase()))
  }
}

function classOf(outcome: string): OutcomeClass {
  if (outcome === 'requested') return 'requested'
  return /^(?:[A-Z][A-Z\d_]*$|refused)/.test(outcome) ? 'refused' : 'done'
}

/** `*` stands for anything; in time proportional to both lengths at most. */
function matches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return pattern === text
  if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail)) return false
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - tail.length
}
