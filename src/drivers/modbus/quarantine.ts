/**
 * Registers that a device refuses or does not answer for: left out of the blocks, each with the reason, and tried again alone
 * after a pause that doubles. What says that there is no such register may wait an hour; a failure or silence may pass by itself.
 */
import type { Clock } from '../../core/clock.ts'
import type { StatusCode } from '../../core/status.ts'
import { Backoff } from '../../wire/backoff.ts'
import { AREAS } from './address.ts'
import type { Failure } from './outcome.ts'
import type { Span } from './plan.ts'

const ABSENT_MAX_MS = 3_600_000
const PASSING_MAX_MS = 300_000

/** One value that is left out: its registers or bits and why. */
export interface Quarantined extends Span {
  readonly kind: Failure['kind']
  readonly status: StatusCode
  /** `answers exception 02 (illegal data address)`. */
  readonly words: string
  /** ms since 1970. */
  readonly since: number
  /** How often it was tried. */
  readonly tries: number
  /** When it is tried next: ms of the monotonic clock. */
  readonly nextAt: number
}

interface Entry extends Quarantined {
  tries: number
  nextAt: number
  readonly pauses: Backoff
}

export class Quarantine {
  readonly #clock: Clock
  readonly #firstMs: number
  readonly #onChange: (unit: number) => void
  /** By unit, table and place. */
  #entries: Map<string, Entry> | undefined

  /** `firstMs`: the first pause, on average. `onChange` is called when something comes in or gets out. */
  constructor(clock: Clock, firstMs: number, onChange: (unit: number) => void) {
    this.#clock = clock
    this.#firstMs = firstMs
    this.#onChange = onChange
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  values(): Iterable<Quarantined> {
    return this.#entries?.values() ?? []
  }

  find(span: Span): Quarantined | undefined {
    return this.#entries?.get(keyOf(span))
  }

  /** It cannot be read: now, or still. `since` where it is known from an earlier run. */
  add(span: Span, { kind, status, words }: Failure, since = this.#clock.now()): void {
    this.#entries ??= new Map()
    const before = this.#entries.get(keyOf(span))
    if (before?.status === status && before.kind === kind) return this.#renew(before)
    const { unit, area, offset, length } = span
    const pauses = new Backoff({
      // The backoff takes up to a half off, so that what was found together is not tried together for ever.
      firstMs: (this.#firstMs * 4) / 3,
      // A try of what cuts the connection costs all others a moment.
      maxMs: kind === 'address' || kind === 'cut' ? ABSENT_MAX_MS : PASSING_MAX_MS,
    })
    const entry = { unit, area, offset, length, kind, status, words, since, tries: 0, nextAt: 0, pauses }
    this.#entries.set(keyOf(span), entry)
    this.#renew(entry)
    this.#onChange(unit)
  }

  /** It was tried, and nothing was found out: later again. */
  postpone(span: Span): void {
    const entry = this.#entries?.get(keyOf(span))
    if (entry !== undefined) this.#renew(entry)
  }

  /** It can be read. Others of its unit may be back too: they are tried at once. False when it was not here. */
  release(span: Span): boolean {
    if (this.#entries === undefined || !this.#entries.delete(keyOf(span))) return false
    for (const entry of this.#entries.values()) if (entry.unit === span.unit) entry.nextAt = this.#clock.monotonic()
    this.#onChange(span.unit)
    return true
  }

  /** No tag reads it any more. */
  drop(span: Span): void {
    if (this.#entries?.delete(keyOf(span)) === true) this.#onChange(span.unit)
  }

  /** Tried at once, as something happened to it: it was written. */
  hurry(span: Span): void {
    const entry = this.#entries?.get(keyOf(span))
    if (entry !== undefined) entry.nextAt = this.#clock.monotonic()
  }

  /** True when some of the addresses from `from` up to, not including, `to` are left out. */
  covers({ unit, area }: Span, from: number, to: number): boolean {
    for (const entry of this.values()) {
      const isThere = entry.offset < to && from < entry.offset + entry.length
      if (isThere && entry.unit === unit && entry.area === area) return true
    }
    return false
  }

  /** `hr:7 = 40008: the device answers exception 02 (illegal data address); next try at 14:02:11 UTC.` */
  reason(entry: Quarantined): string {
    const left = Math.max(0, entry.nextAt - this.#clock.monotonic())
    const next = left === 0 ? 'it is tried again now' : `next try at ${timeOfDay(this.#clock.now() + left)}`
    return `${describe(entry)}; ${next}.`
  }

  clear(): void {
    const units = new Set([...this.values()].map(({ unit }) => unit))
    this.#entries = undefined
    for (const unit of units) this.#onChange(unit)
  }

  #renew(entry: Entry): void {
    entry.tries++
    entry.nextAt = this.#clock.monotonic() + entry.pauses.next()
  }
}

/** Names a value among all of a device. */
export const keyOf = ({ unit, area, offset, length }: Span): string => `${unit}.${area}:${offset}+${length}`

/** `hr:7 = 40008: the device answers exception 02 (illegal data address)`. */
export const describe = (entry: Quarantined): string => `${describeSpan(entry)}: the device ${entry.words}`

/** `14:02:11 UTC`, rounded up; `at` in ms since 1970. */
export function timeOfDay(at: number): string {
  return `${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(11, 19)} UTC`
}

/** `hr:7 = 40008`, `hr:7…8 = 40008…40009`. */
export function describeSpan({ area, offset, length }: Span): string {
  const last = offset + length - 1
  const number = (at: number): string => `${AREAS[area].digit}${String(at + 1).padStart(last < 9999 ? 4 : 5, '0')}`
  if (length === 1) return `${area}:${offset} = ${number(offset)}`
  return `${area}:${offset}…${last} = ${number(offset)}…${number(last)}`
}
