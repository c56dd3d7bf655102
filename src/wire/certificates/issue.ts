/**
 * Makes our own application certificate and signing request (OPC 10000-6, 6.2.2; RFC 5280, 4; RFC 2986): RSA, SHA-256, the key usages
 * that the standard lists, application URI, host names and addresses among the alternative names.
 */
import type { KeyObject } from 'node:crypto'
import {
  alternativeNames,
  authorityKeyId,
  extension,
  publicKeyOf,
  signCertificate,
  signed,
  subjectKeyId,
  writeName,
  type Validity,
} from './certificate-parts.ts'
import { context, Tag, write, writeBits, writeInteger, writeOid, writeSequence } from './der.ts'

/** What stands in it. */
export interface ApplicationIdentity {
  readonly commonName: string
  readonly organization: string
  readonly applicationUri: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
}

/** A certificate that `key` (RSA) signs for itself, as DER. Times are ms since 1970. */
export function issueSelfSigned(identity: ApplicationIdentity, key: KeyObject, validity: Validity): Buffer {
  const name = nameOf(identity)
  const spki = publicKeyOf(key)
  const extensions = [...requestedExtensions(identity, true), subjectKeyId(spki), authorityKeyId(spki)]
  return signCertificate({ subject: name, spki, validity, extensions }, { name, key })
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

const nameOf = ({ commonName, organization }: ApplicationIdentity): Buffer => writeName(commonName, organization)

/** digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment; keyCertSign where it signs itself. */
const USAGE = 0b1111_0000
const KEY_CERT_SIGN = 0b0000_0100

function requestedExtensions(identity: ApplicationIdentity, isSelfSigned: boolean): Buffer[] {
  const { applicationUri, dnsNames, ipAddresses } = identity
  return [
    extension('2.5.29.19', writeSequence(), true),
    extension(
      '2.5.29.15',
      isSelfSigned ? writeBits(Buffer.from([USAGE | KEY_CERT_SIGN]), 2) : writeBits(Buffer.from([USAGE]), 4),
      true,
    ),
    extension('2.5.29.37', writeSequence(writeOid('1.3.6.1.5.5.7.3.1'), writeOid('1.3.6.1.5.5.7.3.2'))),
    alternativeNames({ dnsNames, ipAddresses, uris: [applicationUri] }),
  ]
}
