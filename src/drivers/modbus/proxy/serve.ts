/**
 * The Modbus proxy of one device: other clients reach it through the gateway, on the same line as the polls and never faster than
 * those allow. Runs beside the polls, connected or not (`Driver.serve`).
 */
import type { Context, LineAccess } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { WriteLock } from '../write-lock.ts'
import type { ProxyCounters } from './counters.ts'
import type { LineProxies } from './line-proxies.ts'
import { parseListenAddress } from './listen-address.ts'
import { ProxyRelay, type RelaySettings } from './relay.ts'
import { ProxyTurns } from './turns.ts'

/** A request waits for one that gets no answer, and for those ahead of it; longer than that its client would not wait either. */
const WAITED_TIMEOUTS = 2

/** What the device gives to its proxy. */
export interface ProxySetup {
  readonly settings: RelaySettings & { readonly listen: string }
  /** The device's own unit id and those that its tags name; may grow. */
  readonly units: ReadonlySet<number>
  /** How long the device may take to answer, in ms. */
  readonly timeout: number
  readonly context: Context
  readonly counters: ProxyCounters
  /** Shared by the devices of the line. */
  readonly line: { readonly proxies: LineProxies; readonly writes: WriteLock }
  /** One request on the wire, with the device's time-out. */
  exchange(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** Serves until the signal aborts; resolves when what clients began is on record. */
export async function serveProxy(setup: ProxySetup, access: LineAccess, signal: AbortSignal): Promise<void> {
  const { settings, units, timeout, context, counters, line } = setup
  const address = parseListenAddress(settings.listen)
  if (address === undefined)
    throw new GatewayError('CONFIG_INVALID', `proxy.listen: ${settings.listen} is no host:port`)
  const relay = new ProxyRelay({
    settings,
    units,
    context,
    counters,
    turns: new ProxyTurns({ access, clock: context.clock, waitMs: timeout * WAITED_TIMEOUTS, signal }),
    cache: line.proxies.cache,
    writes: line.writes,
    exchange: (unit, pdu, onLine) => setup.exchange(unit, pdu, onLine),
  })
  line.proxies.join(address, relay, context)
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await line.proxies.leave(address, relay)
  await relay.close()
}
