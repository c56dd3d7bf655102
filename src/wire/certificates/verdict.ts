/**
 * The verdict on a certificate that the far side presents, in the order of OPC 10000-4, 6.1.3 (table of the validation steps):
 * structure, chain, signature, policy, trust, validity, host name, URI, use, revocation. The first step that fails is the verdict: its status
 * code, and a sentence that says what is wrong and what to do. Pure: what is known comes in, nothing is read or written.
 */
import { isIP } from 'node:net'
import { messageOf } from '../../core/errors.ts'
import { Status, statusName, type StatusCode } from '../../core/status.ts'
import type { CertificateStore } from './certificate-store.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { buildChain } from './chain.ts'
import { findRevocation } from './revocation.ts'

/** What is asked of a certificate. */
export interface CertificateQuestion {
  /** ms since 1970. */
  readonly now: number
  /** What the certificate's owner is: a server that we connect to, a client that connects to us, or a person (X.509 user token). */
  readonly role: 'server' | 'client' | 'user'
  /** Where it came from, for the sentence: `opc.tcp://10.0.0.5:4840`, or the address of a client. */
  readonly endpoint?: string | undefined
  /** The host that we connected to; undefined: not compared. */
  readonly hostname?: string | undefined
  /** Another host name is allowed: the device is reached by a name or address that its certificate does not have (NAT). */
  readonly ignoreHostname?: boolean | undefined
  /** What the far side calls itself in its endpoint description; undefined: not compared. */
  readonly applicationUri?: string | undefined
  /** An authority that is trusted may have no revocation list here. */
  readonly allowUnknownRevocation?: boolean | undefined
  /** As if it were trusted already: would it pass then? */
  readonly assumeTrusted?: boolean | undefined
}

/** What is said of a certificate. `certificate` is undefined where the bytes are none. */
export type CertificateVerdict =
  | { readonly ok: true; readonly certificate: Certificate; readonly chain: readonly Certificate[] }
  | (CertificateRefusal & { readonly certificate: Certificate | undefined; readonly chain: readonly Certificate[] })

export interface CertificateRefusal {
  readonly ok: false
  readonly statusCode: StatusCode
  /** The name of the status code. */
  readonly status: string
  /** What is wrong and what to do next, in one sentence. */
  readonly reason: string
}

/** `chain`: DER, the application's own certificate first, then the issuers that came with it. */
export function judgeCertificate(
  chain: readonly Uint8Array[],
  question: CertificateQuestion,
  store: CertificateStore,
): CertificateVerdict {
  let certificates: Certificate[]
  try {
    certificates = chain.slice(0, SENT_LIMIT).map(parseCertificate)
    if (certificates.length === 0) throw new Error('there is none')
  } catch (error) {
    const reason = `${ownerOf(question)} presented no usable certificate: ${messageOf(error)}; look at its security settings`
    return { certificate: undefined, chain: [], ...refusal(Status.BadCertificateInvalid, reason) }
  }
  const [leaf, ...sent] = certificates as [Certificate, ...Certificate[]]
  const known = [...store.trusted, ...store.issuers].map(({ certificate }) => certificate)
  const built = buildChain(leaf, [...known, ...sent])
  const judged: Judged = { leaf, built, question, store, name: nameOf(leaf, question) }
  for (const step of STEPS) {
    const found = step(judged)
    if (found !== undefined) return { certificate: leaf, chain: built.certificates, ...refusal(...found) }
  }
  return { ok: true, certificate: leaf, chain: built.certificates }
}

/** More certificates of one message are not looked at. */
const SENT_LIMIT = 10

const refusal = (statusCode: StatusCode, reason: string): CertificateRefusal => ({
  ok: false,
  statusCode,
  status: statusName(statusCode),
  reason,
})

interface Judged {
  readonly leaf: Certificate
  readonly built: ReturnType<typeof buildChain>
  readonly question: CertificateQuestion
  readonly store: CertificateStore
  /** `the certificate "press" of the server at opc.tcp://10.0.0.5:4840`. */
  readonly name: string
}

type Found = readonly [StatusCode, string] | undefined
type Step = (judged: Judged) => Found

const OWNERS = { server: 'the server', client: 'the client', user: 'the user' } as const

const ownerOf = ({ role, endpoint }: CertificateQuestion): string =>
  endpoint === undefined ? OWNERS[role] : `${OWNERS[role]} at ${endpoint}`

const nameOf = (leaf: Certificate, question: CertificateQuestion): string =>
  `the certificate "${leaf.commonName}" of ${ownerOf(question)}`

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const usersFlag = ({ role }: CertificateQuestion): string => (role === 'user' ? ' --users' : '')

