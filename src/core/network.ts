/**
 * Networks and hosts as people write them: `10.0.1.0/24` (CIDR, RFC 4632), `10.0.1.7`, an IPv6 address, a host name. What may be
 * scanned is such a list; a single IPv6 address or name is allowed only when exactly it is in the list.
 */
import { isIP, isIPv6 } from 'node:net'

/** Addresses `first` … `last` as 32-bit numbers, or one host by its name or IPv6 address. */
export type Network =
  | { readonly text: string; readonly first: number; readonly last: number }
  | { readonly text: string; readonly host: string }

/** What a text means, or a sentence that says what is wrong with it. */
export function parseNetwork(text: string): Network | string {
  const trimmed = text.trim().toLowerCase()
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
  if (bits > 32) return `"${text}": the length of a prefix is 0 to 32`
  const size = 2 ** (32 - bits)
  const given = toNumber(address)
  const first = given - (given % size)
  if (first !== given)
    return `"${text}" is an address within ${toAddress(first)}/${bits}; write that, or the address alone`
  return { text, first, last: first + size - 1 }
}

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
