/**
 * Networks and hosts as people write them: `10.0.1.0/24` (CIDR, RFC 4632), `10.0.1.7`, an IPv6 address, a host name. What may be
 * scanned is such a list; a single IPv6 address or name is allowed only when exactly it is in the list. Spellings of one address are
 * one: `::ffff:10.0.1.7` (IPv4-mapped, RFC 4291, 2.5.5.2) is 10.0.1.7.
 */
import { isIP, isIPv6, SocketAddress } from 'node:net'

/** The shortest prefix of a network: a list that names everything would allow everything. */
const SHORTEST_PREFIX = 8

/** Addresses `first` … `last` as 32-bit numbers, or one host by its name or IPv6 address. */
export type Network =
  | { readonly text: string; readonly first: number; readonly last: number }
  | { readonly text: string; readonly host: string }

/** What a text means, or a sentence that says what is wrong with it. */
export function parseNetwork(text: string): Network | string {
  const trimmed = canonicalHost(text.trim())
  if (trimmed === '::' || /^ff[\da-f]{2}:/.test(trimmed))
    return `"${text}" is no address of a host: :: is this host, from ff00:: on are groups`
  if (isIPv6(trimmed)) return { text: trimmed, host: trimmed }
  const cidr = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(trimmed)
  if (cidr !== null) return parseCidr(trimmed, cidr[1]!, Number(cidr[2] ?? 32))
  if (/^[\d./:]+$/.test(trimmed) || trimmed.includes('/'))
    return `"${text}" is no network such as 10.0.1.0/24, nor a host`
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(trimmed)) return { text: trimmed, host: trimmed }
  return `"${text}" is no network such as 10.0.1.0/24, nor a host`
}

function parseCidr(text: string, address: string, bits: number): Network | string {
  if (isIP(address) !== 4) return `"${address}" is no IPv4 address: four numbers from 0 to 255`
  if (bits < SHORTEST_PREFIX || bits > 32)
    return `"${text}": the length of a prefix is ${SHORTEST_PREFIX} to 32; name the networks that are yours`
  const size = 2 ** (32 - bits)
  const given = toNumber(address)
  const first = given - (given % size)
  const octet = Math.floor(given / 2 ** 24)
  if (octet === 0 || octet > 223) return `"${text}" are no addresses of hosts: 0 is this host, from 224 on are groups`
  if (first !== given)
    return `"${text}" is an address within ${toAddress(first)}/${bits}; write that, or the address alone`
  return { text, first, last: first + size - 1 }
}

/** One spelling a host: small letters, IPv6 as RFC 5952 writes it, IPv4-mapped addresses as IPv4. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase()
  if (!isIPv6(lower) || lower.includes('%')) return lower
  const { address } = new SocketAddress({ address: lower, family: 'ipv6' })
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address
}

/** True where each port is a program of its own, instead of the host a device: loopback (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** How many hosts `hostsOf` gives. */
export function sizeOf(network: Network): number {
  if ('host' in network) return 1
  const addresses = network.last - network.first + 1
  return addresses > 2 ? addresses - 2 : addresses
}

/** Its hosts one by one; of a network with more than two addresses not the first and the last, which are no hosts. */
export function* hostsOf(network: Network): Generator<string> {
  if ('host' in network) return void (yield network.host)
  const edge = network.last - network.first > 1 ? 1 : 0
  for (let at = network.first + edge; at <= network.last - edge; at++) yield toAddress(at)
}

/** True when every host of `inner` is one of `outer`. */
export function contains(outer: Network, inner: Network): boolean {
  if ('host' in outer || 'host' in inner) return 'host' in outer && 'host' in inner && outer.host === inner.host
  return inner.first >= outer.first && inner.last <= outer.last
}

const toNumber = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0)

const toAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