const checkChain: Step = ({ leaf, built, name, question }) => {
  const last = built.certificates.at(-1)!
  if (built.problem === 'issuer-unknown')
    return [
      Status.BadCertificateChainIncomplete,
      `${name} was issued by "${last.issuer}", which is not known here; import that authority's certificate with \`bifrost opcua import FILE${usersFlag(question)}\``,
    ]
  if (built.problem === 'too-long')
    return [
      Status.BadCertificateChainIncomplete,
      `${name} has more issuers than are followed; import its root authority`,
    ]
  if (built.problem === 'signature-wrong')
    return [
      Status.BadCertificateInvalid,
      last === leaf && leaf.isSelfIssued
        ? `${name} has a signature that is not its own: it was changed or is damaged; let the far side make a new one`
        : `${name} has a signature that is not that of its issuer "${last.issuer}": it is forged, or the authority has a new key; import the authority's present certificate, or look who answers there`,
    ]
  return undefined
}

/** OPC 10000-7: the security policies that are offered take RSA of 2048 to 4096 bits and SHA-2. */
const checkPolicy: Step = ({ leaf, built, name }) => {
  const code = Status.BadCertificatePolicyCheckFailed
  for (const one of built.certificates) {
    const which = one === leaf ? name : `an issuer of ${name}, "${one.subject}",`
    const { keyType, keyBits = 0, signature, isStronglySigned } = one
    if (one === leaf && keyType !== 'rsa')
      return [code, `${which} has a key of the kind ${keyType}; OPC UA wants RSA here: let the far side make another`]
    if (keyType === 'rsa' && (keyBits < 2048 || (one === leaf && keyBits > 4096)))
      return [
        code,
        `${which} has a key of ${keyBits} bits; 2048 to 4096 are allowed: let the far side make a new certificate`,
      ]
    // The signature of a root on itself proves nothing and is not relied on; that of an application is.
    const isRoot = one === built.certificates.at(-1) && one !== leaf
    if (!isRoot && !isStronglySigned)
      return [
        code,
        `${which} is signed with ${signature}, which can be forged; let the far side make a new one with SHA-256`,
      ]
  }
  return undefined
}

const checkTrust: Step = (judged) => {
  const { leaf, built, question, store, name } = judged
  if (question.assumeTrusted === true || isTrusted(built.certificates, store)) return undefined
  const before = otherTrusted(leaf, question, store)
  const issuers = built.certificates.slice(1)
  const root = issuers.at(-1)
  const command = `bifrost opcua trust ${leaf.thumbprint}${usersFlag(question)}`
  const authority =
    root === undefined
      ? ''
      : `, or \`bifrost opcua trust ${root.thumbprint}${usersFlag(question)}\` for all of "${root.commonName}"`
  const what =
    before === undefined
      ? `nobody has trusted ${name} yet (thumbprint ${leaf.thumbprint})`
      : `${ownerOf(question)} presented another certificate than the one trusted on ${day(before.record?.trustedAt ?? 0)} (now "${leaf.commonName}", thumbprint ${leaf.thumbprint}; before ${before.certificate.thumbprint}): it was renewed, or somebody else answers there`
  const next = `compare the thumbprint with what the far side shows, then \`${command}\`${authority}`
  return [Status.BadCertificateUntrusted, `${what}; ${next}`]
}

const isTrusted = (chain: readonly Certificate[], { trusted }: CertificateStore): boolean =>
  chain.some(({ sha256 }) => trusted.some(({ certificate }) => certificate.sha256 === sha256))

/** The certificate of the same endpoint that was trusted before this one. */
export const otherTrusted = (leaf: Certificate, { endpoint }: CertificateQuestion, { trusted }: CertificateStore) =>
  trusted.find(
    ({ certificate, record }) =>
      certificate.sha256 !== leaf.sha256 &&
      record?.trustedAt !== undefined &&
      record.presented.some((one) => one.endpoint === endpoint),
  )

const checkValidity: Step = ({ leaf, built, question: { now }, name }) => {
  for (const one of built.certificates) {
    if (one.notBefore <= now && now <= one.notAfter) continue
    const code = one === leaf ? Status.BadCertificateTimeInvalid : Status.BadCertificateIssuerTimeInvalid
    const which = one === leaf ? name : `an issuer of ${name}, "${one.subject}",`
    return now > one.notAfter
      ? [
          code,
          `${which} expired on ${day(one.notAfter)}; renew it there, and check the clocks (here it is ${day(now)})`,
        ]
      : [code, `${which} is valid from ${day(one.notBefore)} on only; check the clocks (here it is ${day(now)})`]
  }
  return undefined
}

