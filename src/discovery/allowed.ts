/** What may be scanned: only networks that the configuration names. */
import { GatewayError } from '../core/errors.ts'
import { contains, parseNetwork, sizeOf, type Network } from '../core/network.ts'

/** Addresses of one scan, at most: a /16. */
export const MOST_ADDRESSES = 65_536

/** The networks to scan; throws USAGE for what is none or too large, SCAN_FORBIDDEN for what is not allowed. */
export function allowedNetworks(asked: readonly string[], allowed: readonly Network[], file: string): Network[] {
  const networks = asked.map((text) => {
    const network = parseNetwork(text)
    if (typeof network === 'string') throw new GatewayError('USAGE', network)
    return network
  })
  const size = networks.reduce((sum, network) => sum + sizeOf(network), 0)
  if (size > MOST_ADDRESSES)
    throw new GatewayError('USAGE', `${size} addresses are too many for one scan: at most ${MOST_ADDRESSES}, a /16; scan it in parts`) // prettier-ignore
  const refused = networks.find((network) => !allowed.some((one) => contains(one, network)))
  if (refused === undefined) return networks
  const may =
    allowed.length === 0 ? 'nothing may be scanned yet' : `allowed are ${allowed.map(({ text }) => text).join(', ')}`
  throw new GatewayError(
    'SCAN_FORBIDDEN',
    `${refused.text} may not be scanned: ${may}. Where it is yours to scan, write into ${file}: discovery: { networks: [${refused.text}] }`,
  )
}
