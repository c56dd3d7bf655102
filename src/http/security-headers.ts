/**
 * What every answer tells a browser: run and show only what this server sends (Content Security Policy 3), be in nobody's frame,
 * guess no types, tell nobody from where a link was followed. One table, held by a test.
 */

/** What stands in the built page where its nonce comes. */
export const NONCE_PLACE = 'BIFROST_NONCE'

/** Scripts and styles come from this server only; what else may style is named: a nonce, or the hash of a style element. */
export function contentSecurityPolicy(style = ''): string {
  return (
    `default-src 'none'; script-src 'self'; style-src 'self'${style === '' ? '' : ` '${style}'`}; img-src 'self' data:; font-src 'self' data:; ` +
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
  )
}

/** The one style element that the page of the API makes itself. */
const OF_API_PAGE = contentSecurityPolicy('sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w=')

/** The page needs nothing of the machine that it is looked at on. */
const PERMISSIONS_POLICY = ['camera', 'geolocation', 'microphone', 'payment', 'usb', 'serial', 'hid']
  .map((feature) => `${feature}=()`)
  .join(', ')

const YEAR_SECONDS = 31_536_000

const ALWAYS = {
  'content-security-policy': contentSecurityPolicy(),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': PERMISSIONS_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Every program of this machine is `localhost` to the browser: what one of them promises would bind all. */
const isLoopbackName = (name: string): boolean => /^(localhost|127\.[\d.]+|\[?::1\]?)$/i.test(name)

/** The headers of the answer to a request for `url` of the host `hostname`. */
export function securityHeaders(url: string, hostname: string, isSecure: boolean): Record<string, string> {
  return {
    ...ALWAYS,
    ...(url.startsWith('/api/docs') ? { 'content-security-policy': OF_API_PAGE } : {}),
    ...(isSecure && !isLoopbackName(hostname) ? { 'strict-transport-security': `max-age=${YEAR_SECONDS}` } : {}),
    ...(url.startsWith('/api/v1/') ? { 'cache-control': 'no-store' } : {}),
  }
}
