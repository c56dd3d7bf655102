/** Who a client is, and whether it may come in: by the name in its certificate, and by a token where one is configured. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'
import { LINK_VERSION, type Hello, type Refused } from '../protocols/bifrost-link/index.ts'
import type { ReceiveClient } from '../core/receive.ts'

export type Refusal = Omit<Refused, 'retryAfterMs'>

const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'your certificate has expired',
  CERT_NOT_YET_VALID: 'your certificate is not valid yet; check the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'your certificate is self-signed; its authority is not known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of your certificate is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'the authority of your certificate is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority of your certificate is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of your certificate is not known here',
  CERT_REVOKED: 'your certificate was revoked',
}

/** What is wrong with the certificate of an encrypted connection; undefined: nothing, or there is no encryption. */
export function certificateFault(stream: Duplex): Refusal | undefined {
  if (!(stream instanceof TLSSocket) || stream.authorized) return undefined
  if (stream.getPeerX509Certificate() === undefined)
    return { code: 'certificate', reason: 'a client certificate is wanted; give cert and key' }
  const code = String(stream.authorizationError)
  return { code: 'certificate', reason: CERTIFICATE_WORDS[code] ?? `your certificate is not accepted (${code})` }
}

/** The configured client that says this hello, or why it is none. Its certificate was found to be in order before. */
export function admit(hello: Hello, stream: Duplex, clients: readonly ReceiveClient[]): ReceiveClient | Refusal {
  if (hello.oldestVersion > LINK_VERSION || hello.newestVersion < LINK_VERSION) {
    const theirs = `${hello.oldestVersion}…${hello.newestVersion}`
    return { code: 'version', reason: `you speak the versions ${theirs} of this protocol, I speak ${LINK_VERSION}` }
  }
  if (!/^[\w-]{1,64}$/.test(hello.logId)) return { code: 'violation', reason: 'this is no id of a log' }
  const client = stream instanceof TLSSocket ? byCertificate(hello, stream, clients) : byName(hello, clients)
  if ('code' in client || client.token === undefined || isSame(client.token, hello.token)) return client
  const given = hello.token === '' ? 'a token is wanted' : 'the token is wrong'
  return { code: 'token', reason: `${given}: give as token what receive.clients has for ${client.name}` }
}

function byName({ gateway }: Hello, clients: readonly ReceiveClient[]): ReceiveClient | Refusal {
  return clients.find(({ name }) => name === gateway) ?? unknown(gateway)
}

function byCertificate(
  { gateway }: Hello,
  socket: TLSSocket,
  clients: readonly ReceiveClient[],
): ReceiveClient | Refusal {
  const names = namesIn(socket)
  const mine = clients.filter(({ name }) => names.includes(name))
  if (gateway !== '') {
    const named = mine.find(({ name }) => name === gateway)
    if (named !== undefined) return named
    if (names.includes(gateway)) return unknown(gateway)
    return { code: 'unknown', reason: `your certificate is for ${names.join(', ')}, not for ${gateway}` }
  }
  if (mine.length > 1) {
    const several = mine.map(({ name }) => name).join(', ')
    return { code: 'unknown', reason: `your certificate names several gateways (${several}): give one as gateway` }
  }
  return mine[0] ?? unknown(names.join(', '))
}

const unknown = (name: string): Refusal => ({
  code: 'unknown',
  reason: `no gateway of the name ${name === '' ? '(none)' : name} is configured here: add it to receive.clients`,
})

/** The common name of a certificate and its DNS names (RFC 5280, 4.2.1.6). */
function namesIn(socket: TLSSocket): string[] {
  const { subject, subjectaltname } = socket.getPeerCertificate()
  const common: unknown = subject?.CN
  const names = Array.isArray(common) ? common.map(String) : typeof common === 'string' ? [common] : []
  for (const part of subjectaltname?.split(', ') ?? []) {
    // Names with commas or quotes come as JSON strings; no gateway has one.
    const dns = /^DNS:([^"*]+)$/.exec(part)?.[1]
    if (dns !== undefined && !names.includes(dns)) names.push(dns)
  }
  return names
}

/** In a time that says nothing of the token. */
function isSame(expected: string, given: string): boolean {
  const [a, b] = [expected, given].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a!, b!)
}
