/**
 * The requests of discovery and their answers (OPC 10000-4, 5.5): what a server offers, which servers it knows on its host, and which
 * in its network.
 */
import { UaReader, UaWriter } from './binary.ts'

/** An application, as it is announced (OPC 10000-4, 7.2). */
export interface AnnouncedApplication {
  readonly uri: string
  readonly productUri: string
  readonly name: string
  readonly kind: 'server' | 'client' | 'client and server' | 'discovery server'
  readonly discoveryUrls: readonly string[]
}

/** One way in (OPC 10000-4, 7.14). */
export interface AnnouncedEndpoint {
  /** As the server gives it: behind an address translation it may be one that nobody can reach. */
  readonly url: string
  readonly application: AnnouncedApplication
  /** DER, maybe with its issuers behind it. */
  readonly certificate: Buffer | undefined
  readonly mode: string
  /** `Basic256Sha256`. */
  readonly policy: string
  readonly tokens: readonly string[]
  /** `uatcp-uasc-uabinary`. */
  readonly transport: string
  /** The server's own ranking. */
  readonly level: number
}

/** A server that a discovery server has heard of by mDNS (OPC 10000-4, 5.5.3). */
export interface AnnouncedServer {
  readonly name: string
  readonly url: string
  readonly capabilities: readonly string[]
}

/** A request of a service and how its answer reads; node ids of the encodings (OPC 10000-6, A.3). */
export interface Service<Answer> {
  readonly name: string
  readonly request: number
  readonly response: number
  encode(writer: UaWriter): void
  decode(reader: UaReader): Answer
}

const KINDS = ['server', 'client', 'client and server', 'discovery server'] as const
const MODES = ['Invalid', 'None', 'Sign', 'SignAndEncrypt']
const TOKENS = ['anonymous', 'user and password', 'certificate', 'issued token']
/** Records of one answer. */
const MOST_RECORDS = 1000

export const getEndpoints = (url: string): Service<AnnouncedEndpoint[]> => ({
  name: 'GetEndpoints',
  request: 428,
  response: 431,
  encode: (writer) => void writer.string(url).int32(0).int32(0),
  decode: (reader) => reader.list('endpoints', () => readEndpoint(reader)),
})

export const findServers = (url: string): Service<AnnouncedApplication[]> => ({
  name: 'FindServers',
  request: 422,
  response: 425,
  encode: (writer) => void writer.string(url).int32(0).int32(0),
  decode: (reader) => reader.list('servers', () => readApplication(reader)),
})

export const findServersOnNetwork = (): Service<AnnouncedServer[]> => ({
  name: 'FindServersOnNetwork',
  request: 12_208,
  response: 12_209,
  encode: (writer) => void writer.uint32(0).uint32(MOST_RECORDS).int32(0),
  decode(reader) {
    reader.skip(8, 'last counter reset')
    return reader.list('servers', () => {
      reader.uint32('record')
      const name = reader.string('server name')
      const url = reader.string('discovery url')
      return { name, url, capabilities: reader.list('capabilities', () => reader.string('capability')) }
    })
  },
})

function readEndpoint(reader: UaReader): AnnouncedEndpoint {
  const url = reader.string('endpoint url')
  const application = readApplication(reader)
  const certificate = reader.byteString('server certificate')
  const mode = reader.int32('security mode')
  const policy = reader.string('security policy')
  const tokens = reader.list('user tokens', () => {
    reader.string('policy id')
    const type = reader.int32('token type')
    reader.string('issued token type')
    reader.string('issuer')
    reader.string('token policy')
    return TOKENS[type] ?? `type ${type}`
  })
  const transport = reader.string('transport profile')
  return {
    url,
    application,
    certificate: certificate === undefined || certificate.length === 0 ? undefined : Buffer.from(certificate),
    mode: MODES[mode] ?? `mode ${mode}`,
    policy: policy.replace(/^.*[#/]/, ''),
    tokens: [...new Set(tokens)],
    transport: transport.replace(/^.*\//, ''),
    level: reader.uint8('security level'),
  }
}

function readApplication(reader: UaReader): AnnouncedApplication {
  const uri = reader.string('application uri')
  const productUri = reader.string('product uri')
  const name = reader.localizedText('application name')
  const kind = reader.int32('application type')
  reader.string('gateway server')
  reader.string('discovery profile')
  const discoveryUrls = reader.list('discovery urls', () => reader.string('discovery url'))
  return { uri, productUri, name, kind: KINDS[kind] ?? 'server', discoveryUrls }
}
