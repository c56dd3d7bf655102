/**
 * What a scan leaves alone: the hosts of configured devices, whatever port is asked, because many of them bear one connection and
 * none asked for a second. On loopback addresses each port is a program of its own: there only host and port together.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { GatewayError } from '../core/errors.ts'
import { canonicalHost, isLoopback } from '../core/network.ts'

/** The addresses of a host in canonical spelling, its own where it is one; none when the name is unknown. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [canonicalHost(host)]
  const found = await lookup(host, { all: true }).catch(() => [])
  return [...new Set(found.map(({ address }) => canonicalHost(address)))]
}

/** Where devices are, by address. */
export class UsedHosts {
  readonly #keys = new Set<string>()

  add(address: string, port: number): void {
    this.#keys.add(keyOf(address, port))
  }

  has(address: string, port: number): boolean {
    return this.#keys.has(keyOf(address, port))
  }
}

const keyOf = (address: string, port: number): string => (isLoopback(address) ? `${address} ${port}` : address)

/**
 * The hosts of line keys such as `tcp://10.0.0.5:502`; names are looked up, because a scan goes by address. Throws SCAN_FORBIDDEN
 * for a name that is unknown: its device could not be told from what is scanned.
 */
export async function usedHosts(lines: readonly string[]): Promise<UsedHosts> {
  const used = new UsedHosts()
  for (const line of new Set(lines)) {
    const match = /^[^/]*:\/\/(?:\[([^\]]+)\]|([^/:]+)):(\d+)(?:\/.*)?$/.exec(line)
    if (match === null) continue
    const host = (match[1] ?? match[2])!
    const addresses = await addressesOf(host)
    if (addresses.length === 0)
      throw new GatewayError(
        'SCAN_FORBIDDEN',
        `the host ${host} of a device of the configuration cannot be looked up, so that a scan might ask it without knowing: write its IP address instead of its name, or scan where the name is known`,
      )
    for (const address of addresses) used.add(address, Number(match[3]))
  }
  return used
}
