/**
 * Which addresses a device or sink may be dialled at. The configuration is written by people, and soon by forms and imports: a device
 * at the metadata service of a cloud, or at a port of this gateway, is a way to what nobody should reach through it. A name is looked up once, and
 * the addresses that were checked are those that are dialled: one that means something else a moment later (DNS rebinding) changes nothing.
 */
import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { addressRanges, rangeTest, type AddressRange } from '../core/address-range.ts'
import { canonicalHost, isLoopback } from '../core/network.ts'

export interface ReachRules {
  /** Nothing else may be dialled; empty: everything that is not refused. */
  readonly allow: readonly AddressRange[]
  /** Refused, whatever `allow` says. */
  readonly deny: readonly AddressRange[]
  /** Ports that this gateway listens on. */
  readonly ownPorts: ReadonlySet<number>
}

export interface Reach {
  /** Why this address may not be dialled, as the end of a sentence; undefined: it may. */
  refusal(address: string, port: number): string | undefined
  /** For `net.connect`: the addresses of a name, without those that are refused. */
  lookup(port: number): LookupFunction
  /** The address to dial for a host, for a client library that takes no lookup; rejects with a `ReachError`. */
  resolve(host: string, port: number): Promise<LookupAddress>
}

/** `code` is EFORBIDDEN; the message ends a sentence that begins with the endpoint. */
export class ReachError extends Error {
  readonly code = 'EFORBIDDEN'
}

type Lookup = (
  host: string,
  options: { all: true; family?: number | 'IPv4' | 'IPv6'; hints?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** This host, groups, and what is reserved: no address of a device (RFC 6890). */
const isNoHost = rangeTest(addressRanges('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8'))
/** Where clouds tell a machine its secrets. */
const isMetadata = rangeTest(addressRanges('169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '169.254.170.2'))
const isLinkLocal = rangeTest(addressRanges('169.254.0.0/16', 'fe80::/10'))

/** One whose rules change while it is used; connections that are open stay. */
export interface MovingReach extends Reach {
  move(rules: ReachRules): void
}

export function createMovingReach(rules: ReachRules): MovingReach {
  let reach = createReach(rules)
  return {
    refusal: (address, port) => reach.refusal(address, port),
    lookup: (port) => reach.lookup(port),
    resolve: (host, port) => reach.resolve(host, port),
    move(next) {
      reach = createReach(next)
    },
  }
}

export function createReach({ allow, deny, ownPorts }: ReachRules, lookup: Lookup = systemLookup): Reach {
  const isAllowed = rangeTest(allow)
  const isDenied = rangeTest(deny)
  // A range that holds all addresses does not mean these: they have to be named.
  const isNamedLocal = rangeTest(allow.filter(({ address }) => isLinkLocal(address)))
  const isNamedAlone = rangeTest(allow.filter(({ address, bits }) => bits === (isIP(address) === 4 ? 32 : 128)))

  const refusal = (given: string, port: number): string | undefined => {
    const address = plainAddress(given)
    if (isNoHost(address)) return `${address} is no address of a device`
    if (isDenied(address)) return `${address} is among network.deny`
    if (isMetadata(address) && !isNamedAlone(address))
      return `${address} is where clouds keep the secrets of a machine; add it to network.allow if it is a device`
    if (isLinkLocal(address) && !isNamedLocal(address))
      return `${address} is a link-local address; add it, or a range of them, to network.allow if it is a device`
    if (allow.length > 0 && !isAllowed(address)) return `${address} is not among network.allow`
    if (ownPorts.has(port) && isOwn(address)) return `port ${port} of this machine is one of this gateway itself`
    return undefined
  }

  const addressesOf = (
    host: string,
    port: number,
    options: Parameters<LookupFunction>[1],
    done: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void => {
    const { family = 0, hints = 0 } = options
    const choose = (error: Error | null, found: LookupAddress[]): void => {
      if (error !== null) return done(error, [])
      const good = found.filter(({ address }) => refusal(address, port) === undefined)
      const [first] = found
      if (good.length > 0 || first === undefined) return done(null, good)
      done(new ReachError(refusal(first.address, port)), [])
    }
    const version = isIP(host)
    if (version !== 0) choose(null, [{ address: host, family: version }])
    else lookup(host, { all: true, family, hints }, choose)
  }

  return {
    refusal,
    lookup: (port) => (host, options, done) =>
      addressesOf(host, port, options, (error, addresses) => {
        const [first] = addresses
        if (error !== null || first === undefined) done(error, '', 0)
        else if (options.all === true) done(null, addresses)
        else done(null, first.address, first.family)
      }),
    resolve: (host, port) =>
      new Promise((resolve, reject) => {
        addressesOf(host, port, {}, (error, [first]) => {
          if (error !== null) reject(error)
          else if (first === undefined) reject(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }))
          else resolve(first)
        })
      }),
  }
}

/** Without a zone, IPv4 that travels as IPv6 (mapped; NAT64, RFC 6052) as IPv4. */
function plainAddress(address: string): string {
  const plain = canonicalHost(address.replace(/%.*$/, ''))
  const [, high, low] = /^64:ff9b::([\da-f]{1,4}):([\da-f]{1,4})$/.exec(plain) ?? []
  if (high === undefined || low === undefined) return plain
  const bytes = Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex')
  return bytes.join('.')
}

const isOwn = (address: string): boolean =>
  isLoopback(address) ||
  Object.values(networkInterfaces()).some((all = []) => all.some((one) => canonicalHost(one.address) === address))
