/**
 * Makes our own application certificate and signing request (OPC 10000-6, 6.2.2; RFC 5280, 4; RFC 2986): RSA, SHA-256, the key usages
 * that the standard lists, application URI, host names and addresses among the alternative names.
 */
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { context, Tag, write, writeBits, writeInteger, writeOid, writeSequence, writeTime, writeUtf8 } from './der.ts'

/** What stands in it. */
export interface ApplicationIdentity {
  readonly commonName: string
  readonly organization: string
  readonly applicationUri: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
}

/** A certificate that `key` (RSA) signs for itself, as DER. Times are ms since 1970. */
export function issueSelfSigned(
  identity: ApplicationIdentity,
  key: KeyObject,
  { notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number },
): Buffer {
  const name = nameOf(identity)
  const spki = publicKeyOf(key)
  const id = createHash('sha1').update(spki).digest()
  // 127 bits: positive, and never the same twice (RFC 5280, 4.1.2.2: at most 20 bytes).
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const extensions = [
    ...requestedExtensions(identity, true),
    extension('2.5.29.14', write(Tag.octetString, id)),
    extension('2.5.29.35', writeSequence(write(context(0), id))),
  ]
  const certificate = writeSequence(
    write(context(0, true), writeInteger(Buffer.from([2]))),
    writeInteger(serial),
    SHA256_WITH_RSA,
    name,
    writeSequence(writeTime(notBefore), writeTime(notAfter)),
    name,
    spki,
    write(context(3, true), writeSequence(...extensions)),
  )
  return signed(certificate, key)
}

/** A signing request (PKCS #10) for the same, as DER. */
export function issueRequest(identity: ApplicationIdentity, key: KeyObject): Buffer {
  const attribute = writeSequence(
    writeOid('1.2.840.113549.1.9.14'),
    write(Tag.set, writeSequence(...requestedExtensions(identity, false))),
  )
  const request = writeSequence(
    writeInteger(Buffer.from([0])),
    nameOf(identity),
    publicKeyOf(key),
    write(context(0, true), attribute),
  )
  return signed(request, key)
}

const SHA256_WITH_RSA = writeSequence(writeOid('1.2.840.113549.1.1.11'), write(0x05))

const signed = (content: Buffer, key: KeyObject): Buffer =>
  writeSequence(content, SHA256_WITH_RSA, writeBits(sign('sha256', content, key)))

const publicKeyOf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })

const nameOf = ({ commonName, organization }: ApplicationIdentity): Buffer =>
  writeSequence(attribute('2.5.4.3', commonName), attribute('2.5.4.10', organization))

/** RFC 5280, A.1: common name and organization have at most 64 characters. */
const attribute = (oid: string, text: string): Buffer =>
  write(Tag.set, writeSequence(writeOid(oid), writeUtf8(text.slice(0, 64))))

const extension = (oid: string, value: Buffer, isCritical = false): Buffer =>
  writeSequence(
    writeOid(oid),
    ...(isCritical ? [write(Tag.boolean, Buffer.from([0xff]))] : []),
    write(Tag.octetString, value),
  )

/** digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment; keyCertSign where it signs itself. */
const USAGE = 0b1111_0000
const KEY_CERT_SIGN = 0b0000_0100

function requestedExtensions(identity: ApplicationIdentity, isSelfSigned: boolean): Buffer[] {
  const { applicationUri, dnsNames, ipAddresses } = identity
  const names = [
    write(context(6), Buffer.from(applicationUri, 'latin1')),
    ...dnsNames.map((name) => write(context(2), Buffer.from(name, 'latin1'))),
    ...ipAddresses.map((address) => write(context(7), addressBytes(address))),
  ]
  return [
    extension('2.5.29.19', writeSequence(), true),
    extension(
      '2.5.29.15',
      isSelfSigned ? writeBits(Buffer.from([USAGE | KEY_CERT_SIGN]), 2) : writeBits(Buffer.from([USAGE]), 4),
      true,
    ),
    extension('2.5.29.37', writeSequence(writeOid('1.3.6.1.5.5.7.3.1'), writeOid('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.17', writeSequence(...names)),
  ]
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
