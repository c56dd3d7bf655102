/** Times of a time zone: the wall clock at a moment, and the moment of a time on the wall clock, over changes to and from summer time. */

/** The wall clock as ms since 1970, as if it were UTC. */
export type LocalTime = number

const DAY_MS = 86_400_000

export class Zone {
  /** Undefined: the zone of the machine, which `Date` knows; the tables of calendars, 8 MB, are not loaded for it. */
  readonly #format: Intl.DateTimeFormat | undefined

  /** An IANA name; that of the machine where absent. Throws RangeError for a name that is none. */
  constructor(name?: string) {
    if (name === undefined) return
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** How far the wall clock is before UTC, in ms. */
  offsetAt(time: number): number {
    if (this.#format === undefined) return 0 - new Date(time).getTimezoneOffset() * 60_000
    const whole = Math.floor(time / 1000) * 1000
    const parts: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(whole)) parts[type] = Number(value)
    const { year, month, day, hour, minute, second } = parts
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - whole
  }

  toLocal(time: number): LocalTime {
    return time + this.offsetAt(time)
  }

  /** The first moment of this wall-clock time; of one that summer time leaves out, the moment as far behind the change as it is before it. */
  fromLocal(local: LocalTime): number {
    const before = local - this.offsetAt(local - DAY_MS)
    if (this.toLocal(before) === local) return before
    const after = local - this.offsetAt(local + DAY_MS)
    return this.toLocal(after) === local ? after : before
  }
}
