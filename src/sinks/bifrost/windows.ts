/** Times of day in which a link may be up: `22:00-06:00`, `mon-fri 12:00-13:30`, `sat,sun 00:00-24:00`; local time of this machine. */

/** Minutes since midnight; an end at or before the beginning is one of the next day. */
export interface DailyWindow {
  /** 0 Sunday … 6 Saturday: the days on which it begins. */
  readonly days: ReadonlySet<number>
  readonly start: number
  readonly end: number
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FORM = /^(?:([a-z,-]+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/

/** What a text means, or a sentence that says what is wrong with it. */
export function parseWindow(text: string): DailyWindow | string {
  const match = FORM.exec(text.trim().toLowerCase())
  if (match === null) return `"${text}" is no window such as 22:00-06:00 or mon-fri 12:00-13:30`
  const days = match[1] === undefined ? new Set(DAYS.keys()) : parseDays(match[1])
  if (days === undefined) return `"${match[1]}" are no days such as mon-fri or sat,sun`
  const start = minutes(match[2]!, match[3]!)
  const end = minutes(match[4]!, match[5]!)
  if (start === undefined || end === undefined || start === 1440) return `"${text}": times are from 00:00 to 24:00`
  if (start === end) return `"${text}" begins when it ends; for the whole day write 00:00-24:00`
  return { days, start, end }
}

function parseDays(text: string): Set<number> | undefined {
  const days = new Set<number>()
  for (const part of text.split(',')) {
    const [from, to = from] = part.split('-').map((day) => DAYS.indexOf(day))
    if (from === undefined || to === undefined || from < 0 || to < 0 || part.split('-').length > 2) return undefined
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === to) break
    }
  }
  return days
}

function minutes(hour: string, minute: string): number | undefined {
  const total = Number(hour) * 60 + Number(minute)
  return Number(minute) > 59 || total > 1440 ? undefined : total
}

/** How long until one of the windows is open, in ms; 0: it is, or there are none. `now` in ms since 1970. */
export function closedFor(windows: readonly DailyWindow[], now: number): number {
  if (windows.length === 0) return 0
  let wait = Infinity
  for (const { days, start, end } of windows) {
    for (let offset = -1; offset <= 7; offset++) {
      const from = momentOn(now, offset, start)
      if (!days.has(new Date(momentOn(now, offset, 0)).getDay())) continue
      const to = momentOn(now, end <= start ? offset + 1 : offset, end)
      if (from <= now && now < to) return 0
      if (from > now) wait = Math.min(wait, from - now)
    }
  }
  return wait
}

/** The local time of day `minute` so many days from today; days of 23 or 25 hours are Date's business. */
function momentOn(now: number, offset: number, minute: number): number {
  const day = new Date(now)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + offset, 0, minute).getTime()
}
