/** Retry-After (RFC 9110, 10.2.3): a number of seconds, or an HTTP date. */

const SECONDS = /^\d{1,9}$/
/** RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms of old: with a year of two digits, and of asctime. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

/** Milliseconds from `now` (wall time), never negative; undefined when the header says nothing that is understood. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (SECONDS.test(text)) return Number(text) * 1000
  if (!HTTP_DATE.test(text)) return undefined
  // asctime has no zone, and means UTC as the others do.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
