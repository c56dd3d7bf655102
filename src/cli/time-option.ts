/** Times on the command line: `2026-11-23T10:00Z`, ms since 1970, or how long ago. */
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'

/** A time as it is, or how long ago: `24h`. */
export function timeOf(name: string, text: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(text)
  const ago = isNumber ? undefined : parseDuration(text)
  if (ago !== undefined) return String(Date.now() - ago)
  if (isNumber || Number.isFinite(Date.parse(text))) return text
  throw new GatewayError(
    'USAGE',
    `--${name} ${text}: expected a time such as 2026-11-23T10:00:00Z, or how long ago: 24h`,
  )
}
