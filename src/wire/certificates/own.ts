/**
 * Our own application certificate in `own/`: certificates by common name and thumbprint, keys by a name of their public part, and
 * `own.json`, which says which of them is in use: one file that changes at once, so that certificate and key never come apart. A renewed one
 * waits as `next` until somebody has told the far sides and takes it in use; the one before stays as `previous` until that proved right.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { FILE_LIMIT_BYTES, listFiles, readFileSafely, type FileProblem } from './certificate-files.ts'
import { certificatesOf } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'

export interface OwnCertificate {
  readonly certificate: Certificate
  /** DER, our certificate first, then issuers that go with it. */
  readonly chain: readonly Buffer[]
  /** PEM. */
  readonly certificateFile: string
  /** PEM (PKCS #8); never to be shown or logged. */
  readonly privateKeyFile: string
}

export interface OwnCertificates {
  /** The name under which the far sides know this gateway; undefined: nothing was made yet. */
  readonly applicationUri: string | undefined
  readonly current: OwnCertificate | undefined
  /** Made or imported, not in use yet. */
  readonly next: OwnCertificate | undefined
  /** In use before. */
  readonly previous: OwnCertificate | undefined
  /** Keys without a certificate: a signing request was made with them. */
  readonly requestKeyFile: string | undefined
  readonly problems: readonly FileProblem[]
}

/** What `own.json` says. Thumbprints are SHA-1, as in the names of the files. */
export interface OwnIndex {
  readonly applicationUri: string
  readonly current?: string | undefined
  readonly next?: string | undefined
  readonly previous?: string | undefined
  /** The name of the key that waits for its certificate. */
  readonly request?: string | undefined
}

export const ownFolder = (folder: string): string => join(folder, 'own')
export const indexFile = (folder: string): string => join(ownFolder(folder), 'own.json')
export const certificateFileOf = (folder: string, { thumbprint }: Certificate): string =>
  join(ownFolder(folder), `bifrost [${thumbprint}].pem`)
export const keyFileOf = (folder: string, key: KeyObject): string => join(ownFolder(folder), `${keyName(key)}.key`)

/** The same for a private key and its public part. */
export function keyName(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 40).toUpperCase()
}

/** Reads what is there; never rejects, never makes anything. */
export async function readOwn(folder: string): Promise<OwnCertificates> {
  const problems: FileProblem[] = []
  const own = ownFolder(folder)
  const names = await listFiles(own, problems)
  const index = await readIndex(folder, problems)
  const keys = new Set(names.filter((name) => name.endsWith('.key')))
  const found: OwnCertificate[] = []
  for (const name of names) {
    if (name.endsWith('.key') || name.endsWith('.json')) continue
    const pair = await readPair(own, name, keys, problems)
    if (pair !== undefined) found.push(pair)
  }
  const byThumbprint = (wanted: string | undefined) =>
    wanted === undefined ? undefined : found.find(({ certificate }) => certificate.thumbprint === wanted)
  // Files that somebody put there by hand, or a damaged index: the one that holds longest.
  const current =
    byThumbprint(index?.current) ?? found.toSorted((a, b) => b.certificate.notAfter - a.certificate.notAfter)[0]
  const request = index?.request
  return {
    applicationUri: index?.applicationUri ?? current?.certificate.applicationUri,
    current,
    next: byThumbprint(index?.next),
    previous: byThumbprint(index?.previous),
    requestKeyFile: request !== undefined && keys.has(`${request}.key`) ? join(own, `${request}.key`) : undefined,
    problems,
  }
}

async function readPair(
  own: string,
  name: string,
  keys: ReadonlySet<string>,
  problems: FileProblem[],
): Promise<OwnCertificate | undefined> {
  const file = join(own, name)
  const bytes = await readFileSafely(file, FILE_LIMIT_BYTES, problems)
  if (bytes === undefined) return undefined
  try {
    const [certificate, ...issuers] = certificatesOf(bytes) as [Certificate, ...Certificate[]]
    const key = `${keyName(certificate.x509.publicKey)}.key`
    if (!keys.has(key)) throw new Error(`its private key is not here; it would be ${key}`)
    return {
      certificate,
      chain: [certificate, ...issuers].map(({ der }) => der),
      certificateFile: file,
      privateKeyFile: join(own, key),
    }
  } catch (error) {
    problems.push({ file, problem: (error as Error).message })
    return undefined
  }
}

export async function readIndex(folder: string, problems: FileProblem[] = []): Promise<OwnIndex | undefined> {
  const file = indexFile(folder)
  const bytes = await readFileSafely(file, FILE_LIMIT_BYTES, problems)
  if (bytes === undefined) return undefined
  try {
    const index = JSON.parse(bytes.toString('utf8')) as OwnIndex
    if (typeof index.applicationUri === 'string') return index
  } catch {
    // Said below.
  }
  problems.push({ file, problem: 'it is damaged; the certificate that holds longest is in use' })
  return undefined
}

/** The key of a file; throws with a sentence that does not show it. */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  const problems: FileProblem[] = []
  const bytes = await readFileSafely(file, FILE_LIMIT_BYTES, problems)
  if (bytes === undefined) throw new Error(`${file} cannot be read: ${problems[0]?.problem ?? 'it is gone'}`)
  try {
    return createPrivateKey(bytes)
  } catch {
    throw new Error(`${file} holds no private key that can be used`)
  }
}
