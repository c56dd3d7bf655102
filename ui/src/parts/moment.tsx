/** A time as people read it, with the same in UTC on hover; and how long ago, or until then. */
import { formatDuration, formatTime, isoTime } from '../format.ts'
import { useNow } from '../live/context.ts'
import { partStrings as strings } from '../strings/parts.ts'

interface Props {
  /** ISO 8601, as the API has it; null: there is none. */
  readonly time: string | null
  /** In its place where there is none. */
  readonly none?: string
  /** Also says how long ago, or in how long. */
  readonly relative?: boolean
}

export function Moment({ time, none = '–', relative = false }: Props) {
  if (time === null) return <span className="quiet">{none}</span>
  const at = Date.parse(time)
  return (
    <time className="numbers" dateTime={time} title={isoTime(at)}>
      {formatTime(at)}
      {relative && <Distance at={at} />}
    </time>
  )
}

/** By the gateway's clock, and it goes on. */
function Distance({ at }: { at: number }) {
  const now = useNow()
  return <span className="quiet"> {distance(at, now)}</span>
}

/** `3 min ago`, `in 4 h`. */
export function distance(at: number, now: number): string {
  return at <= now ? strings.ago(formatDuration(now - at)) : strings.ahead(formatDuration(at - now))
}

/** What is left, counted down: `9:42`, `1:05:00`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`
}
