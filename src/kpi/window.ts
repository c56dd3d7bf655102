/**
 * Counts of the current hour, day or shift, and of the one before: what the totals have grown by since it began, so that counting costs the
 * same however many windows there are.
 */
import type { Span } from './calendar.ts'

/** Running totals of one device or asset, by the places that it gives them. */
export type Totals = number[]

/** A window with its counts. */
export interface Counted extends Span {
  readonly counts: Totals
}

export class Window {
  #span: Span | undefined
  #base: Totals = []
  previous: Counted | undefined

  get span(): Span | undefined {
    return this.#span
  }

  /** What it has counted so far; undefined: there is none now. */
  current(totals: Totals): Counted | undefined {
    return this.#span && { ...this.#span, counts: difference(totals, this.#base) }
  }

  /** The moment `at` lies in `span`, or in no window. When the clock was set back a little, the window goes on until it is caught up with. */
  move(span: Span | undefined, at: number, totals: Totals): void {
    const now = this.#span
    if (now === undefined ? span === undefined : span?.from === now.from && span.to === now.to) return
    if (now !== undefined && at < now.from && now.from - at <= now.to - now.from) return
    if (now !== undefined) this.previous = { ...now, counts: difference(totals, this.#base) }
    this.#span = span
    this.#base = [...totals]
  }

  toKept(totals: Totals): KeptWindow {
    return { current: this.current(totals), previous: this.previous }
  }

  /** Goes on where it was. */
  restore({ current, previous }: KeptWindow, totals: Totals): void {
    this.previous = previous
    if (current === undefined) return
    const { counts, ...span } = current
    this.#span = span
    this.#base = difference(totals, counts)
  }
}

/** A window in the file. */
export interface KeptWindow {
  readonly current?: Counted | undefined
  readonly previous?: Counted | undefined
}

export const difference = (now: Totals, before: Totals): Totals => now.map((total, place) => total - before[place]!)
