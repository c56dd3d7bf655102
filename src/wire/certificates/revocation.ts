/** Whether a certificate was revoked, by the lists that are here (RFC 5280, 6.3; OPC 10000-4, 6.1.3 "Find Revocation List"). */
import type { CertificateStore } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'

export type Revocation =
  | { readonly state: 'good' }
  | { readonly state: 'revoked'; readonly at: number }
  | { readonly state: 'unknown'; readonly why: string }

/** The newest list that the issuer signed decides, even when it is out of date: what it revoked stays revoked. */
export function findRevocation(
  certificate: Certificate,
  issuer: Certificate,
  { lists }: CertificateStore,
  now: number,
): Revocation {
  const own = lists.map(({ list }) => list).filter((list) => list.issuerName.equals(issuer.subjectName))
  if (own.length === 0) return { state: 'unknown', why: 'there is no revocation list of its issuer here' }
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.includes('cRLSign'))
    return { state: 'unknown', why: 'its issuer may not sign revocation lists' }
  const signed = own.filter((list) => list.isSignedBy(issuer.x509.publicKey))
  if (signed.length === 0)
    return { state: 'unknown', why: "the revocation list here does not have its issuer's signature" }
  const [newest] = signed.filter((list) => list.thisUpdate <= now).toSorted((a, b) => b.thisUpdate - a.thisUpdate)
  if (newest === undefined)
    return { state: 'unknown', why: "its issuer's revocation list is of the future; check the clocks" }
  const at = newest.revokedAt(certificate.serial)
  if (at !== undefined) return { state: 'revoked', at }
  if (newest.isPartial) return { state: 'unknown', why: "its issuer's revocation list here holds only a part of them" }
  if (newest.nextUpdate !== undefined && newest.nextUpdate < now)
    return {
      state: 'unknown',
      why: `its issuer's revocation list here is out of date since ${new Date(newest.nextUpdate).toISOString().slice(0, 10)}`,
    }
  return { state: 'good' }
}
