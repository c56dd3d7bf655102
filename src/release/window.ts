/** When a box may take a new version by itself: `Sun 02:00-04:00`, local time of the box; several with commas; none: always. */
import { GatewayError } from '../core/errors.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const DAY_MINUTES = 24 * 60

export interface Window {
  /** Days of the week on which it begins, 0 Sunday. */
  readonly days: ReadonlySet<number>
  /** Minutes since midnight; `until` is not included and may lie on the next day. */
  readonly from: number
  readonly until: number
}

/** Throws CONFIG_INVALID with the part that is wrong. */
export const parseWindows = (text: string): readonly Window[] => text.split(',').map((part) => parseWindow(part.trim()))

function parseWindow(text: string): Window {
  const match = /^(?:([A-Za-z]{3})(?:-([A-Za-z]{3}))? +)?(\d{2}):(\d{2})-(\d{2}):(\d{2})$/.exec(text)
  const wrong = (why: string) =>
    new GatewayError(
      'CONFIG_INVALID',
      `${JSON.stringify(text)}: ${why}, such as Sun 02:00-04:00, Mon-Fri 12:00-12:30 or 01:00-05:00`,
    )
  if (match === null) throw wrong('expected days and times')
  const [, first, last, ...times] = match
  const [fromHour, fromMinute, toHour, toMinute] = times.map(Number) as [number, number, number, number]
  if (fromHour > 23 || toHour > 24 || fromMinute > 59 || toMinute > 59 || (toHour === 24 && toMinute > 0))
    throw wrong('there is no such time')
  const from = fromHour * 60 + fromMinute
  const to = toHour * 60 + toMinute
  if (from === to) throw wrong('a window has a length')
  return { days: daysOf(first, last ?? first, wrong), from, until: to > from ? to : to + DAY_MINUTES }
}

function daysOf(first: string | undefined, last: string | undefined, wrong: (why: string) => Error): Set<number> {
  if (first === undefined) return new Set(DAYS.keys())
  const [from, to] = [first, last!].map((day) => DAYS.findIndex((one) => one === day.toLowerCase()))
  if (from === -1 || to === -1) throw wrong('expected Mon, Tue, Wed, Thu, Fri, Sat or Sun')
  const days = new Set<number>()
  for (let day = from!; ; day = (day + 1) % 7) {
    days.add(day)
    if (day === to) return days
  }
}

/** True while one of them is open at this time of the box's own clock and zone. */
export function isOpen(windows: readonly Window[], at: Date): boolean {
  const minute = at.getHours() * 60 + at.getMinutes()
  const day = at.getDay()
  return windows.some(({ days, from, until }) => {
    if (days.has(day) && minute >= from && minute < until) return true
    // It began yesterday and goes beyond midnight.
    return days.has((day + 6) % 7) && minute + DAY_MINUTES < until
  })
}
