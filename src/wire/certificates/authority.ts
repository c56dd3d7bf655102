/**
 * The private authority of a plant (ECDSA P-256): a folder with `ca.crt` and `ca.key`. It issues for gateways, brokers and clients; who trusts
 * `ca.crt` trusts them all. The key can be encrypted with a passphrase, so that the folder alone issues nothing.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { FILE_LIMIT_BYTES, writeFileSafely, writeNewFile } from './certificate-files.ts'
import {
  alternativeNames,
  authorityKeyId,
  extension,
  publicKeyOf,
  signCertificate,
  subjectKeyId,
  writeName,
  type AlternativeNames,
  type Validity,
} from './certificate-parts.ts'
import { certificatesOf, toPem } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'
import { Tag, write, writeBits, writeInteger, writeOid, writeSequence } from './der.ts'
import { readNamedFile } from './named-file.ts'

export const PROFILES = ['server', 'client', 'both'] as const
export type Profile = (typeof PROFILES)[number]

export interface Authority {
  readonly folder: string
  readonly certificate: Certificate
  readonly key: KeyObject
}

/** What a certificate shall say. */
export interface Wanted extends AlternativeNames {
  readonly commonName: string
  readonly profile: Profile
  /** Its public part counts. */
  readonly key: KeyObject
}

const DAY_MS = 86_400_000
/** The clocks of plants go slow. */
const EARLIER_MS = DAY_MS

export const authorityFiles = (folder: string) => ({ cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') })

export const makeEcKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** PKCS #8; encrypted where there is a passphrase. */
export const keyPem = (key: KeyObject, passphrase?: string): string | Buffer =>
  key.export({
    type: 'pkcs8',
    format: 'pem',
    ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
  })

/** Makes one; USAGE where the folder has one already, which is left as it is. */
export async function createAuthority(
  folder: string,
  { name, now, days, passphrase }: { name: string; now: number; days: number; passphrase?: string | undefined },
): Promise<Authority> {
  const files = authorityFiles(folder)
  const key = makeEcKey()
  if (!(await writeNewFile(files.key, keyPem(key, passphrase))))
    throw new GatewayError('USAGE', `there is an authority in ${folder} already; \`bifrost certs renew ca\` renews it`)
  const certificate = await writeAuthority(folder, name, key, validityOf(now, days))
  return { folder, certificate, key }
}

/** The same name and key for longer: what it issued goes on to be trusted by those who get the new `ca.crt`. */
export function renewAuthority({ folder, certificate, key }: Authority, now: number, days: number) {
  return writeAuthority(folder, certificate.commonName, key, validityOf(now, days))
}

async function writeAuthority(folder: string, name: string, key: KeyObject, validity: Validity): Promise<Certificate> {
  const spki = publicKeyOf(key)
  const subject = writeName(name)
  const extensions = [
    // It issues leaves and no further authorities (pathLenConstraint 0).
    extension(
      '2.5.29.19',
      writeSequence(write(Tag.boolean, Buffer.from([0xff])), writeInteger(Buffer.from([0]))),
      true,
    ),
    // keyCertSign, cRLSign
    extension('2.5.29.15', writeBits(Buffer.from([0b0000_0110]), 1), true),
    subjectKeyId(spki),
    authorityKeyId(spki),
  ]
  const der = signCertificate({ subject, spki, validity, extensions }, { name: subject, key })
  const { cert } = authorityFiles(folder)
  await writeFileSafely(cert, toPem(der, 'CERTIFICATE'))
  // Everybody may know it: that is what it is for.
  await chmod(cert, 0o644)
  return certificatesOf(der)[0]!
}

/** NOT_FOUND where there is none; USAGE where the passphrase is missing or wrong. */
export async function openAuthority(folder: string, passphrase?: string): Promise<Authority> {
  const files = authorityFiles(folder)
  const read = async (file: string): Promise<Buffer> => {
    try {
      return await readNamedFile(file, FILE_LIMIT_BYTES)
    } catch (cause) {
      const message = `there is no authority in ${folder} (${messageOf(cause)}); \`bifrost certs init\` makes one`
      throw new GatewayError('NOT_FOUND', message, { cause })
    }
  }
  const [certificate] = certificatesOf(await read(files.cert))
  const pem = await read(files.key)
  if (passphrase === undefined && pem.includes('ENCRYPTED'))
    throw new GatewayError('USAGE', `${files.key} is encrypted: give --passphrase-file FILE`)
  try {
    const key = createPrivateKey({ key: pem, passphrase: passphrase ?? '' })
    if (!certificate!.x509.checkPrivateKey(key)) throw new Error('it is not the key of ca.crt')
    return { folder, certificate: certificate!, key }
  } catch {
    const why = passphrase === undefined ? 'is not the key of ca.crt, or damaged' : 'does not open with this passphrase'
    throw new GatewayError('USAGE', `${files.key} ${why}`)
  }
}

/** As DER. It never holds for longer than the authority does. */
export function issue(authority: Authority, wanted: Wanted, now: number, days: number): Buffer {
  const { certificate, key } = authority
  if (certificate.notAfter < now)
    throw new GatewayError(
      'USAGE',
      `the authority "${certificate.commonName}" has expired; \`bifrost certs renew ca\` first`,
    )
  const { notBefore, notAfter } = validityOf(now, days)
  const validity = {
    notBefore: Math.max(notBefore, certificate.notBefore),
    notAfter: Math.min(notAfter, certificate.notAfter),
  }
  const spki = publicKeyOf(wanted.key)
  const names = wanted.dnsNames.length + wanted.ipAddresses.length + (wanted.uris?.length ?? 0)
  const extensions = [
    extension('2.5.29.19', writeSequence(), true),
    extension('2.5.29.15', usageOf(wanted.key), true),
    extension('2.5.29.37', writeSequence(...EXTENDED[wanted.profile].map(writeOid))),
    ...(names === 0 ? [] : [alternativeNames(wanted)]),
    subjectKeyId(spki),
    authorityKeyId(publicKeyOf(certificate.x509.publicKey)),
  ]
  const subject = writeName(wanted.commonName)
  return signCertificate({ subject, spki, validity, extensions }, { name: certificate.subjectName, key })
}

/** What `issue` would be asked for to get such a one again. */
export function wantedOf({ commonName, dnsNames, ipAddresses, applicationUri, ...one }: Certificate) {
  const uses = one.extendedKeyUsage ?? []
  const isServer = uses.includes('serverAuth')
  const profile: Profile = isServer && uses.includes('clientAuth') ? 'both' : isServer ? 'server' : 'client'
  return { commonName, dnsNames, ipAddresses, uris: applicationUri === undefined ? [] : [applicationUri], profile }
}

/** RFC 5280, 4.2.1.12: serverAuth, clientAuth. */
const EXTENDED: Readonly<Record<Profile, readonly string[]>> = {
  server: ['1.3.6.1.5.5.7.3.1'],
  client: ['1.3.6.1.5.5.7.3.2'],
  both: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
}

/** digitalSignature; with RSA keyEncipherment, too, for old peers (RFC 5246, 7.4.2). */
const usageOf = ({ asymmetricKeyType }: KeyObject): Buffer =>
  asymmetricKeyType === 'rsa' ? writeBits(Buffer.from([0b1010_0000]), 5) : writeBits(Buffer.from([0b1000_0000]), 7)

const validityOf = (now: number, days: number): Validity => ({
  notBefore: now - EARLIER_MS,
  notAfter: now + days * DAY_MS,
})
