/**
 * A scan with the driver's own `scan`: what may be asked is decided here, once more at each connection: outside the networks, at
 * hosts that are in use, and where the scan was already, no connection is made whatever the driver does. A name is looked up once,
 * and what is connected to is the address that was checked.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import type { Context, DriverType, Endpoint, FoundDevice } from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { contains, hostsOf, parseNetwork, type Network } from '../core/network.ts'
import { RateLimit } from './rate-limit.ts'
import { addressesOf, type UsedHosts } from './used.ts'

/** How a scan goes. */
export interface ScanSetup {
  readonly type: DriverType
  /** As `allowedNetworks` gave them. */
  readonly networks: readonly Network[]
  /** What is left alone, as `usedHosts` gave it. */
  readonly used: UsedHosts
  readonly ports: readonly number[]
  readonly units: readonly number[]
  readonly timeoutMs: number
  readonly concurrency: number
  readonly ratePerSecond: number
  /** Ask the network by multicast, too. */
  readonly multicast?: boolean | undefined
  readonly clock: Clock
  readonly log: Log
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex>
  /** Before each connection. */
  onConnect?(endpoint: string): void
  /** A host was left alone because a device of the configuration is there. */
  onSkip?(endpoint: string): void
}

/** The devices that answer, as they are found. Ends with the signal's reason when it aborts. */
export function scan(setup: ScanSetup, signal: AbortSignal): AsyncIterable<FoundDevice> {
  const { type, networks, clock, log } = setup
  if (type.scan === undefined) throw new GatewayError('USAGE', `the driver ${type.name} cannot scan`)
  const context: Context = {
    name: 'scan',
    log,
    clock,
    dial: guardedDial(setup),
    share: (create) => create(),
    shareAll: (create) => create(),
  }
  const { ports, units, timeoutMs, concurrency, ratePerSecond, multicast } = setup
  const hosts = allHosts(networks)
  return type.scan({ hosts, ports, units, timeoutMs, concurrency, ratePerSecond, multicast }, context, signal)
}

/** Each host once, also where networks overlap. */
function* allHosts(networks: readonly Network[]): Generator<string> {
  const asked = new Set<string>()
  for (const host of networks.flatMap((network) => [...hostsOf(network)])) {
    if (asked.has(host)) continue
    asked.add(host)
    yield host
  }
}

function guardedDial(setup: ScanSetup): Context['dial'] {
  const rate = new RateLimit(setup.clock, setup.ratePerSecond)
  const asked = new Set<string>()
  return async (endpoint, signal) => {
    if (!('host' in endpoint)) throw new GatewayError('SCAN_FORBIDDEN', 'a scan opens no serial ports')
    const { host, port } = endpoint
    const target = parseNetwork(host)
    if (typeof target === 'string' || !setup.networks.some((one) => contains(one, target)))
      throw new GatewayError('SCAN_FORBIDDEN', `${host} is outside of what this scan may ask`)
    const name = `${host}:${port}`
    const addresses = await addressesOf(host)
    const [address] = addresses.filter((one) => typeof parseNetwork(one) !== 'string')
    if (address === undefined) throw new NotConnectedError(`${host} has no address`)
    if (addresses.some((one) => setup.used.has(one, port))) {
      setup.onSkip?.(name)
      throw new NotConnectedError(`${name} is left alone: a device of the configuration is there`)
    }
    const place = `${address} ${port}`
    if (asked.has(place)) throw new NotConnectedError(`${name} was asked already`)
    asked.add(place)
    await rate.turn(signal)
    setup.onConnect?.(name)
    return setup.dial({ ...endpoint, host: address }, signal)
  }
}
