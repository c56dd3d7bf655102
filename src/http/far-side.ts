/**
 * Who is at the far side of a connection, for what is counted by address. Behind a reverse proxy that the configuration names
 * (`http.trustedProxies`) it is the last address of `X-Forwarded-For` that no such proxy has; from anybody else that header is
 * words, and is not read. An IPv6 client has 2^64 addresses of its own: its network counts as one.
 */
import type { IncomingMessage } from 'node:http'
import { isIP, isIPv6 } from 'node:net'
import { rangeTest, type AddressRange } from '../core/address-range.ts'
import { canonicalHost } from '../core/network.ts'

export interface FarSide {
  /** The address of who asks, in one spelling. */
  of(request: IncomingMessage): string
  isProxy(address: string | undefined): boolean
}

export function createFarSide(trustedProxies: readonly AddressRange[]): FarSide {
  const isTrusted = rangeTest(trustedProxies)
  const isProxy = (address: string | undefined): boolean =>
    address !== undefined && trustedProxies.length > 0 && isTrusted(canonicalHost(address))
  return {
    isProxy,
    of({ socket, headers }) {
      let address = canonicalHost(socket.remoteAddress ?? '')
      if (!isProxy(address)) return address
      const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
      for (const hop of hops.toReversed()) {
        const named = hop.trim()
        if (isIP(named) === 0) return address
        address = canonicalHost(named)
        if (!isProxy(address)) return address
      }
      return address
    },
  }
}

/** What shares one allowance: an IPv4 address, or the /64 of an IPv6 one (RFC 4291, 2.5.4). */
export function shareOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%', 1)[0]!.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':')
    while (groups.length + behind.length < 8) groups.push('0')
    groups.push(...behind)
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}