const checkHost: Step = ({ leaf, question: { hostname, ignoreHostname }, name }) => {
  if (hostname === undefined || ignoreHostname === true || isNamed(leaf, hostname)) return undefined
  const names = [...leaf.dnsNames, ...leaf.ipAddresses]
  const has = names.length === 0 ? 'names no host' : `is for ${names.slice(0, 5).join(', ')}`
  return [
    Status.BadCertificateHostNameInvalid,
    `${name} ${has}, not for ${hostname}; connect by a name that it has, or set \`ignoreHostname: true\` for this device (NAT)`,
  ]
}

function isNamed({ x509, dnsNames }: Certificate, hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  // Many servers write their address as a DNS name.
  if (dnsNames.some((name) => name.toLowerCase() === host.toLowerCase())) return true
  return (isIP(host) === 0 ? x509.checkHost(host, { subject: 'never' }) : x509.checkIP(host)) !== undefined
}

const checkUri: Step = ({ leaf, question: { applicationUri }, name }) => {
  if (applicationUri === undefined || leaf.applicationUri === applicationUri) return undefined
  const has =
    leaf.applicationUri === undefined ? 'names no application' : `is for the application ${leaf.applicationUri}`
  return [
    Status.BadCertificateUriInvalid,
    `${name} ${has}, but the far side calls itself ${applicationUri}; let it make a new certificate, its name was changed after this one was made`,
  ]
}

/** OPC 10000-6, 6.2.2. What the certificate does not limit is allowed. */
const checkUse: Step = ({ leaf, built, question: { role }, name }) => {
  const { keyUsage, extendedKeyUsage } = leaf
  if (role !== 'user') {
    const wanted = role === 'server' ? 'serverAuth' : 'clientAuth'
    if (
      extendedKeyUsage !== undefined &&
      ![wanted, 'anyExtendedKeyUsage'].some((use) => extendedKeyUsage.includes(use))
    )
      return [
        Status.BadCertificateUseNotAllowed,
        `${name} is not meant for a ${role} (its extended key usage has ${listed(extendedKeyUsage)}, not ${wanted}); let the far side make another`,
      ]
    const encrypts = ['keyEncipherment', 'dataEncipherment'].some((use) => keyUsage?.includes(use))
    if (keyUsage !== undefined && !(keyUsage.includes('digitalSignature') && encrypts))
      return [
        Status.BadCertificateUseNotAllowed,
        `${name} may not sign and encrypt (its key usage has ${listed(keyUsage)}); let the far side make one with digitalSignature, keyEncipherment and dataEncipherment`,
      ]
  }
  for (const [above, issuer] of built.certificates.slice(1).entries()) {
    const maySign = issuer.keyUsage === undefined || issuer.keyUsage.includes('keyCertSign')
    if (issuer.isAuthority && maySign && above <= (issuer.pathLength ?? above)) continue
    return [
      Status.BadCertificateIssuerUseNotAllowed,
      `an issuer of ${name}, "${issuer.subject}", may not sign this certificate; the authority has to issue another`,
    ]
  }
  return undefined
}

const listed = (uses: readonly string[]): string => (uses.length === 0 ? 'nothing' : uses.join(', '))

const checkRevocation: Step = ({ leaf, built, question, store, name }) => {
  // Who trusts this very certificate relies on no authority, so that none needs to give a list; one that is there counts.
  const isPinned = store.trusted.some(({ certificate }) => certificate.sha256 === leaf.sha256)
  const isLenient = isPinned || question.allowUnknownRevocation === true
  for (const [at, one] of built.certificates.slice(0, -1).entries()) {
    const issuer = built.certificates[at + 1]!
    const found = findRevocation(one, issuer, store, question.now)
    const which = one === leaf ? name : `an issuer of ${name}, "${one.subject}",`
    if (found.state === 'revoked')
      return [
        one === leaf ? Status.BadCertificateRevoked : Status.BadCertificateIssuerRevoked,
        `${which} was revoked by "${issuer.subject}" on ${day(found.at)}; the far side needs a new one`,
      ]
    if (found.state === 'unknown' && !isLenient)
      return [
        one === leaf ? Status.BadCertificateRevocationUnknown : Status.BadCertificateIssuerRevocationUnknown,
        `whether ${which} was revoked cannot be told: ${found.why}; import the present list of "${issuer.subject}" with \`bifrost opcua import FILE${usersFlag(question)}\``,
      ]
  }
  return undefined
}

const STEPS: readonly Step[] = [
  checkChain,
  checkPolicy,
  checkTrust,
  checkValidity,
  checkHost,
  checkUri,
  checkUse,
  checkRevocation,
]
