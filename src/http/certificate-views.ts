/** Certificates as JSON shows them: names, thumbprints, validity, uses, where each lies and what was said of it. */
import { z } from 'zod'
import type { CertificateListing, CertificateState, ListedCertificate } from '../commands/certificates.ts'
import type { CertificatesInUse } from '../commands/certificates-in-use.ts'
import type { Certificate } from '../wire/certificates/certificate.ts'
import type { OwnCertificates } from '../wire/certificates/own.ts'
import { isoOf } from './views.ts'

export const certificateSchema = z.object({
  thumbprint: z.string().describe('SHA-1, as OPC UA shows it'),
  sha256: z.string(),
  subject: z.string(),
  issuer: z.string(),
  commonName: z.string(),
  serial: z.string(),
  validFrom: z.string(),
  validTo: z.string(),
  applicationUri: z.string().nullable(),
  dnsNames: z.array(z.string()),
  ipAddresses: z.array(z.string()),
  keyUsage: z.array(z.string()).nullable().describe('null: not limited'),
  extendedKeyUsage: z.array(z.string()).nullable().describe('null: not limited'),
  key: z.string().describe('Kind and length, such as `rsa 2048`'),
  signature: z.string(),
  authority: z.boolean(),
})

const listedSchema = certificateSchema.extend({
  der: z.string().describe('The certificate itself, base64'),
  state: z.enum(['own', 'next', 'previous', 'trusted', 'rejected', 'issuer']),
  file: z.string().describe('Where it lies'),
  status: z.string().nullable().describe('With which status code it was refused last; null: it was not'),
  reason: z.string().nullable().describe('Why, and what to do, in a sentence'),
  presented: z
    .array(
      z.object({
        endpoint: z.string(),
        device: z.string().describe('The device or sink of the configuration'),
        firstAt: z.string(),
        lastAt: z.string(),
        times: z.int().min(0),
      }),
    )
    .describe('Who presented it, the latest first'),
  trustedAt: z.string().nullable(),
  trustedBy: z.string().nullable().describe('A user, or `first use`'),
})

export const certificatesSchema = z.object({
  applicationUri: z
    .string()
    .nullable()
    .describe('What far sides know this gateway by; null: no certificate was made yet'),
  certificates: z.array(listedSchema),
  revocationLists: z.array(
    z.object({
      file: z.string(),
      thisUpdate: z.string(),
      nextUpdate: z.string().nullable(),
      revoked: z.int().min(0),
    }),
  ),
  problems: z.array(z.object({ file: z.string(), problem: z.string() })).describe('Files that are of no use'),
  next: z.null(),
})

export const ownSchema = z.object({
  applicationUri: z.string().nullable(),
  current: certificateSchema.nullable().describe('In use'),
  next: certificateSchema.nullable().describe('Waits to be taken in use'),
  previous: certificateSchema.nullable().describe('In use before'),
})

export const tlsSchema = z.object({
  certificates: z
    .array(
      z.object({
        use: z.string().describe('http, receive, device, sink (with -ca: what is trusted there), oidc-ca, ca'),
        name: z.string().describe('Of the device or sink'),
        file: z.string(),
        subject: z.string().nullable(),
        validFrom: z.string().nullable(),
        validTo: z.string().nullable().describe('Of the one in the file that expires first'),
        problem: z.string().nullable().describe('Why the file is of no use'),
      }),
    )
    .describe('Those that expire first stand first'),
  faults: z
    .array(z.object({ use: z.string(), fault: z.string() }))
    .describe('Servers whose files have changed and are of no use: the ones before stay in use'),
  next: z.null(),
})

const iso = (ms: number): string => isoOf(ms) ?? ''

export const certificateView = (certificate: Certificate): z.output<typeof certificateSchema> => ({
  thumbprint: certificate.thumbprint,
  sha256: certificate.sha256,
  subject: certificate.subject,
  issuer: certificate.issuer,
  commonName: certificate.commonName,
  serial: certificate.serial,
  validFrom: iso(certificate.notBefore),
  validTo: iso(certificate.notAfter),
  applicationUri: certificate.applicationUri ?? null,
  dnsNames: [...certificate.dnsNames],
  ipAddresses: [...certificate.ipAddresses],
  keyUsage: certificate.keyUsage === undefined ? null : [...certificate.keyUsage],
  extendedKeyUsage: certificate.extendedKeyUsage === undefined ? null : [...certificate.extendedKeyUsage],
  key: [certificate.keyType, certificate.keyBits].filter((part) => part !== undefined).join(' '),
  signature: certificate.signature,
  authority: certificate.isAuthority,
})

function listedView({ certificate, file, record, state }: ListedCertificate): z.output<typeof listedSchema> {
  const { presented = [], status, reason, trustedAt, trustedBy } = record ?? {}
  return {
    ...certificateView(certificate),
    der: certificate.der.toString('base64'),
    state,
    file,
    status: status ?? null,
    reason: reason ?? null,
    presented: presented.map((one) => ({ ...one, firstAt: iso(one.firstAt), lastAt: iso(one.lastAt) })),
    trustedAt: isoOf(trustedAt),
    trustedBy: trustedBy ?? null,
  }
}

export const listingView = (
  { applicationUri, certificates, lists, problems }: CertificateListing,
  state: CertificateState | undefined,
): z.output<typeof certificatesSchema> => ({
  applicationUri: applicationUri ?? null,
  certificates: certificates.filter((one) => state === undefined || one.state === state).map(listedView),
  revocationLists: lists.map(({ file, list }) => ({
    file,
    thisUpdate: iso(list.thisUpdate),
    nextUpdate: isoOf(list.nextUpdate),
    revoked: list.count,
  })),
  problems: problems.map(({ file, problem }) => ({ file, problem })),
  next: null,
})

export const ownView = ({ applicationUri, current, next, previous }: OwnCertificates): z.output<typeof ownSchema> => {
  const view = (one: OwnCertificates['current']) => (one === undefined ? null : certificateView(one.certificate))
  return { applicationUri: applicationUri ?? null, current: view(current), next: view(next), previous: view(previous) }
}

export const tlsView = ({ list, served }: CertificatesInUse): z.output<typeof tlsSchema> => ({
  certificates: list.map(({ use, name, file, subject, notBefore, notAfter, problem }) => ({
    use,
    name,
    file,
    subject: subject ?? null,
    validFrom: isoOf(notBefore),
    validTo: isoOf(notAfter),
    problem: problem ?? null,
  })),
  faults: [...served].flatMap(([use, { fault }]) => (fault === undefined ? [] : [{ use, fault }])),
  next: null,
})
