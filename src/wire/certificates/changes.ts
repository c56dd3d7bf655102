/** What people do with certificates: trust, reject, remove, import. Each finds what it is about by thumbprint, and says what came of it. */
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { writeFileSafely } from './certificate-files.ts'
import {
  certificateFileName,
  certificatesOf,
  dersOf,
  readCertificateStore,
  type CertificatePlace,
  type CertificateStore,
  type StoredCertificate,
} from './certificate-store.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { addToInbox, takeAway } from './inbox.ts'
import { emptyRecord, encodeRecord, recordFile } from './presentations.ts'
import { parseRevocationList } from './revocation-list.ts'

/** Who changes it, and when (ms since 1970). */
export interface Change {
  readonly by: string
  readonly at: number
}

/** Moves a certificate of the inbox (or of the issuers, or an issuer that came with one of the inbox) to the trusted ones. */
export async function trustCertificate(folder: string, thumbprint: string, change: Change): Promise<Certificate> {
  const store = await readCertificateStore(folder)
  const trusted = pick(store.trusted, thumbprint)
  if (trusted !== undefined) return trusted.certificate
  const stored = pick([...store.rejected, ...store.issuers], thumbprint)
  const certificate = stored?.certificate ?? pickSent(store, thumbprint)
  if (certificate === undefined) throw notFound(thumbprint, store)
  await putTrusted(folder, certificate, stored, change)
  const rejected = pick(store.rejected, certificate.sha256)
  if (rejected !== undefined) await takeAwayAlone(rejected)
  return certificate
}

/** Trusts the first certificate of a DER or PEM file; those behind it are its issuers and only complete the chain. */
export async function trustFile(folder: string, bytes: Uint8Array, change: Change): Promise<Certificate> {
  const [certificate, ...issuers] = parseFile(() => certificatesOf(bytes))
  const store = await readCertificateStore(folder)
  const rejected = pick(store.rejected, certificate!.sha256)
  for (const issuer of issuers) await putIssuer(folder, issuer)
  await putTrusted(folder, certificate!, rejected, change)
  if (rejected !== undefined) await takeAwayAlone(rejected)
  return certificate!
}

/** Moves a trusted certificate to the inbox: it is refused from the next connection on. One that lies there is not trusted on first use. */
export async function rejectCertificate(folder: string, thumbprint: string, change: Change): Promise<Certificate> {
  const store = await readCertificateStore(folder)
  const trusted = pick(store.trusted, thumbprint)
  const stored = trusted ?? pick(store.rejected, thumbprint)
  if (stored === undefined) throw notFound(thumbprint, store)
  const { certificate, record = emptyRecord } = stored
  const { presented, issuers } = record
  const reason = `${change.by} took back the trust on ${new Date(change.at).toISOString().slice(0, 10)}`
  const why = trusted === undefined ? record : { status: 'BadCertificateUntrusted', reason }
  if (trusted !== undefined) assertAlone(trusted)
  const { status } = why
  const kept = { presented, issuers, status, reason: why.reason, takenBackAt: change.at }
  await addToInbox(folder, certificate, kept, store.rejected)
  if (trusted !== undefined) await takeAway(trusted)
  return certificate
}

/** Removes a certificate wherever it lies. What was trusted is unknown then, and what was rejected may come back. */
export async function removeCertificate(
  folder: string,
  thumbprint: string,
): Promise<{ certificate: Certificate; from: readonly CertificatePlace[] }> {
  const store = await readCertificateStore(folder)
  const places = (['trusted', 'rejected', 'issuers'] as const).flatMap((place) => {
    const stored = pick(store[place], thumbprint)
    return stored === undefined ? [] : [{ place, stored }]
  })
  const [first] = places
  if (first === undefined) throw notFound(thumbprint, store)
  for (const { stored } of places) assertAlone(stored)
  for (const { stored } of places) await takeAway(stored)
  return { certificate: first.stored.certificate, from: places.map(({ place }) => place) }
}

/** What came of an import. */
export interface Imported {
  readonly issuers: readonly Certificate[]
  /** The issuers of the revocation lists, for people. */
  readonly lists: number
}

/** Takes certificates of authorities, or revocation lists, in DER or PEM. An authority completes chains; that alone trusts nothing. */
export async function importFile(folder: string, bytes: Uint8Array): Promise<Imported> {
  const lists = listsOf(bytes)
  if (lists.length > 0) {
    for (const list of lists) await putList(folder, list)
    return { issuers: [], lists: lists.length }
  }
  const certificates = parseFile(() => certificatesOf(bytes))
  const other = certificates.find(({ isAuthority }) => !isAuthority)
  if (other !== undefined)
    throw invalid(
      `"${other.subject}" is no authority but the certificate of an application; trust it with \`bifrost opcua trust FILE\``,
    )
  for (const certificate of certificates) await putIssuer(folder, certificate)
  return { issuers: certificates, lists: 0 }
}

