/**
 * The role in a client's certificate, by which a server of Modbus/TCP Security decides what the client may do (MB-TCP-Security-v21,
 * 8.4: extension 1.3.6.1.4.1.50316.802.1, a UTF8String). Node shows no extensions of a certificate, so that its DER is walked here
 * (X.690; RFC 5280, 4.1), and walked strictly: bytes inside a name that look like the extension are none.
 */
import { TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'

/** Who a client is, by the certificate that the server has verified. */
export interface ServerClient {
  /** Its subject, one attribute a line: `CN=scada-1`. */
  readonly subject: string
  /** Undefined: none, or not exactly one. */
  readonly role: string | undefined
}

const ROLE_OID = Buffer.from('2b0601040183890c862201', 'hex')
const SEQUENCE = 0x30
const OBJECT_ID = 0x06
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
/** `[3]` of a TBSCertificate. */
const EXTENSIONS = 0xa3

interface Element {
  readonly tag: number
  readonly content: Buffer
}

/** Who is at the other end; undefined where there is no TLS, or no certificate was asked for and verified. */
export function clientOf(stream: Duplex): ServerClient | undefined {
  if (!(stream instanceof TLSSocket) || !stream.authorized) return undefined
  const certificate = stream.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  return { subject: certificate.subject, role: roleIn(certificate.raw) }
}

/** What exception 01 may mean beside an unknown function, where the connection is encrypted: it continues a sentence. */
export function roleHint(stream: Duplex): string | undefined {
  if (!(stream instanceof TLSSocket)) return undefined
  const own = stream.getX509Certificate()
  if (own === undefined) return 'or it allows it only to a role, and we show no client certificate'
  const role = roleIn(own.raw)
  if (role === undefined) return 'or it allows it only to a role, and our client certificate names none'
  return `or the role in our client certificate (${role}) does not allow it`
}

/** The role of a certificate in DER; undefined: none, several, or not as the standard has it. */
export function roleIn(der: Uint8Array): string | undefined {
  const [certificate] = elements(Buffer.from(der))
  const [tbs] = certificate?.tag === SEQUENCE ? elements(certificate.content) : []
  const wrapped = tbs?.tag === SEQUENCE ? elements(tbs.content).find(({ tag }) => tag === EXTENSIONS) : undefined
  const [extensions] = wrapped === undefined ? [] : elements(wrapped.content)
  const all = extensions?.tag === SEQUENCE ? elements(extensions.content) : []
  const ours = all.map(({ content }) => elements(content)).filter(([id]) => id?.tag === OBJECT_ID && id.content.equals(ROLE_OID)) // prettier-ignore
  if (ours.length !== 1) return undefined
  // OID, sometimes whether it is critical, value.
  const value = ours[0]!.at(-1)
  if (value?.tag !== OCTET_STRING) return undefined
  const [text, ...more] = elements(value.content)
  return text?.tag === UTF8_STRING && more.length === 0 ? text.content.toString('utf8') : undefined
}

/** The elements that these bytes are; none where they are no DER to their end. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = []
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at + 1] ?? 0x80
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f
    // Indefinite lengths are no DER; a certificate of 16 MiB is none of ours.
    if (first === 0x80 || lengthBytes > 3 || at + 2 + lengthBytes > bytes.length) return []
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    const begin = at + 2 + lengthBytes
    if (begin + length > bytes.length) return []
    found.push({ tag: bytes[at]!, content: bytes.subarray(begin, begin + length) })
    at = begin + length
  }
  return found
}
