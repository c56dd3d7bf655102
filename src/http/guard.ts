/**
 * Who may talk to the server while there are no accounts: it listens on loopback only, answers only to its own names (a page
 * elsewhere cannot reach it by DNS rebinding), and takes changes and live sockets only from its own origin (RFC 6454).
 */
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../core/errors.ts'

/** Throws CONFIG_INVALID unless only this machine can reach the address. */
export function assertLoopback(host: string): void {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)) return
  throw new GatewayError(
    'CONFIG_INVALID',
    `http.listen: ${host} can be reached from other machines, which is refused while there are no accounts; listen on 127.0.0.1`,
    { details: { path: 'http.listen', host } },
  )
}

export interface Guard {
  /** Why this request is refused, or undefined when it may pass. `changes`: it alters something or opens a socket. */
  refuse(headers: IncomingHttpHeaders, changes: boolean): GatewayError | undefined
}

/** A guard for a server that listens on `port()` of `own`; `hosts` are further names, each with or without a port. */
export function createGuard(port: () => number, hosts: readonly string[], own = '127.0.0.1'): Guard {
  const loopback = new Set(['localhost', '127.0.0.1', '[::1]', own.toLowerCase()])
  const allowed = new Set(hosts.map((host) => host.toLowerCase()))

  const knows = (header: string | undefined): boolean => {
    const parsed = parseHost(header)
    if (parsed === undefined) return false
    if (loopback.has(parsed.name) && parsed.port === port()) return true
    return allowed.has(parsed.name) || allowed.has(`${parsed.name}:${parsed.port}`)
  }

  return {
    refuse(headers, changes) {
      if (!knows(headers.host)) return forbidden(`the host name ${quote(headers.host)} is not one of this gateway`)
      if (!changes) return undefined
      if (headers['sec-fetch-site'] === 'cross-site') return forbidden('the request comes from a page of another site')
      const { origin } = headers
      if (origin === undefined || originIs(origin, headers.host!)) return undefined
      return forbidden(`the origin ${quote(origin)} is not this gateway's own`)
    },
  }
}

/** Until signing in over HTTP exists, a gateway with accounts lets nobody in: what is asked of `guard` is refused all the same. */
export const closed = (guard: Guard): Guard => ({
  refuse: (headers, changes) =>
    guard.refuse(headers, changes) ??
    new GatewayError('SIGN_IN_REQUIRED', 'this gateway has accounts (http.access), and nobody can sign in yet'),
})

const forbidden = (sentence: string): GatewayError => new GatewayError('ORIGIN_FORBIDDEN', sentence)

const quote = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 200))

/** `name` and `port` of a Host header (RFC 9110, 7.2); the port of http where it has none. */
function parseHost(header: string | undefined): { name: string; port: number } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(header ?? '')
  return match === null ? undefined : { name: match[1]!.toLowerCase(), port: Number(match[2] ?? 80) }
}

function originIs(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false
  const own = URL.parse(`${url.protocol}//${host}`)
  return own !== null && own.host === url.host
}
