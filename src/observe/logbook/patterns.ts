/**
 * Error patterns: what a line of the log must have in it to be counted under a name, for alerts that are made from a metric. A few that
 * matter are always there; the configuration adds its own, in the syntax of RE2, which takes linear time whatever it is given.
 */
import type { RE2JS } from 're2js'
import type { SpokenLevel } from './log-levels.ts'

export interface PatternRule {
  readonly name: string
  /** RE2, whatever the case. */
  readonly match: string
  /** The least level of a line that is looked at. */
  readonly level: SpokenLevel
}

interface Pattern {
  readonly name: string
  readonly rank: number
  matches(text: string): boolean
}

const RANK: Readonly<Record<SpokenLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
/** What is looked at of a line. */
const LOOKED_AT = 2000

// Words only: no repetition, so that V8's engine takes linear time too.
const DEFAULTS: readonly (readonly [name: string, match: RegExp])[] = [
  ['disk-error', /ENOSPC|EDQUOT|EIO\b|EROFS|STORE_FAILED|no space left|read-only file system|input\/output error|log cannot be written/i],
  ['out-of-memory', /ENOMEM|out of memory|heap limit|cannot allocate memory/i],
  ['too-many-files', /EMFILE|ENFILE|too many open files/i],
  ['certificate', /certificate|CERT_|self[- ]signed|ERR_TLS|ERR_SSL|unable to verify/i],
  ['auth-failure', /SIGN_IN_FAILED|SIGN_IN_REQUIRED|not authori[sz]ed|unauthori[sz]ed|bad user ?name or password|access denied|authentication failed|\b401\b|\b403\b/i],
] // prettier-ignore

export const DEFAULT_PATTERN_NAMES: readonly string[] = DEFAULTS.map(([name]) => name)

export class Patterns {
  #patterns: readonly Pattern[] = DEFAULT_PATTERNS
  readonly #counts = new Map<string, number>(DEFAULT_PATTERN_NAMES.map((name) => [name, 0]))
  #least = RANK.warn

  /** Name → lines that matched since the start; every name from 0 on. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** One with the name of a default takes its place. The engine is loaded when there is one. */
  async configure(rules: readonly PatternRule[]): Promise<void> {
    const own = rules.length === 0 ? [] : await compiled(rules)
    const names = new Set(own.map(({ name }) => name))
    this.#patterns = [...DEFAULT_PATTERNS.filter(({ name }) => !names.has(name)), ...own]
    this.#least = Math.min(...this.#patterns.map(({ rank }) => rank))
    const kept = new Set(this.#patterns.map(({ name }) => name))
    for (const name of this.#counts.keys()) if (!kept.has(name)) this.#counts.delete(name)
    for (const name of kept) if (!this.#counts.has(name)) this.#counts.set(name, 0)
  }

  /** Counts the line; the names that it matches, undefined where there is none. */
  look(level: SpokenLevel, fields: Readonly<Record<string, unknown>>, sentence: string): string[] | undefined {
    const rank = RANK[level]
    if (rank < this.#least) return undefined
    const text = textOf(fields, sentence)
    let names: string[] | undefined
    for (const pattern of this.#patterns) {
      if (rank < pattern.rank || !pattern.matches(text)) continue
      ;(names ??= []).push(pattern.name)
      this.#counts.set(pattern.name, this.#counts.get(pattern.name)! + 1)
    }
    return names
  }
}

const DEFAULT_PATTERNS: readonly Pattern[] = DEFAULTS.map(([name, match]) => ({
  name,
  rank: RANK.warn,
  matches: (text) => match.test(text),
}))

async function compiled(rules: readonly PatternRule[]): Promise<Pattern[]> {
  const { RE2JS: engine } = await import('re2js')
  return rules.map(({ name, match, level }) => {
    const program: RE2JS = engine.compile(match, engine.CASE_INSENSITIVE)
    return { name, rank: RANK[level], matches: (text) => program.matcher(text).find() }
  })
}

function textOf(fields: Readonly<Record<string, unknown>>, sentence: string): string {
  const { code, reason } = fields
  const error = fields.error ?? fields.err
  const ofError = error instanceof Error ? [error.name, error.message, (error as { code?: unknown }).code] : [error]
  let text = sentence
  for (const word of [code, reason, ...ofError])
    if (typeof word === 'string' || typeof word === 'number') text += ` ${word}`
  return text.slice(0, LOOKED_AT)
}
