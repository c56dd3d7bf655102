/**
 * What a server offers and who it says it is: security policies, users, its certificate and what our trust list says of that. It
 * works without a session, before any certificate is trusted.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { messageOf } from '../../../core/errors.ts'
import { oneLine } from '../../../core/one-line.ts'
import type {
  AnnouncedApplication,
  AnnouncedEndpoint,
  AnnouncedServer,
} from '../../../protocols/opcua/discovery/messages.ts'
import { splitChain } from '../../../wire/certificates/certificate.ts'
import { checkPresented } from '../../../wire/certificates/check.ts'
import { judgeCertificate } from '../../../wire/certificates/verdict.ts'
import type { OpcuaDevice, Site } from '../device.ts'
import { discover } from '../discovery.ts'
import { placeOf } from '../place.ts'

const MOST_ISSUERS = 10
const NOTHING_KNOWN = { trusted: [], rejected: [], issuers: [], lists: [], problems: [] }

interface EndpointView extends Omit<AnnouncedEndpoint, 'certificate' | 'application'> {
  readonly thumbprint: string | null
}

interface CertificateView {
  readonly thumbprint: string | null
  readonly subject: string | null
  readonly validFrom: string | null
  readonly validTo: string | null
  readonly trusted: boolean
  /** Why not, and the next step; null: trusted. */
  readonly reason: string | null
  /** DER in base64, for a file that can be trusted. */
  readonly der: string
}

interface Report {
  readonly url: string
  readonly application: AnnouncedApplication | null
  readonly endpoints: readonly EndpointView[]
  readonly certificates: readonly CertificateView[]
  readonly servers: readonly AnnouncedApplication[]
  readonly network: readonly AnnouncedServer[]
  readonly notes: readonly string[]
}

export const endpoints = defineTool({
  name: 'endpoints',
  summary: 'what a server offers: security, users, its certificate and whether we trust it; needs no session',
  examples: [
    ['bifrost opcua endpoints opc.tcp://10.0.0.5:4840', 'before anything is configured or trusted'],
    [
      'bifrost opcua endpoints opc.tcp://10.0.0.5:4840 --network',
      'of a discovery server: what it knows in its network',
    ],
  ],
  input: z.strictObject({
    network: z.boolean().default(false).describe('Ask for the servers that it has heard of in its network (LDS-ME)'),
  }),
  positions: [],
  offline: true,
  async run({ network }, driver, _access, signal): Promise<Report> {
    const { site } = driver as unknown as OpcuaDevice
    const { endpoint: url, connectTimeoutMs, requestTimeoutMs } = site
    const timeoutMs = connectTimeoutMs + 3 * requestTimeoutMs
    const found = await discover(url, site, { connectTimeoutMs, timeoutMs, network }, signal)
    const { certificates, thumbprintOf } = await judgeAll(site, found.endpoints)
    const [first] = found.endpoints
    return {
      url,
      application: first?.application ?? null,
      endpoints: found.endpoints.map(({ url: at, policy, mode, tokens, transport, level, certificate }) => {
        const thumbprint = certificate === undefined ? null : thumbprintOf(certificate)
        return { url: at, policy, mode, tokens, transport, level, thumbprint }
      }),
      certificates,
      servers: found.servers,
      network: found.network,
      notes: [...found.notes, ...addressNotes(url, found.endpoints)],
    }
  },
  toLines: (report: Report) => linesOf(report).map(oneLine),
  toRemarks: ({ notes }: Report) => notes.map(oneLine),
})

/** Each certificate once. */
async function judgeAll(site: Site, all: readonly AnnouncedEndpoint[]) {
  const thumbprints = new Map<string, string | null>()
  const certificates: CertificateView[] = []
  for (const { certificate, application } of all) {
    const der = certificate?.toString('base64')
    if (certificate === undefined || der === undefined || thumbprints.has(der)) continue
    const view = await judge(site, certificate, application.uri)
    thumbprints.set(der, view.thumbprint)
    certificates.push({ ...view, der })
  }
  return { certificates, thumbprintOf: (der: Buffer) => thumbprints.get(der.toString('base64')) ?? null }
}

