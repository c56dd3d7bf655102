/**
 * Says once a minute what would be said again and again: the first at once, then one line that tells how often it came since. The same is
 * the same level, sentence, error and fields, to the letter and but for figures and times: another error is another line and never waits.
 */
import { inspect } from 'node:util'
import type { Clock, Timer } from '../../core/clock.ts'
import { LOG_FIELDS } from '../../core/log-fields.ts'
import type { SpokenLevel } from './log-levels.ts'

type Fields = Readonly<Record<string, unknown>>

export const SUMMARY_EVERY_MS = 60_000
/** Beyond so many different lines within a minute each is said as it comes: none is dropped. */
const MOST = 1000

/** A flood of different lines must not look through all of them for each. */
const SWEEP_EVERY_MS = 1000

interface Watched {
  readonly level: SpokenLevel
  readonly sentence: string
  /** Of the newest. */
  fields: Fields
  firstAt: number
  repeats: number
  timer: Timer | undefined
}

export class Repeats {
  readonly #clock: Clock
  readonly #say: (level: SpokenLevel, fields: Fields, sentence: string) => void
  readonly #watched = new Map<string, Watched>()
  #sweptAt = -Infinity

  /** `say` writes the summaries. */
  constructor(clock: Clock, say: (level: SpokenLevel, fields: Fields, sentence: string) => void) {
    this.#clock = clock
    this.#say = say
  }

  /** True: it was said within the last minute, and is in the next summary. */
  holds(level: SpokenLevel, fields: Fields, sentence: string): boolean {
    // What belongs to one request is of interest each time, and whoever asks for debug wants all of it.
    if (level === 'debug' || fields['trace.id'] !== undefined) return false
    const key = keyOf(level, fields, sentence)
    const now = this.#clock.monotonic()
    const watched = this.#watched.get(key)
    if (watched !== undefined && now - watched.firstAt < SUMMARY_EVERY_MS) {
      watched.repeats++
      watched.fields = fields
      watched.timer ??= this.#clock.after(watched.firstAt + SUMMARY_EVERY_MS - now, () => this.#summarise(key, watched))
      return true
    }
    if (watched === undefined && this.#watched.size >= MOST && now - this.#sweptAt >= SWEEP_EVERY_MS) this.#sweep(now)
    if (watched === undefined && this.#watched.size >= MOST) return false
    this.#watched.set(key, { level, sentence, fields, firstAt: now, repeats: 0, timer: undefined })
    return false
  }

  /** What is owed is said now. */
  close(): void {
    for (const [key, watched] of this.#watched) if (watched.repeats > 0) this.#summarise(key, watched)
    for (const { timer } of this.#watched.values()) timer?.cancel()
    this.#watched.clear()
  }

  #summarise(key: string, watched: Watched): void {
    const { level, sentence, fields, repeats } = watched
    watched.timer?.cancel()
    watched.timer = undefined
    watched.repeats = 0
    watched.firstAt = this.#clock.monotonic()
    this.#watched.set(key, watched)
    const times = repeats === 1 ? 'once more' : `${repeats} more times`
    this.#say(level, { ...fields, repeats }, `${sentence.replace(/[.!]$/, '')} (${times} within a minute).`)
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [key, { firstAt, repeats }] of this.#watched)
      if (repeats === 0 && now - firstAt >= SUMMARY_EVERY_MS) this.#watched.delete(key)
  }
}

/** What may differ where the same is said again: figures and times. */
const VARYING: ReadonlySet<string> = new Set(['long', 'milliseconds', 'date', 'boolean', 'flattened'])
const IS_PART = new Map(Object.entries(LOG_FIELDS).map(([name, { kind }]) => [name, !VARYING.has(kind)] as const))

function keyOf(level: SpokenLevel, fields: Fields, sentence: string): string {
  const parts: string[] = [level, sentence]
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && value !== null && IS_PART.get(name) !== false) parts.push(name, textOf(value))
  return parts.join('\u0000')
}

function textOf(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as { code?: unknown }
    return [value.name, value.message, String(code)].join('\u0000')
  }
  // Whatever was thrown: what has no text is no reason for the log to throw, too.
  return typeof value === 'string' ? value : inspect(value, { depth: 1, breakLength: Infinity })
}
