/** Certificates for the OPC UA peers of the tests in the few words that they need; `CertificateWorkshop` makes them. */
import { CertificateWorkshop, type Issued } from './application-certificates.ts'

export interface ApplicationCertificateOptions {
  /** The ApplicationUri; none for the certificate of a person. */
  readonly uri?: string | undefined
  readonly hosts?: readonly string[]
  /** As openssl's `ca` takes it, `20200101000000Z`; in the past for one that has expired. */
  readonly to?: string
}

/** `NAME.pem` and its key in `folder`, both PEM; signed by itself. */
export function createApplicationCertificate(
  folder: string,
  name: string,
  { uri, hosts = ['localhost', '127.0.0.1'], to }: ApplicationCertificateOptions = {},
): Issued {
  const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`))
  const wishes = { applicationUri: uri ?? null, names, ...(to === undefined ? {} : { to }) }
  return new CertificateWorkshop(folder).application(name, wishes)
}
