/** The inbox: certificates that were presented and refused, with who presented them and why not. Bounded; the oldest make room. */
import { join } from 'node:path'
import { removeFile, writeFileSafely } from './certificate-files.ts'
import { certificateFileName, type StoredCertificate } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'
import { encodeRecord, recordFile, type PresentationRecord } from './presentations.ts'

/** Anybody who can reach a server can present a certificate. */
export const INBOX_LIMIT = 100

/** Puts a certificate and its record there; `present` is what lies there already. */
export async function addToInbox(
  folder: string,
  certificate: Certificate,
  record: PresentationRecord,
  present: readonly StoredCertificate[],
): Promise<void> {
  const inbox = join(folder, 'rejected')
  await writeFileSafely(recordFile(inbox, certificate.thumbprint), encodeRecord(record))
  if (present.some((one) => one.certificate.sha256 === certificate.sha256)) return
  await writeFileSafely(join(inbox, certificateFileName(certificate)), certificate.der)
  // What a person refused stays: strangers must not get it forgotten.
  const oldestFirst = present
    .filter((one) => one.record?.takenBackAt === undefined)
    .toSorted((a, b) => lastSeen(a) - lastSeen(b))
  for (const one of oldestFirst.slice(0, Math.max(0, present.length + 1 - INBOX_LIMIT))) await takeAway(one)
}

/** Removes a certificate with its record. */
export async function takeAway({ file, certificate }: StoredCertificate): Promise<void> {
  await removeFile(file)
  await removeFile(recordFile(join(file, '..'), certificate.thumbprint))
}

const lastSeen = ({ record }: StoredCertificate): number =>
  Math.max(0, ...(record?.presented ?? []).map(({ lastAt }) => lastAt))
