/**
 * What lies in the certificate folder at this moment. Read anew for every verdict, so that a trust given by the API, by the command
 * line or with `cp` counts at once, in the main thread and in workers alike. Layout (DER or PEM, any name):
 *
 *   own/       our certificate and its key          issuers/  authorities that complete a chain; that alone trusts nobody
 *   trusted/   applications, or authorities whose   crl/      revocation lists
 *              certificates are all trusted         rejected/ what was presented and not trusted: the inbox
 *
 * Beside a certificate that came over the network stands THUMBPRINT.json: who presented it and when (`presentations.ts`).
 */
import { join } from 'node:path'
import { CRL_LIMIT_BYTES, FILE_LIMIT_BYTES, listFiles, readFileSafely, type FileProblem } from './certificate-files.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { readElement } from './der.ts'
import { recordFile, parseRecord, type PresentationRecord } from './presentations.ts'
import { parseRevocationList, type RevocationList } from './revocation-list.ts'

/** A certificate of the folder. */
export interface StoredCertificate {
  readonly certificate: Certificate
  readonly file: string
  /** Others stand in the same file. */
  readonly isShared: boolean
  readonly record: PresentationRecord | undefined
}

export interface CertificateStore {
  readonly trusted: readonly StoredCertificate[]
  readonly rejected: readonly StoredCertificate[]
  readonly issuers: readonly StoredCertificate[]
  readonly lists: readonly { readonly list: RevocationList; readonly file: string }[]
  /** Files that are of no use. */
  readonly problems: readonly FileProblem[]
}

export type CertificatePlace = 'trusted' | 'rejected' | 'issuers'

/**
 * Never rejects: what cannot be read is a problem of the store. `withInbox` false: `rejected` stays empty; a verdict needs none of it, and
 * strangers fill it.
 */
export async function readCertificateStore(folder: string, withInbox = true): Promise<CertificateStore> {
  const problems: FileProblem[] = []
  const [trusted, rejected, issuers, lists] = await Promise.all([
    readCertificates(join(folder, 'trusted'), problems),
    withInbox ? readInbox(folder, problems) : [],
    readCertificates(join(folder, 'issuers'), problems),
    readLists(join(folder, 'crl'), problems),
  ])
  return { trusted, rejected, issuers, lists, problems }
}

export const readInbox = (folder: string, problems: FileProblem[] = []): Promise<StoredCertificate[]> =>
  readCertificates(join(folder, 'rejected'), problems)

async function readCertificates(folder: string, problems: FileProblem[]): Promise<StoredCertificate[]> {
  const found = new Map<string, StoredCertificate>()
  for (const name of await listFiles(folder, problems)) {
    if (name.endsWith('.json')) continue
    const file = join(folder, name)
    const bytes = await readFileSafely(file, FILE_LIMIT_BYTES, problems)
    if (bytes === undefined) continue
    try {
      const certificates = certificatesOf(bytes)
      for (const certificate of certificates) {
        const record = await readRecord(folder, certificate.thumbprint)
        found.set(certificate.sha256, { certificate, file, isShared: certificates.length > 1, record })
      }
    } catch (error) {
      problems.push({ file, problem: (error as Error).message })
    }
  }
  return [...found.values()]
}

async function readRecord(folder: string, thumbprint: string): Promise<PresentationRecord | undefined> {
  const bytes = await readFileSafely(recordFile(folder, thumbprint), FILE_LIMIT_BYTES, [])
  return bytes && parseRecord(bytes)
}

async function readLists(folder: string, problems: FileProblem[]): Promise<CertificateStore['lists'][number][]> {
  const lists: CertificateStore['lists'][number][] = []
  for (const name of await listFiles(folder, problems)) {
    const file = join(folder, name)
    const bytes = await readFileSafely(file, CRL_LIMIT_BYTES, problems)
    if (bytes === undefined) continue
    try {
      for (const der of dersOf(bytes, 'X509 CRL')) lists.push({ list: parseRevocationList(der), file })
    } catch (error) {
      problems.push({ file, problem: (error as Error).message })
    }
  }
  return lists
}

/** The certificates of a DER or PEM file, one or more; throws an Error with a sentence where there are none. */
export const certificatesOf = (bytes: Uint8Array): Certificate[] => dersOf(bytes, 'CERTIFICATE').map(parseCertificate)

/** The DER of a PEM file's blocks of this label (RFC 7468), or the file itself where it is no PEM. */
export function dersOf(bytes: Uint8Array, label: string): Buffer[] {
  const buffer = Buffer.from(bytes)
  if (buffer[0] === 0x30) return [readElement(buffer).raw]
  const blocks = [...buffer.toString('latin1').matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/g)]
  const ders = blocks.filter(([, name]) => name === label).map(([, , text]) => Buffer.from(text!, 'base64'))
  if (ders.length > 0) return ders
  const found = blocks.map(([, name]) => name)
  throw new Error(`it holds no ${label}${found.length === 0 ? '' : ` but ${found.join(', ')}`}, neither DER nor PEM`)
}

/** As PEM (RFC 7468). */
export const toPem = (der: Uint8Array, label: string): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`

/** `Press 7 [0A1B…].der`: thumbprint and common name, as OPC UA stacks name such files. */
export function certificateFileName({ commonName, thumbprint }: Certificate): string {
  const name = commonName
    .replace(/[^\p{L}\p{N} ._-]/gu, '_')
    .replace(/^[ .]+/, '')
    .slice(0, 40)
  return `${name === '' ? 'unnamed' : name} [${thumbprint}].der`
}
