/**
 * One X.509 certificate (RFC 5280) with what OPC UA asks of it (OPC 10000-6, 6.2.2): thumbprints, names, uses. Node's own parser
 * judges the structure and checks signatures; names and uses that it does not tell are read from the extensions here.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { oneLine } from '../../core/one-line.ts'
import { context, readElement, readInside, readOid, Tag, type Element } from './der.ts'

export interface Certificate {
  readonly der: Buffer
  readonly x509: X509Certificate
  /** SHA-1 over the certificate in capital hex, as OPC UA shows it (OPC 10000-4: a name for people, no proof). */
  readonly thumbprint: string
  readonly sha256: string
  /** For people, in one line. */
  readonly subject: string
  readonly issuer: string
  readonly commonName: string
  /** As encoded, to be compared. */
  readonly subjectName: Buffer
  readonly issuerName: Buffer
  /** Capital hex. */
  readonly serial: string
  /** ms since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** The first URI of the subject's alternative names. */
  readonly applicationUri: string | undefined
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  /** Names of RFC 5280, 4.2.1.3; undefined where the certificate does not say. */
  readonly keyUsage: readonly string[] | undefined
  /** Names of RFC 5280, 4.2.1.12, or object identifiers. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly isAuthority: boolean
  /** How many authorities may stand below this one; undefined: any number. */
  readonly pathLength: number | undefined
  readonly keyType: string
  readonly keyBits: number | undefined
  /** Such as `sha256WithRSAEncryption`. */
  readonly signature: string
  /** With SHA-2 or better. */
  readonly isStronglySigned: boolean
  /** Issuer and subject are the same: it signed itself, if the signature says so too. */
  readonly isSelfIssued: boolean
}

/** Throws an Error with a sentence where the bytes are no certificate. Bytes behind it are none of it. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  try {
    return parse(Buffer.from(readElement(Buffer.from(bytes)).raw))
  } catch (cause) {
    throw new Error('it is no X.509 certificate', { cause })
  }
}

/** The certificates that stand one after the other in DER, as OPC UA sends a chain (OPC 10000-6, 6.2.6). At most `limit` of them. */
export function splitChain(bytes: Uint8Array, limit: number): Buffer[] {
  const all = Buffer.from(bytes)
  const chain: Buffer[] = []
  for (let at = 0; at < all.length && chain.length < limit;) {
    const { raw } = readElement(all, at)
    chain.push(raw)
    at += raw.length
  }
  return chain
}

function parse(der: Buffer): Certificate {
  const x509 = new X509Certificate(der)
  const fields = readInside(readInside(readElement(der))[0])
  // [0] version is absent in version 1.
  const [, , issuer, , subject] = fields[0]?.tag === context(0, true) ? fields.slice(1) : fields
  const extensions = extensionsOf(fields.find(({ tag }) => tag === context(3, true)))
  const names = alternativeNamesIn(extensions.get('2.5.29.17'))
  const basic = extensions.get('2.5.29.19')
  const [isAuthority, pathLength] = basic === undefined ? [] : readInside(readElement(basic))
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = x509.publicKey
  return {
    der,
    x509,
    thumbprint: hashOf(der, 'sha1'),
    sha256: hashOf(der, 'sha256'),
    subject: nameText(x509.subject),
    issuer: nameText(x509.issuer),
    commonName: shortLine(x509.toLegacyObject().subject?.CN?.toString() ?? ''),
    subjectName: subject!.raw,
    issuerName: issuer!.raw,
    serial: x509.serialNumber.toUpperCase(),
    notBefore: x509.validFromDate.getTime(),
    notAfter: x509.validToDate.getTime(),
    applicationUri: names.uris[0],
    dnsNames: names.dnsNames,
    ipAddresses: names.ipAddresses,
    keyUsage: keyUsageOf(extensions.get('2.5.29.15')),
    extendedKeyUsage: extendedKeyUsageOf(extensions.get('2.5.29.37')),
    isAuthority: isAuthority?.tag === Tag.boolean && isAuthority.content[0] !== 0,
    pathLength: pathLength?.tag === Tag.integer ? pathLength.content[0] : undefined,
    keyType: asymmetricKeyType,
    keyBits: asymmetricKeyDetails?.modulusLength,
    ...signatureOf(x509, readInside(readInside(readElement(der))[1])),
    isSelfIssued: subject!.raw.equals(issuer!.raw),
  }
}

