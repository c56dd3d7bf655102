/**
 * A scan with the driver's own `scan`: what may be asked is decided here, once more at each connection: outside the networks, and
 * at hosts and ports that are in use, no connection is made whatever the driver does.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import type { Context, DriverType, Endpoint, FoundDevice } from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { contains, hostsOf, parseNetwork, type Network } from '../core/network.ts'
import { RateLimit } from './rate-limit.ts'

/** How a scan goes. */
export interface ScanSetup {
  readonly type: DriverType
  /** As `allowedNetworks` gave them. */
  readonly networks: readonly Network[]
  /** `host:port` that are left alone, as `usedEndpoints` gave them. */
  readonly used: ReadonlySet<string>
  readonly ports: readonly number[]
  readonly units: readonly number[]
  readonly timeoutMs: number
  readonly concurrency: number
  readonly ratePerSecond: number
  readonly clock: Clock
  readonly log: Log
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex>
  /** Before each connection. */
  onConnect?(endpoint: string): void
  /** A host and port was left alone because a device of the configuration uses it. */
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
  }
  const { ports, units, timeoutMs, concurrency, ratePerSecond } = setup
  const hosts = allHosts(networks)
  return type.scan({ hosts, ports, units, timeoutMs, concurrency, ratePerSecond }, context, signal)
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
  return async (endpoint, signal) => {
    if (!('host' in endpoint)) throw new GatewayError('SCAN_FORBIDDEN', 'a scan opens no serial ports')
    const { host, port } = endpoint
    const target = parseNetwork(host)
    if (typeof target === 'string' || !setup.networks.some((one) => contains(one, target)))
      throw new GatewayError('SCAN_FORBIDDEN', `${host} is outside of what this scan may ask`)
    const name = `${host}:${port}`
    if (setup.used.has(name)) {
      setup.onSkip?.(name)
      throw new NotConnectedError(`${name} is in use by a device of the configuration`)
    }
    await rate.turn(signal)
    setup.onConnect?.(name)
    return setup.dial(endpoint, signal)
  }
}
