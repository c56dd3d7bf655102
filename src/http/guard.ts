/**
 * From where the server is talked to: it answers only to its own names (a page elsewhere cannot reach it by DNS rebinding), and takes
 * changes and live sockets only from its own origin (RFC 6454). Who asks is the matter of `auth/`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { Listen } from '../config/config.ts'
import { reachFault, type Reach } from '../config/listen.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { GatewayError } from '../core/errors.ts'

/** Throws CONFIG_INVALID for an address that others can reach without being asked who they are, or in the open. */
export function assertReach(listen: Listen, reach: Reach): void {
  const fault = reachFault({ ...listen, host: bare(listen.host) }, reach)
  if (fault === undefined) return
  throw new GatewayError('CONFIG_INVALID', `http.listen: ${fault}`, {
    details: { path: 'http.listen', host: listen.host },
  })
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

export interface Guard {
  /** Why this request is refused, or undefined when it may pass. `changes`: it alters something or opens a socket. */
  refuse(headers: IncomingHttpHeaders, changes: boolean): GatewayError | undefined
}

/**
 * A guard for a server that listens on `port()` of `own`; `hosts` are further names, each with or without a port. Where others can reach
 * it, every address that is a number is its own: a foreign page can be given a name, never a number that is not its.
 */
export function createGuard(port: () => number, hosts: readonly string[], own = '127.0.0.1'): Guard {
  const loopback = new Set(['localhost', '127.0.0.1', '[::1]', own.toLowerCase()])
  const isReached = !isLoopbackHost(bare(own))
  const allowed = new Set(hosts.map((host) => host.toLowerCase()))

  const knows = (header: string | undefined): boolean => {
    const parsed = parseHost(header, port())
    if (parsed === undefined) return false
    if (parsed.port === port() && (loopback.has(parsed.name) || (isReached && isIP(bare(parsed.name)) > 0))) return true
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

const forbidden = (sentence: string): GatewayError => new GatewayError('ORIGIN_FORBIDDEN', sentence)

const quote = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 200))

/** `name` and `port` of a Host header (RFC 9110, 7.2); that of the scheme where it has none, which is ours where we listen on one of them. */
function parseHost(header: string | undefined, own: number): { name: string; port: number } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(header ?? '')
  return match === null
    ? undefined
    : { name: match[1]!.toLowerCase(), port: Number(match[2] ?? (own === 443 ? 443 : 80)) }
}

function originIs(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false
  const own = URL.parse(`${url.protocol}//${host}`)
  return own !== null && own.host === url.host
}
