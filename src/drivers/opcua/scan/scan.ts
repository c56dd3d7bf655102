/**
 * Looks for OPC UA servers: HEL and ACK, GetEndpoints, FindServers, nothing else (OPC 10000-4, 5.5). A discovery server (LDS) is asked for
 * the other servers of its host, a multicast query for those of the network where it is allowed; each of them is then asked itself, by
 * `context.dial`, which keeps the scan within what it may ask.
 */
import type { Context, FoundDevice, ScanRange } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { scanHosts } from '../../../core/host-scan.ts'
import { canonicalHost } from '../../../core/network.ts'
import { browseServices, type ServiceInstance } from '../../../wire/dns-sd.ts'
import { probe, type Target } from './host.ts'

/** Further ports of one host that a discovery server names. */
const MOST_PORTS = 16
const SERVICE = '_opcua-tcp._tcp.local'
const LISTEN_MS = 2000

export async function* scanOpcua(
  range: ScanRange,
  context: Context,
  signal: AbortSignal,
): AsyncGenerator<FoundDevice, void, undefined> {
  const announced = range.multicast === true ? await announcedTargets(signal) : new Map<string, Target[]>()
  const timeoutMs = range.timeoutMs
  const probeHost = async (host: string, found: (device: FoundDevice) => void, until: AbortSignal) => {
    const waiting: Target[] = [
      ...range.ports.map((port) => ({ host, port })),
      ...(announced.get(canonicalHost(host)) ?? []),
    ]
    const asked = new Set<number>()
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      if (asked.has(target.port) || asked.size >= range.ports.length + MOST_PORTS) continue
      asked.add(target.port)
      const { device, others } = await probeTarget({ ...target, timeoutMs }, context, until)
      if (device !== undefined) found(device)
      waiting.push(...others)
    }
  }
  yield* scanHosts(range, probeHost, signal)
}

/** A port that may not be asked is left out; which hosts may be was decided before. */
async function probeTarget(target: Target & { timeoutMs: number }, context: Context, signal: AbortSignal) {
  try {
    return await probe(target, context, signal)
  } catch (error) {
    if (!(error instanceof GatewayError) || signal.aborted) throw error
    context.log.debug({ host: target.host, port: target.port, reason: error.message }, 'the host was left')
    return { device: undefined, others: [] }
  }
}

/** What announces itself by mDNS, by address. */
async function announcedTargets(signal: AbortSignal): Promise<Map<string, Target[]>> {
  const targets = new Map<string, Target[]>()
  for (const instance of await browseServices(SERVICE, { listenMs: LISTEN_MS }, signal))
    for (const address of instance.addresses) {
      const host = canonicalHost(address)
      targets.set(host, [...(targets.get(host) ?? []), toTarget(host, instance)])
    }
  return targets
}

/** The record's text has the path of the endpoint (OPC 10000-12, C.2). */
const toTarget = (host: string, { port, name, text }: ServiceInstance): Target => ({
  host,
  port,
  note: `announced by mDNS as "${name}"${text.path === undefined ? '' : `, path ${text.path}`}`,
})