async function judge(
  { certificates, clock, name, endpoint, ignoreHostname }: Site,
  der: Buffer,
  applicationUri: string,
): Promise<Omit<CertificateView, 'der'>> {
  const nothing = { thumbprint: null, subject: null, validFrom: null, validTo: null, trusted: false }
  let chain: Buffer[]
  try {
    chain = splitChain(der, MOST_ISSUERS)
  } catch (error) {
    return { ...nothing, reason: `it is no certificate: ${messageOf(error)}` }
  }
  const question = { now: clock.now(), role: 'server', endpoint, hostname: placeOf(endpoint).host, ignoreHostname, applicationUri } as const // prettier-ignore
  // As a connection would: who is not trusted waits in the inbox, so that it can be trusted by its thumbprint.
  const verdict =
    certificates === undefined
      ? judgeCertificate(chain, question, NOTHING_KNOWN)
      : await checkPresented(certificates.folder, chain, { ...question, device: name, onNoteLost: () => undefined })
  const { certificate } = verdict
  if (certificate === undefined) return { ...nothing, reason: verdict.ok ? null : verdict.reason }
  return {
    thumbprint: certificate.thumbprint,
    subject: certificate.subject,
    validFrom: new Date(certificate.notBefore).toISOString(),
    validTo: new Date(certificate.notAfter).toISOString(),
    trusted: verdict.ok,
    reason: verdict.ok ? null : withFlag(verdict.reason, certificates?.flag),
  }
}

/** The next step in the words that work here. */
const withFlag = (reason: string, flag: string | undefined): string =>
  flag === undefined ? reason : reason.replace(/`(bifrost opcua [^`]*)`/g, `\`$1 ${flag}\``)

/** A server that calls itself by another address than the one it was asked at. */
function addressNotes(url: string, all: readonly AnnouncedEndpoint[]): string[] {
  const { host, port } = placeOf(url)
  const others = new Set<string>()
  for (const { url: given } of all) {
    const place = placeIn(given)
    if (place === undefined || (place.host.toLowerCase() === host.toLowerCase() && place.port === port)) continue
    // A name and an address may be the same host; two addresses are not.
    if (place.port !== port || isIP(place.host) !== 0) others.add(given)
  }
  const [first] = others
  return first === undefined
    ? []
    : [
        `The server calls itself ${first}; it was reached at ${url}, which is used. Behind an address translation set ignoreHostname.`,
      ]
}

function placeIn(url: string) {
  try {
    return placeOf(url)
  } catch {
    return undefined
  }
}

function linesOf({ url, application, endpoints: all, certificates, servers, network }: Report): string[] {
  const lines = [application === null ? url : `${application.name}  ${application.uri}  ${application.productUri}`]
  for (const { policy, mode, tokens, transport, thumbprint, url: at } of all) {
    const foreign =
      transport === 'uatcp-uasc-uabinary' || transport === '' ? '' : `  ${transport}, which we do not speak`
    lines.push(
      `  ${`${policy}/${mode}`.padEnd(38)}  ${tokens.join(', ')}  ${at}  ${thumbprint?.slice(0, 8) ?? 'no certificate'}${foreign}`,
    )
  }
  if (all.length === 0) lines.push('  it offers nothing')
  for (const { thumbprint, subject, validFrom, validTo, trusted, reason } of certificates) {
    lines.push(`certificate ${thumbprint ?? ''}  ${subject ?? ''}`)
    if (validFrom !== null && validTo !== null)
      lines.push(`  valid ${validFrom.slice(0, 10)} to ${validTo.slice(0, 10)}`)
    lines.push(trusted ? '  trusted' : `  not trusted: ${reason ?? ''}`)
  }
  const others = servers.filter(({ uri }) => uri !== application?.uri)
  for (const { name, uri, kind, discoveryUrls } of others)
    lines.push(`knows ${kind} ${name}  ${uri}  ${discoveryUrls.join(' ')}`)
  for (const { name, url: at, capabilities } of network)
    lines.push(`in the network ${name}  ${at}  ${capabilities.join(', ')}`)
  return lines
}
