/**
 * The signature of a request: HMAC-SHA256 (RFC 2104) over the time, a full stop and the body exactly as it travels (compressed
 * where it is), in hexadecimal. A receiver computes the same with the shared secret, compares in constant time, and refuses times
 * that are minutes off, so that a recorded request cannot be sent again later.
 */
import { createHmac } from 'node:crypto'

const TIMESTAMP_HEADER = 'X-Bifrost-Timestamp'

/** The headers of the signature; `now` is wall time in ms, the header has whole seconds. */
export function signatureHeaders(
  secret: string,
  header: string,
  body: Uint8Array,
  now: number,
): Record<string, string> {
  const time = String(Math.floor(now / 1000))
  const digest = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')
  return { [TIMESTAMP_HEADER]: time, [header]: `sha256=${digest}` }
}
