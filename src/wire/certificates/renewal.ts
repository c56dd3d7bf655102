/** How our own certificate comes to be: made on the first use, renewed, requested from an authority, imported, taken in use. */
import { createPrivateKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { GatewayError } from '../../core/errors.ts'
import { listFiles, removeFile, writeFileSafely, writeNewFile } from './certificate-files.ts'
import { certificatesOf, toPem } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'
import { issueRequest, issueSelfSigned, type ApplicationIdentity } from './issue.ts'
import {
  certificateFileOf,
  indexFile,
  keyFileOf,
  keyName,
  ownFolder,
  readIndex,
  readOwn,
  readPrivateKey,
  type OwnCertificate,
  type OwnIndex,
} from './own.ts'

export interface OwnOptions {
  /** ms since 1970. */
  readonly now: number
  readonly keyBits?: 2048 | 3072 | 4096 | undefined
  /** Those of this machine where absent. */
  readonly hostname?: string | undefined
  readonly ipAddresses?: readonly string[] | undefined
}

const DAY_MS = 86_400_000
/** Five years less a day; what is older is better made anew. */
const VALID_MS = (5 * 365 - 1) * DAY_MS
/** The clocks of plants go slow. */
const EARLIER_MS = DAY_MS

/** By folder: hundreds of devices that connect for the first time want one key, not one each. */
const beingMade = new Map<string, Promise<OwnCertificate>>()

/** Our certificate; made where there is none. Two that make it at once, be it in two processes, end up with the same. */
export async function openOwn(folder: string, options: OwnOptions): Promise<OwnCertificate> {
  const { current } = await readOwn(folder)
  if (current !== undefined) return current
  const others = beingMade.get(folder)
  if (others !== undefined) return others
  const made = makeOwn(folder, options).finally(() => beingMade.delete(folder))
  beingMade.set(folder, made)
  return made
}

async function makeOwn(folder: string, options: OwnOptions): Promise<OwnCertificate> {
  // Somebody may have been quicker.
  const { current } = await readOwn(folder)
  if (current !== undefined) return current
  const host = hostOf(options)
  const index = await readIndex(folder)
  const applicationUri = index?.applicationUri ?? `urn:${host}:bifrost:${randomBytes(4).toString('hex')}`
  const key = await makeKey(options)
  const { thumbprint } = await makeCertificate(folder, identityOf(applicationUri, options), key, options)
  const own: OwnIndex = { applicationUri, current: thumbprint }
  if (index !== undefined) await writeIndex(folder, own)
  else if (!(await writeNewFile(indexFile(folder), encode(own)))) await removeUnused(folder)
  const made = (await readOwn(folder)).current
  if (made === undefined) throw new GatewayError('INTERNAL', `the certificate that was made in ${folder} is gone`)
  return made
}

/** A new self-signed one as `next`, with the key in use or a new one. */
export async function renewOwn(
  folder: string,
  options: OwnOptions & { readonly newKey: boolean },
): Promise<OwnCertificate> {
  const current = await openOwn(folder, options)
  const index = await indexOf(folder, current)
  const key = options.newKey ? await makeKey(options) : await readPrivateKey(current.privateKeyFile)
  const made = await makeCertificate(folder, identityOf(index.applicationUri, options), key, options)
  await writeIndex(folder, { ...index, next: made.thumbprint })
  await removeUnused(folder)
  return (await readOwn(folder)).next!
}

/** A signing request (PEM) for an authority, with the key in use or a new one that waits for its certificate. */
export async function requestOwn(folder: string, options: OwnOptions & { readonly newKey: boolean }): Promise<string> {
  const current = await openOwn(folder, options)
  const index = await indexOf(folder, current)
  const key = options.newKey ? await makeKey(options) : await readPrivateKey(current.privateKeyFile)
  if (options.newKey) {
    await writeKey(folder, key)
    await writeIndex(folder, { ...index, request: keyName(key) })
    await removeUnused(folder)
  }
  return toPem(issueRequest(identityOf(index.applicationUri, options), key), 'CERTIFICATE REQUEST')
}

/** What an authority issued for a request of ours, with its issuers behind it: it becomes `next`. DER or PEM. */
export async function importOwn(
  folder: string,
  bytes: Uint8Array,
  { now }: { readonly now: number },
): Promise<OwnCertificate> {
  const [certificate, ...issuers] = parse(bytes)
  const { applicationUri, current, next, previous, requestKeyFile } = await readOwn(folder)
  if (current === undefined || applicationUri === undefined)
    throw invalid('there is no key that it could belong to; make a signing request first: `bifrost opcua csr`')
  const files = [current, next, previous].map((one) => one?.privateKeyFile)
  const wanted = `${keyName(certificate.x509.publicKey)}.key`
  if (![requestKeyFile, ...files].some((file) => file !== undefined && basename(file) === wanted))
    throw invalid('it belongs to none of our keys; let the authority sign the request of `bifrost opcua csr`')
  if (certificate.applicationUri !== applicationUri)
    throw invalid(
      `it is for the application ${certificate.applicationUri ?? '(none)'}, and this gateway is ${applicationUri}; far sides would refuse it: the authority has to keep the alternative names of the request`,
    )
  if (certificate.notAfter < now)
    throw invalid(`it expired on ${new Date(certificate.notAfter).toISOString().slice(0, 10)}`)
  const file = certificateFileOf(folder, certificate)
  await writeFileSafely(file, [certificate, ...issuers].map(({ der }) => toPem(der, 'CERTIFICATE')).join(''))
  const index = await indexOf(folder, current)
  const { request: _request, ...rest } = index
  await writeIndex(folder, { ...rest, next: certificate.thumbprint })
  return (await readOwn(folder)).next!
}

/** Takes `next` in use; the one in use becomes `previous`. */
export async function useNext(folder: string): Promise<OwnCertificate> {
  const { current, next } = await readOwn(folder)
  if (current === undefined || next === undefined)
    throw invalid('there is no other certificate to take in use; make one first: `bifrost opcua renew`')
  const { next: _next, ...index } = await indexOf(folder, current)
  await writeIndex(folder, { ...index, current: next.certificate.thumbprint, previous: current.certificate.thumbprint })
  return next
}

/** Back to the one before; the one in use becomes `next` again. */
export async function usePrevious(folder: string): Promise<OwnCertificate> {
  const { current, previous } = await readOwn(folder)
  if (current === undefined || previous === undefined)
    throw invalid('there is no certificate from before to go back to')
  const { previous: _previous, ...index } = await indexOf(folder, current)
  await writeIndex(folder, { ...index, current: previous.certificate.thumbprint, next: current.certificate.thumbprint })
  return previous
}

/** The new one proved right: the one before is removed, with its key where nothing uses it any more. */
export async function forgetPrevious(folder: string): Promise<void> {
  const { current } = await readOwn(folder)
  if (current === undefined) throw invalid('there is no certificate yet')
  const { previous: _previous, ...index } = await indexOf(folder, current)
  await writeIndex(folder, index)
  await removeUnused(folder)
}

async function indexOf(folder: string, { certificate }: OwnCertificate): Promise<OwnIndex> {
  const index = await readIndex(folder)
  const applicationUri = index?.applicationUri ?? certificate.applicationUri
  if (applicationUri === undefined)
    throw invalid(`our certificate ${certificate.thumbprint} names no application URI; put one there that does`)
  return { ...index, applicationUri, current: certificate.thumbprint }
}

const encode = (index: OwnIndex): string => `${JSON.stringify(index, undefined, 2)}\n`

const writeIndex = (folder: string, index: OwnIndex): Promise<void> => writeFileSafely(indexFile(folder), encode(index))

async function makeCertificate(
  folder: string,
  identity: ApplicationIdentity,
  key: KeyObject,
  { now }: OwnOptions,
): Promise<Certificate> {
  const der = issueSelfSigned(identity, key, { notBefore: now - EARLIER_MS, notAfter: now + VALID_MS })
  const [certificate] = certificatesOf(der)
  await writeKey(folder, key)
  await writeFileSafely(certificateFileOf(folder, certificate!), toPem(der, 'CERTIFICATE'))
  return certificate!
}

const makeKeyPair = promisify(generateKeyPair)

async function makeKey({ keyBits = 2048 }: OwnOptions): Promise<KeyObject> {
  const { privateKey } = await makeKeyPair('rsa', {
    modulusLength: keyBits,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return createPrivateKey(privateKey)
}

const writeKey = (folder: string, key: KeyObject): Promise<void> =>
  writeFileSafely(keyFileOf(folder, key), key.export({ type: 'pkcs8', format: 'pem' }))

/** Files of ours that the index does not name any more. Those that somebody put there have other names. */
async function removeUnused(folder: string): Promise<void> {
  const index = await readIndex(folder)
  if (index === undefined) return
  const { current, next, previous } = await readOwn(folder)
  const used = [current, next, previous].filter((one) => one !== undefined)
  const files = new Set(used.flatMap(({ certificateFile, privateKeyFile }) => [certificateFile, privateKeyFile]))
  for (const file of await ownFiles(folder)) {
    const isRequest = index.request !== undefined && basename(file) === `${index.request}.key`
    if (!files.has(file) && !isRequest) await removeFile(file)
  }
}

async function ownFiles(folder: string): Promise<string[]> {
  const own = ownFolder(folder)
  const names = await listFiles(own, [])
  return names
    .filter((name) => /^bifrost \[[0-9A-F]{40}\]\.pem$|^[0-9A-F]{40}\.key$/.test(name))
    .map((name) => join(own, name))
}

const hostOf = ({ hostname: given = hostname() }: OwnOptions): string =>
  given.replace(/[^a-zA-Z0-9.-]/g, '-').slice(0, 60) || 'localhost'

function identityOf(applicationUri: string, options: OwnOptions): ApplicationIdentity {
  const host = hostOf(options)
  return {
    commonName: `Bifrost ${host}`,
    organization: 'Bifrost',
    applicationUri,
    dnsNames: [host],
    ipAddresses: options.ipAddresses ?? addressesOfThisMachine(),
  }
}

const ADDRESSES_LIMIT = 16

export function addressesOfThisMachine(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses)
  const outside = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  return [...new Set(outside.map(({ address }) => address))].slice(0, ADDRESSES_LIMIT)
}

function parse(bytes: Uint8Array): [Certificate, ...Certificate[]] {
  try {
    return certificatesOf(bytes) as [Certificate, ...Certificate[]]
  } catch (cause) {
    throw invalid(`the file cannot be used: ${(cause as Error).message}`)
  }
}

const invalid = (detail: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#' }] } })
