/** `host:port` of a proxy, with IPv6 in brackets as in URLs (RFC 3986, 3.2.2): `127.0.0.1:1502`, `[::1]:1502`. */
import { isIP } from 'node:net'

/** Where a proxy listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The parts of `host:port`, or undefined when it is not one. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, bracketed, plain, digits] = match
  const port = Number(digits)
  if (port < 1 || port > 65_535) return undefined
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined
  // 10.0.0.256 or 10.0.1 is no host name: labels of digits alone are an address (RFC 1123, 2.1).
  if (/^[\d.]+$/.test(plain!) && isIP(plain!) !== 4) return undefined
  return { host: plain!.toLowerCase(), port }
}

/** True when only programs of this machine can reach the address. */
export const isLoopback = ({ host }: ListenAddress): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** As it is written. */
export const formatListenAddress = ({ host, port }: ListenAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
