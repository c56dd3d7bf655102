/**
 * A question to the network: who offers this service? (DNS-SD, RFC 6763, over multicast DNS, RFC 6762). One query from a port of its
 * own, so that the answers come back to it alone (RFC 6762, 6.7), and what arrives for a while. Multicast reaches everybody in the
 * network: whoever calls this has to be allowed to.
 */
import { createSocket } from 'node:dgram'
import { decodeRecords, encodeQuery, type DnsRecord } from './dns-message.ts'

export interface ServiceInstance {
  /** `Press 7`, without the service. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** IPv4 and IPv6, or where the answer came from where it names none. */
  readonly addresses: readonly string[]
  /** Of the text record. */
  readonly text: Readonly<Record<string, string>>
}

export interface BrowseServicesOptions {
  readonly listenMs: number
  /** Where the question goes; the group of multicast DNS where absent. */
  readonly to?: { readonly address: string; readonly port: number }
}

const GROUP = { address: '224.0.0.251', port: 5353 }
const MOST_RECORDS = 10_000

/** `service`: `_opcua-tcp._tcp.local`. Rejects with the signal's reason; a network that cannot be asked has nobody in it. */
export async function browseServices(
  service: string,
  { listenMs, to = GROUP }: BrowseServicesOptions,
  signal: AbortSignal,
): Promise<ServiceInstance[]> {
  signal.throwIfAborted()
  const records: (DnsRecord & { readonly from: string })[] = []
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const timer = setTimeout(resolve, listenMs)
      socket.once('close', () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      })
      socket.on('error', () => resolve())
      socket.on('message', (message, { address }) => {
        const room = MOST_RECORDS - records.length
        for (const record of decodeRecords(message).slice(0, room)) records.push({ ...record, from: address })
      })
      socket.send(encodeQuery(service), to.port, to.address)
    })
  } finally {
    socket.close()
  }
  return instancesOf(service, records)
}

function instancesOf(service: string, records: readonly (DnsRecord & { readonly from: string })[]): ServiceInstance[] {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const names = new Set(records.flatMap((one) => (one.type === 'PTR' && same(one.name, service) ? [one.target] : [])))
  return [...names].flatMap((full) => {
    const found = records.find((one) => one.type === 'SRV' && same(one.name, full))
    if (found?.type !== 'SRV') return []
    const { host, port, from } = found
    const named = records.flatMap((one) => (one.type === 'ADDRESS' && same(one.name, host) ? [one.address] : []))
    const text = records.find((one) => one.type === 'TXT' && same(one.name, full))
    const name = full.slice(0, Math.max(0, full.length - service.length - 1))
    return [
      {
        name,
        host,
        port,
        addresses: named.length === 0 ? [from] : [...new Set(named)],
        text: text?.type === 'TXT' ? text.entries : {},
      },
    ]
  })
}
