/**
 * The chain of a certificate up to an authority that signed itself (RFC 5280, 6; OPC 10000-4, 6.1.3 "Build Certificate Chain" and
 * "Signature"). An issuer is taken by its encoded name, and only where its key fits the signature.
 */
import type { Certificate } from './certificate.ts'

/** Application, authority below, …, root: more is no chain of a plant. */
const CHAIN_LIMIT = 8

export interface Chain {
  /** Leaf first; the root, which signed itself, last where `problem` is undefined. */
  readonly certificates: readonly Certificate[]
  /** `issuer-unknown`: nobody of that name; `signature-wrong`: there is one, but the signature is not of its key. */
  readonly problem: 'issuer-unknown' | 'signature-wrong' | 'too-long' | undefined
}

/** `candidates` in order of preference. */
export function buildChain(leaf: Certificate, candidates: readonly Certificate[]): Chain {
  const certificates = [leaf]
  for (let last = leaf; ;) {
    if (last.isSelfIssued && isSignedBy(last, last)) return { certificates, problem: undefined }
    const named = candidates.filter((one) => one.subjectName.equals(last.issuerName) && one.sha256 !== last.sha256)
    const issuer = named.find((one) => isSignedBy(last, one))
    if (issuer === undefined) {
      const isForged = named.length > 0 || last.isSelfIssued
      return { certificates, problem: isForged ? 'signature-wrong' : 'issuer-unknown' }
    }
    if (certificates.length === CHAIN_LIMIT) return { certificates, problem: 'too-long' }
    certificates.push(issuer)
    last = issuer
  }
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}
