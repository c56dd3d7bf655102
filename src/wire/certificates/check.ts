/**
 * One certificate presented by the far side: the verdict on it, and what is remembered of that. Who is refused lands in the inbox
 * (`rejected/`) with the sentence; trust on first use, where it is asked for, trusts only while nothing of that endpoint is trusted yet.
 */
import { join } from 'node:path'
import { Status } from '../../core/status.ts'
import { FILE_LIMIT_BYTES, writeFileSafely } from './certificate-files.ts'
import { certificateFileName, readCertificateStore, readInbox, type CertificateStore } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'
import { addToInbox } from './inbox.ts'
import {
  emptyRecord,
  encodeRecord,
  presentedAgain,
  recordFile,
  type Presentation,
  type PresentationRecord,
} from './presentations.ts'
import { judgeCertificate, otherTrusted, type CertificateQuestion, type CertificateVerdict } from './verdict.ts'

export interface PresentedQuestion extends Omit<CertificateQuestion, 'assumeTrusted'> {
  /** The device or sink of the configuration, for people. */
  readonly device: string
  /** Trust the certificate by itself, if it passes all else and none of this endpoint was trusted before. */
  readonly trustOnFirstUse?: boolean | undefined
  /** Called before a certificate is trusted on first use, to put it on record; when it rejects, nothing is trusted. */
  readonly onFirstUse?: ((certificate: Certificate) => Promise<void>) | undefined
  /** A note could not be written; the verdict stands all the same. */
  readonly onNoteLost?: ((error: unknown) => void) | undefined
  /** Nothing is written of a refusal: there were too many in too short a time. */
  readonly isQuiet?: boolean | undefined
}

/** The same presentation is noted again after so long at the soonest, to spare the disk. */
const NOTE_EVERY_MS = 60_000

/** Reads the folder anew. A disk that takes no notes changes no verdict; only a first use that cannot be written rejects. */
export async function checkPresented(
  folder: string,
  chain: readonly Uint8Array[],
  question: PresentedQuestion,
): Promise<CertificateVerdict> {
  const store = await readCertificateStore(folder, false)
  const verdict = judgeCertificate(chain, question, store)
  const { certificate } = verdict
  if (certificate === undefined) return verdict
  const presentation = presentationOf(certificate, question)
  if (verdict.ok) {
    await noteAccepted(store, verdict.chain, presentation).catch(question.onNoteLost ?? ignore)
    return verdict
  }
  if (verdict.statusCode !== Status.BadCertificateUntrusted) {
    await noteRefused(folder, store, chain, presentation, { ...verdict, certificate }, question)
    return verdict
  }
  const then = judgeCertificate(chain, { ...question, assumeTrusted: true }, store)
  if (question.trustOnFirstUse === true && then.ok && (await isFirstUse(folder, certificate, question, store))) {
    await question.onFirstUse?.(certificate)
    await trustOnFirstUse(folder, certificate, presentation)
    return then
  }
  const reason = then.ok ? verdict.reason : `${verdict.reason}. That alone will not do: ${then.reason}`
  const refused = { ...verdict, certificate, reason }
  await noteRefused(folder, store, chain, presentation, refused, question)
  return refused
}

/** Nothing of this endpoint is trusted, and nobody took that back: who did wants to be asked about the next one too. */
async function isFirstUse(
  folder: string,
  certificate: Certificate,
  question: PresentedQuestion,
  store: CertificateStore,
): Promise<boolean> {
  if (otherTrusted(certificate, question, store) !== undefined) return false
  const { endpoint } = presentationOf(certificate, question)
  const refused = (await readInbox(folder)).filter(({ record }) => record?.takenBackAt !== undefined)
  return !refused.some(
    (one) =>
      one.certificate.sha256 === certificate.sha256 ||
      one.record!.presented.some((presented) => presented.endpoint === endpoint),
  )
}

/** Nobody wants to know. */
const ignore = (): void => undefined

const presentationOf = (certificate: Certificate, { endpoint, device, now }: PresentedQuestion): Presentation => ({
  // A client is known by what it calls itself: its address has another port each time.
  endpoint: endpoint ?? certificate.applicationUri ?? certificate.subject,
  device,
  at: now,
})

type Refused = Extract<CertificateVerdict, { ok: false }> & { readonly certificate: Certificate }

async function noteRefused(
  folder: string,
  store: CertificateStore,
  chain: readonly Uint8Array[],
  presentation: Presentation,
  { certificate, status, reason }: Refused,
  { isQuiet, onNoteLost = ignore }: PresentedQuestion,
): Promise<void> {
  // A file that is larger than what is read back would never be counted, nor make room.
  if (isQuiet === true || certificate.der.length > FILE_LIMIT_BYTES) return
  const rejected = await readInbox(folder)
  // A trusted one that has expired stays where it is, with the reason beside it.
  const trusted = store.trusted.find((one) => one.certificate.sha256 === certificate.sha256)
  const stored = trusted ?? rejected.find((one) => one.certificate.sha256 === certificate.sha256)
  const before = stored?.record
  if (before?.reason === reason && !isNews(before, presentation)) return
  const issuers = issuersOf(chain)
  const record = presentedAgain({ ...(before ?? emptyRecord), status, reason, issuers }, presentation)
  try {
    if (trusted === undefined) await addToInbox(folder, certificate, record, rejected)
    else await writeFileSafely(recordFile(join(folder, 'trusted'), certificate.thumbprint), encodeRecord(record))
  } catch (error) {
    onNoteLost(error)
  }
}

/** Those that came with it, as many as a note has room for. */
function issuersOf(chain: readonly Uint8Array[]): string[] {
  let room = FILE_LIMIT_BYTES / 4
  return chain
    .slice(1)
    .filter(({ length }) => (room -= length) >= 0)
    .map((der) => Buffer.from(der).toString('base64'))
}

const isNews = ({ presented }: PresentationRecord, { endpoint, device, at }: Presentation): boolean => {
  const before = presented.find((one) => one.endpoint === endpoint && one.device === device)
  return before === undefined || Math.abs(at - before.lastAt) >= NOTE_EVERY_MS
}

/** The endpoint is noted at what is trusted, be it the certificate itself or an authority above it, so that a change is noticed. */
async function noteAccepted(
  { trusted }: CertificateStore,
  chain: readonly Certificate[],
  presentation: Presentation,
): Promise<void> {
  const anchor = chain
    .map(({ sha256 }) => trusted.find(({ certificate }) => certificate.sha256 === sha256))
    .find((found) => found !== undefined)
  if (anchor === undefined) return
  const before = anchor.record ?? emptyRecord
  const isKnown = before.presented.some(
    ({ endpoint, device }) => endpoint === presentation.endpoint && device === presentation.device,
  )
  if (isKnown && before.reason === undefined && before.trustedAt !== undefined) return
  const { status: _status, reason: _reason, ...kept } = before
  const record = presentedAgain({ ...kept, trustedAt: before.trustedAt ?? presentation.at }, presentation)
  await writeFileSafely(recordFile(join(anchor.file, '..'), anchor.certificate.thumbprint), encodeRecord(record))
}

async function trustOnFirstUse(folder: string, certificate: Certificate, presentation: Presentation): Promise<void> {
  const trusted = join(folder, 'trusted')
  const record = presentedAgain({ ...emptyRecord, trustedAt: presentation.at, trustedBy: 'first use' }, presentation)
  // The record first: without it, a power cut in between would leave the endpoint open to a second first use.
  await writeFileSafely(recordFile(trusted, certificate.thumbprint), encodeRecord(record))
  await writeFileSafely(join(trusted, certificateFileName(certificate)), certificate.der)
}
