/**
 * The cookie of a session (RFC 6265bis): HttpOnly, SameSite=Strict, for the whole server; over TLS `Secure` and named `__Host-`, so that
 * no other name of the same site can set it. The port is in the name because browsers keep one jar for all ports of a host.
 */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { isLoopbackHost } from '../../core/loopback.ts'

export interface CookieJar {
  /** The session's secret that came along. */
  session(request: IncomingMessage): string | undefined
  /** What the single sign-on left with this browser. */
  pending(request: IncomingMessage): string | undefined
  /** `Set-Cookie`; without a value it goes. */
  setSession(request: IncomingMessage, value: string | undefined): string
  /** Sent along when the browser comes back from the provider, another site: SameSite=Lax, for ten minutes, for the callback alone. */
  setPending(request: IncomingMessage, value: string | undefined): string
  /** What the browser speaks to us, a proxy before us included. */
  isSecure(request: IncomingMessage): boolean
}

export const CALLBACK_PATH = '/api/v1/session/oidc/callback'
const PENDING_SECONDS = 600

/** `isPlain`: TLS ends at a proxy, so that what comes by a name of the network came over TLS. */
export function createCookieJar(port: () => number, isPlain: boolean): CookieJar {
  const isSecure = (request: IncomingMessage): boolean =>
    (request.socket as Partial<TLSSocket>).encrypted === true ||
    (isPlain && !isLoopbackHost(nameOf(request.headers.host)))
  const sessionName = (secure: boolean): string => `${secure ? '__Host-' : ''}bifrost-${port()}`
  const pendingName = (secure: boolean): string => `${secure ? '__Secure-' : ''}bifrost-sso-${port()}`
  const text = (name: string, value: string | undefined, secure: boolean, rest: string): string =>
    `${name}=${value ?? ''}; HttpOnly${secure ? '; Secure' : ''}; ${rest}${value === undefined ? '; Max-Age=0' : ''}`
  return {
    isSecure,
    session: (request) => readCookie(request.headers.cookie, sessionName(isSecure(request))),
    pending: (request) => readCookie(request.headers.cookie, pendingName(isSecure(request))),
    setSession(request, value) {
      const secure = isSecure(request)
      return text(sessionName(secure), value, secure, 'SameSite=Strict; Path=/')
    },
    setPending(request, value) {
      const secure = isSecure(request)
      const life = value === undefined ? '' : `; Max-Age=${PENDING_SECONDS}`
      return text(pendingName(secure), value, secure, `SameSite=Lax; Path=${CALLBACK_PATH}${life}`)
    },
  }
}

const nameOf = (host = ''): string => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

/** The first of this name: what comes twice was set by two, and the more specific one is sent first. */
function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim() || undefined
  }
  return undefined
}