function listsOf(bytes: Uint8Array): ReturnType<typeof parseRevocationList>[] {
  try {
    return dersOf(bytes, 'X509 CRL').map(parseRevocationList)
  } catch {
    return []
  }
}

/** One list an issuer; an older one never takes the place of a newer one. */
async function putList(folder: string, list: ReturnType<typeof parseRevocationList>): Promise<void> {
  const { lists } = await readCertificateStore(folder)
  const newer = lists.find(
    ({ list: other }) => other.issuerName.equals(list.issuerName) && other.thisUpdate > list.thisUpdate,
  )
  if (newer !== undefined)
    throw invalid(`a newer list of the same issuer is here already: ${newer.file}; nothing was changed`)
  const name = createHash('sha1').update(list.issuerName).digest('hex').toUpperCase()
  await writeFileSafely(join(folder, 'crl', `${name}.crl`), list.der)
}

const putIssuer = (folder: string, certificate: Certificate): Promise<void> =>
  writeFileSafely(join(folder, 'issuers', certificateFileName(certificate)), certificate.der)

async function putTrusted(
  folder: string,
  certificate: Certificate,
  stored: StoredCertificate | undefined,
  { by, at }: Change,
): Promise<void> {
  const trusted = join(folder, 'trusted')
  const presented = stored?.record?.presented ?? []
  for (const issuer of stored?.record?.issuers ?? []) await keepSentIssuer(folder, issuer)
  const record = { presented, issuers: [], trustedAt: at, trustedBy: by }
  await writeFileSafely(recordFile(trusted, certificate.thumbprint), encodeRecord(record))
  await writeFileSafely(join(trusted, certificateFileName(certificate)), certificate.der)
}

/** Issuers that came with it complete its chain later too, when it comes without them. */
async function keepSentIssuer(folder: string, base64: string): Promise<void> {
  try {
    const issuer = parseCertificate(Buffer.from(base64, 'base64'))
    if (issuer.isAuthority) await putIssuer(folder, issuer)
  } catch {
    // It was no certificate: the chain does not need it.
  }
}

/** The whole thumbprint (SHA-1 or SHA-256), or its beginning where that is of one only. */
function pick(stored: readonly StoredCertificate[], thumbprint: string): StoredCertificate | undefined {
  const wanted = thumbprintOf(thumbprint)
  const found = stored.filter(({ certificate }) => isMeant(certificate, wanted))
  if (found.length > 1 && new Set(found.map(({ certificate }) => certificate.sha256)).size > 1)
    throw invalid(`${thumbprint} is the beginning of several thumbprints; give more of it`)
  return found[0]
}

const isMeant = ({ thumbprint, sha256 }: Certificate, wanted: string): boolean =>
  thumbprint.startsWith(wanted) || sha256.startsWith(wanted)

function thumbprintOf(text: string): string {
  const plain = text.replace(/[:\s-]/g, '').toUpperCase()
  if (/^[0-9A-F]{8,64}$/.test(plain)) return plain
  throw invalid(`${text} is no thumbprint: 8 to 40 hex digits, as \`bifrost opcua certificates\` shows them`)
}

/** An authority that came with a certificate of the inbox. */
function pickSent({ rejected }: CertificateStore, thumbprint: string): Certificate | undefined {
  const wanted = thumbprintOf(thumbprint)
  for (const { record } of rejected) {
    for (const base64 of record?.issuers ?? []) {
      try {
        const certificate = parseCertificate(Buffer.from(base64, 'base64'))
        if (isMeant(certificate, wanted)) return certificate
      } catch {
        // Not one.
      }
    }
  }
  return undefined
}

function parseFile<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new GatewayError('INVALID_REQUEST', `the file cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function assertAlone({ file, isShared }: StoredCertificate): void {
  if (isShared) throw invalid(`it stands in ${file} with others; put each into a file of its own first`)
}

/** A bundle in the inbox was put there by somebody: it stays. */
async function takeAwayAlone(stored: StoredCertificate): Promise<void> {
  if (!stored.isShared && dirname(stored.file) !== '') await takeAway(stored)
}

const invalid = (detail: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#' }] } })

function notFound(thumbprint: string, { rejected }: CertificateStore): GatewayError {
  const waiting = rejected.length === 0 ? 'nothing waits to be trusted' : `${rejected.length} wait to be trusted`
  return new GatewayError('NOT_FOUND', `there is no certificate with the thumbprint ${thumbprint}; ${waiting}`)
}
