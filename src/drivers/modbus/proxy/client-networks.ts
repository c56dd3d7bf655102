/** Addresses and networks of clients as people write them: `10.0.0.7`, `10.0.1.0/24`, `fd00::/8`. */
import { BlockList, isIP } from 'node:net'

interface Network {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  readonly prefix: number
}

/** True when this is an IP address or a network in CIDR notation (RFC 4632, 3.1; RFC 4291, 2.3). */
export const isNetwork = (text: string): boolean => parseNetwork(text) !== undefined

/** A set of addresses. A client that comes as IPv4 over an IPv6 socket (`::ffff:10.0.0.7`) counts as IPv4. */
export class ClientNetworks {
  readonly #list = new BlockList()

  /** Each text is one for which `isNetwork` holds. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const network = parseNetwork(text)
      if (network === undefined) throw new RangeError(`${text} is neither an address nor a network`)
      this.#list.addSubnet(network.address, network.prefix, network.family)
    }
  }

  has(address: string): boolean {
    const plain = unmapped(address.replace(/%.*$/, ''))
    const version = isIP(plain)
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** RFC 4291, 2.5.5.2: an IPv4 address inside IPv6. */
function unmapped(address: string): string {
  const inner = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return inner ?? address
}

function parseNetwork(text: string): Network | undefined {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const address = unmapped(match[1]!)
  const version = isIP(address)
  if (version === 0) return undefined
  const bits = version === 4 ? 32 : 128
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const cut = address === match[1] ? 0 : 96
  const prefix = match[2] === undefined ? bits : Number(match[2]) - cut
  if (prefix < 0 || prefix > bits) return undefined
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix }
}