const hashOf = (bytes: Buffer, algorithm: string): string =>
  createHash(algorithm).update(bytes).digest('hex').toUpperCase()

/** `CN=press, O=Acme`: Node gives a line a part. */
const nameText = (name: string | undefined): string => shortLine((name ?? '').split('\n').join(', '))

/** RFC 5280, A.1, allows 64 characters a part; strangers write what they like. */
const NAME_LIMIT = 300
const shortLine = (text: string): string => {
  const line = oneLine(text.slice(0, NAME_LIMIT))
  return text.length > NAME_LIMIT ? `${line}…` : line
}

/** RFC 4055, RFC 5758, RFC 8410: what is signed with SHA-2 or better. What is not named here counts as weak. */
const STRONG: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
}
const PSS = '1.2.840.113549.1.1.10'
const PSS_HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}

/** RSASSA-PSS names its hash in the parameters; without them it is SHA-1 (RFC 4055, 3.1). */
function signatureOf({ signatureAlgorithm }: X509Certificate, [algorithm, parameters]: readonly Element[]) {
  const oid = readOid(algorithm!)
  if (oid !== PSS) return { signature: STRONG[oid] ?? signatureAlgorithm ?? oid, isStronglySigned: oid in STRONG }
  const hash = parameters && readInside(parameters).find(({ tag }) => tag === context(0, true))
  const [hashOid] = hash === undefined ? [] : readInside(readElement(hash.content))
  const name = hashOid === undefined ? undefined : PSS_HASHES[readOid(hashOid)]
  return { signature: `RSASSA-PSS with ${name ?? 'SHA-1'}`, isStronglySigned: name !== undefined }
}

/** Object identifier → content of the extension. */
function extensionsOf(element: Element | undefined): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  if (element === undefined) return found
  for (const extension of readInside(readElement(element.content))) {
    const parts = readInside(extension)
    const value = parts.at(-1)
    if (parts[0]?.tag === Tag.oid && value?.tag === Tag.octetString) found.set(readOid(parts[0]), value.content)
  }
  return found
}

const ALTERNATIVE_NAMES_LIMIT = 100

/** What the extension `subjectAltName` names (RFC 5280, 4.2.1.6). */
export function alternativeNamesIn(extension: Buffer | undefined) {
  const uris: string[] = []
  const dnsNames: string[] = []
  const ipAddresses: string[] = []
  if (extension !== undefined) {
    for (const { tag, content } of readInside(readElement(extension)).slice(0, ALTERNATIVE_NAMES_LIMIT)) {
      if (tag === context(6)) uris.push(oneLine(content.toString('utf8')))
      else if (tag === context(2)) dnsNames.push(oneLine(content.toString('utf8')))
      else if (tag === context(7)) ipAddresses.push(addressText(content))
    }
  }
  return { uris, dnsNames, ipAddresses }
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16))
  const text = groups.join(':')
  // The URL parser writes IPv6 in the one short form (RFC 5952).
  return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : bytes.toString('hex')
}

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

function keyUsageOf(extension: Buffer | undefined): string[] | undefined {
  if (extension === undefined) return undefined
  const { content } = readElement(extension)
  const bits = content.subarray(1)
  return KEY_USAGES.filter((_, bit) => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
}

function extendedKeyUsageOf(extension: Buffer | undefined): string[] | undefined {
  if (extension === undefined) return undefined
  return readInside(readElement(extension)).map((use) => {
    const oid = readOid(use)
    return EXTENDED_KEY_USAGES[oid] ?? oid
  })
}
