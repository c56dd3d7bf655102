/**
 * What both ends of a link remember of each tag, so that a row is told by what changed: who follows whom, the last value, its status
 * and flags, and in which form its values go. It begins empty with every connection and takes the same steps at both ends.
 */
import { MAX_ALIAS } from './limits.ts'

/** How a tag's numbers travel: 0…4 and 8…12 as steps of decimals, of doubles and of singles; the others bit by bit. */
export const FORM_FLOAT64 = 6
export const FORM_FLOAT32 = 7
const SINGLE = 8
const POWERS = [1, 10, 100, 1000, 10_000] as const
/** Scaled values beyond this are not exact in every step that is taken with them. */
const MAX_SCALED = 2 ** 50

export const isForm = (form: number): boolean => form <= 4 || (form >= 6 && form <= 12)

export class RowState {
  /** By alias: the alias that came after it last time. */
  follower = new Uint32Array(1024)
  value = new Float64Array(1024)
  status = new Uint32Array(1024)
  flags = new Uint8Array(1024)
  form = new Uint8Array(1024)
  /** 1: its last value was the one before it. */
  calm = new Uint8Array(1024)
  /** The alias of the last row, and its time. */
  last = 0
  time = 0

  /** Makes room for this alias. */
  reserve(alias: number): void {
    const before = this.follower.length
    if (alias < before) return
    if (alias > MAX_ALIAS) throw new RangeError(`alias ${alias}: at most ${MAX_ALIAS}`)
    const size = Math.max(before * 2, alias + 1)
    this.follower = grown(this.follower, new Uint32Array(size))
    this.value = grown(this.value, new Float64Array(size))
    this.status = grown(this.status, new Uint32Array(size))
    this.flags = grown(this.flags, new Uint8Array(size))
    this.form = grown(this.form, new Uint8Array(size))
    this.calm = grown(this.calm, new Uint8Array(size))
  }
}

function grown<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}

/** The whole number that stands for a value in this form; NaN where it is not exact. */
export function scaledIn(form: number, value: number): number {
  const power = POWERS[form & 7]!
  const scaled = Math.round(value * power)
  if (!(Math.abs(scaled) < MAX_SCALED)) return NaN
  const back = form >= SINGLE ? Math.fround(scaled / power) : scaled / power
  // −0 has no whole number of its own.
  return Object.is(back, value) && !Object.is(scaled, -0) ? scaled : NaN
}

/** The value that a whole number stands for. */
export function unscaledIn(form: number, scaled: number): number {
  const value = scaled / POWERS[form & 7]!
  return form >= SINGLE ? Math.fround(value) : value
}

/** From where the next step counts: the last value in this form as nearly as it goes, and 0 where it is far out. */
export function baseIn(form: number, value: number): number {
  const scaled = Math.round(value * POWERS[form & 7]!)
  return Math.abs(scaled) < MAX_SCALED ? scaled + 0 : 0
}

/** The form in which this value is exact: decimals, no fewer than the tag has now, then bits. */
export function formFor(value: number, present: number): number {
  const isSingle = Math.fround(value) === value
  for (let digits = present < FORM_FLOAT64 ? present : 0; digits <= 4; digits++)
    if (!Number.isNaN(scaledIn(digits, value))) return digits
  if (!isSingle) return FORM_FLOAT64
  for (let digits = present >= SINGLE ? present - SINGLE : 0; digits <= 4; digits++)
    if (!Number.isNaN(scaledIn(SINGLE + digits, value))) return SINGLE + digits
  return FORM_FLOAT32
}
