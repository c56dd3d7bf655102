/** What certificates and signing requests are made of, whoever signs them (RFC 5280, 4; RFC 2986): names, extensions, signatures. */
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { context, Tag, write, writeBits, writeInteger, writeOid, writeSequence, writeTime, writeUtf8 } from './der.ts'

export interface Validity {
  /** ms since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** Whom or what a certificate is for, beside its subject. */
export interface AlternativeNames {
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly uris?: readonly string[]
}

export const publicKeyOf = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })

/** RFC 5280, 4.2.1.2: SHA-1 over the key names it; it proves nothing. */
const keyIdOf = (spki: Buffer): Buffer => createHash('sha1').update(spki).digest()

/** RFC 5280, A.1: common name and organization have at most 64 characters. */
export const writeName = (commonName: string, organization?: string): Buffer =>
  writeSequence(
    attribute('2.5.4.3', commonName),
    ...(organization === undefined ? [] : [attribute('2.5.4.10', organization)]),
  )

const attribute = (oid: string, text: string): Buffer =>
  write(Tag.set, writeSequence(writeOid(oid), writeUtf8(text.slice(0, 64))))

export const extension = (oid: string, value: Buffer, isCritical = false): Buffer =>
  writeSequence(
    writeOid(oid),
    ...(isCritical ? [write(Tag.boolean, Buffer.from([0xff]))] : []),
    write(Tag.octetString, value),
  )

export const subjectKeyId = (spki: Buffer): Buffer => extension('2.5.29.14', write(Tag.octetString, keyIdOf(spki)))

export const authorityKeyId = (spki: Buffer): Buffer =>
  extension('2.5.29.35', writeSequence(write(context(0), keyIdOf(spki))))

export const alternativeNames = ({ dnsNames, ipAddresses, uris = [] }: AlternativeNames): Buffer =>
  extension(
    '2.5.29.17',
    writeSequence(
      ...uris.map((uri) => write(context(6), Buffer.from(uri, 'latin1'))),
      ...dnsNames.map((name) => write(context(2), Buffer.from(name, 'latin1'))),
      ...ipAddresses.map((address) => write(context(7), addressBytes(address))),
    ),
  )

/** A whole certificate, signed with the key of `issuer`. */
export function signCertificate(
  { subject, spki, validity, extensions }: { subject: Buffer; spki: Buffer; validity: Validity; extensions: Buffer[] },
  issuer: { readonly name: Buffer; readonly key: KeyObject },
): Buffer {
  // 127 bits: positive, and never the same twice (RFC 5280, 4.1.2.2: at most 20 bytes).
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const certificate = writeSequence(
    write(context(0, true), writeInteger(Buffer.from([2]))),
    writeInteger(serial),
    algorithmOf(issuer.key),
    issuer.name,
    writeSequence(writeTime(validity.notBefore), writeTime(validity.notAfter)),
    subject,
    spki,
    write(context(3, true), writeSequence(...extensions)),
  )
  return signed(certificate, issuer.key)
}

/** Content, algorithm and signature with SHA-256. */
export const signed = (content: Buffer, key: KeyObject): Buffer =>
  writeSequence(content, algorithmOf(key), writeBits(sign('sha256', content, key)))

const SHA256_WITH_RSA = writeSequence(writeOid('1.2.840.113549.1.1.11'), write(0x05))
/** RFC 5758, 3.2: without parameters. */
const ECDSA_WITH_SHA256 = writeSequence(writeOid('1.2.840.10045.4.3.2'))

const algorithmOf = ({ asymmetricKeyType }: KeyObject): Buffer =>
  asymmetricKeyType === 'ec' ? ECDSA_WITH_SHA256 : SHA256_WITH_RSA

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
