/** One port of one host: is it an OPC UA server, who is it, what does it offer? */
import { isIPv6 } from 'node:net'
import type { Context, FoundDevice } from '../../../core/driver.ts'
import type { AnnouncedApplication, AnnouncedEndpoint } from '../../../protocols/opcua/discovery/messages.ts'
import { parseCertificate, splitChain } from '../../../wire/certificates/certificate.ts'
import { discover } from '../discovery.ts'
import { placeOf } from '../place.ts'

export interface Target {
  readonly host: string
  readonly port: number
  /** How it came to be asked, where nobody named its port. */
  readonly note?: string
}

export interface Probed {
  readonly device: FoundDevice | undefined
  /** Servers of the same host that it knows. */
  readonly others: readonly Target[]
}

const BINARY = 'uatcp-uasc-uabinary'

/** Rejects as `discover` does. */
export async function probe(
  { host, port, note, timeoutMs }: Target & { readonly timeoutMs: number },
  context: Context,
  signal: AbortSignal,
): Promise<Probed> {
  const origin = `opc.tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`
  const times = { connectTimeoutMs: timeoutMs, timeoutMs: 4 * timeoutMs, network: false }
  const { endpoints, servers } = await discover(origin, context, times, signal)
  const usable = endpoints.filter(({ transport }) => transport === BINARY || transport === '')
  const application = (usable[0] ?? endpoints[0])?.application
  const others = othersOf({ host, port }, application, servers)
  if (application?.kind === 'discovery server' || usable.length === 0) return { device: undefined, others }
  const endpoint = `${origin}${pathOf(usable[0]!.url)}`
  const isPlain = usable.every(({ mode }) => mode === 'None')
  return {
    others,
    device: {
      options: { endpoint, ...(isPlain ? { securityPolicy: 'None' } : {}) },
      endpoint: endpoint.slice('opc.tcp://'.length),
      identity: identityOf(application),
      notes: [...(note === undefined ? [] : [note]), ...notesOf(usable, application)],
      tags: [],
    },
  }
}

const identityOf = (application: AnnouncedApplication | undefined) =>
  application === undefined || application.name === '' ? {} : { product: application.name }

/** `/plant` of what the server calls itself, whatever host it names there. */
const pathOf = (url: string): string => /^opc\.tcp:\/\/[^/]+(\/[^\s?#]*)$/.exec(url)?.[1]?.replace(/^\/$/, '') ?? ''

function notesOf(endpoints: readonly AnnouncedEndpoint[], application: AnnouncedApplication | undefined): string[] {
  const offers = [...new Set(endpoints.map(({ policy, mode }) => `${policy}/${mode}`))]
  const users = [...new Set(endpoints.flatMap(({ tokens }) => tokens))]
  const uris = [application?.uri, application?.productUri].filter((uri) => uri !== undefined && uri !== '')
  return [
    ...(uris.length === 0 ? [] : [`application ${uris.join(', product ')}`]),
    `security ${offers.join(', ')}`,
    `users by ${users.length === 0 ? 'nothing that it says' : users.join(', ')}`,
    ...certificateNotes(endpoints.find(({ certificate }) => certificate !== undefined)?.certificate),
  ]
}

function certificateNotes(der: Buffer | undefined): string[] {
  if (der === undefined) return []
  try {
    const { thumbprint, subject, notAfter } = parseCertificate(splitChain(der, 1)[0] ?? der)
    return [`certificate ${thumbprint}, ${subject}, valid until ${new Date(notAfter).toISOString().slice(0, 10)}`]
  } catch {
    return ['its certificate cannot be read']
  }
}

/** What a discovery server lists is on its own host (OPC 10000-12, 4.3.2), by whatever name. */
function othersOf(
  { host, port }: Target,
  self: AnnouncedApplication | undefined,
  servers: readonly AnnouncedApplication[],
): Target[] {
  return servers
    .filter(({ uri, kind }) => uri !== self?.uri && kind !== 'client')
    .flatMap(({ name, discoveryUrls }) =>
      discoveryUrls.flatMap((url): Target[] => {
        const other = portOf(url)
        if (other === undefined || other === port) return []
        return [{ host, port: other, note: `known to the discovery server at port ${port} as "${name}"` }]
      }),
    )
}

function portOf(url: string): number | undefined {
  if (!url.startsWith('opc.tcp://') || !URL.canParse(url.replace('opc.tcp', 'http'))) return undefined
  return placeOf(url).port
}
