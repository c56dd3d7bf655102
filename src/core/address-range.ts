/** Ranges of addresses as people write them: `10.0.0.0/8`, `10.0.1.7`, `fd00::/8`. No names: what a name means changes, an address does not. */
import { BlockList, isIP } from 'node:net'

export interface AddressRange {
  readonly text: string
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** What a text means, or a sentence that says what is wrong with it. */
export function parseAddressRange(text: string): AddressRange | string {
  const [, address = '', length] = /^([\da-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const version = isIP(address)
  if (version === 0) return `"${text}" is no address, and no range such as 10.0.0.0/8 or fd00::/8`
  const most = version === 4 ? 32 : 128
  const bits = Number(length ?? most)
  if (bits > most) return `"${text}": the length of a prefix is at most ${most}`
  return { text: text.trim(), address, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** Whether an address (as `canonicalHost` writes it) is in one of the ranges. */
export function rangeTest(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, bits, family } of ranges) list.addSubnet(address, bits, family)
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** Ranges that stand in code. */
export const addressRanges = (...texts: readonly string[]): AddressRange[] =>
  texts.map((text) => {
    const range = parseAddressRange(text)
    if (typeof range === 'string') throw new TypeError(range)
    return range
  })
