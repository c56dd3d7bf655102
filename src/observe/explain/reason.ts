/** Why no sample came while somebody waited for it, in a sentence with the next step. */
import { formatDuration } from '../../core/duration.ts'
import type { Point } from '../../core/driver.ts'
import type { DeviceSession } from '../../polling/session.ts'

/** `waitedMs`: how long somebody waited. */
export function noSampleReason(session: DeviceSession, point: Point<unknown>, waitedMs: number): string {
  const { name, state, reason } = session
  if (state === 'Disabled') return reason ?? `${name} is disabled in the configuration.`
  if (state === 'Failed' || state === 'Connecting')
    return `No sample came: ${name} is ${state}. ${reason ?? 'It is being connected.'}`
  const waited = formatDuration(Math.round(waitedMs))
  if (session.isSubscribed(point)) {
    const { provenAt = 0 } = session.liveness() ?? {}
    const alive =
      provenAt > 0 ? ` The subscription proved at ${new Date(provenAt).toISOString()} that it is alive.` : ''
    return `Nothing was published within ${waited}: the server reports changes only, and the value held still.${alive}`
  }
  const every = formatDuration(point.settings.everyMs)
  const why = reason === null ? ' Wait longer, or look at the trace of the device.' : ` ${reason}`
  return `No poll of this tag came to an end within ${waited}; it is read every ${every}.${why}`
}
