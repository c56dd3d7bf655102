/** Application and user certificates of OPC UA (OPC 10000-6 6.2.2) for tests, made by the openssl command: RSA, with a URI in the SAN. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyPair } from './certificates.ts'

export interface ApplicationCertificateOptions {
  /** The ApplicationUri; none for a certificate without one. */
  readonly uri?: string | undefined
  readonly hosts?: readonly string[]
  /** From now; negative is expired. */
  readonly days?: number
  readonly bits?: number
  readonly subject?: string
  readonly keyUsage?: string
  readonly extendedKeyUsage?: string
  /** Signed by this authority instead of itself. */
  readonly issuer?: KeyPair
}

/** `NAME.pem` and `NAME.key` in `folder`, both PEM. */
export function createApplicationCertificate(
  folder: string,
  name: string,
  options: ApplicationCertificateOptions = {},
): KeyPair {
  const { hosts = ['localhost', '127.0.0.1'], days = 30, bits = 2048, issuer } = options
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  writeFileSync(extensions, extensionLines(options, hosts).join('\n'))
  const subject = options.subject ?? `/O=Bifrost tests/CN=${name}`
  openssl('req', '-new', '-newkey', `rsa:${bits}`, '-nodes', '-subj', subject, '-keyout', pair.key, '-out', request)
  const signer =
    issuer === undefined ? ['-signkey', pair.key] : ['-CA', issuer.cert, '-CAkey', issuer.key, '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    '-sha256',
    '-in',
    request,
    ...signer,
    '-days',
    String(days),
    '-extfile',
    extensions,
    '-out',
    pair.cert,
  )
  return pair
}

function extensionLines(options: ApplicationCertificateOptions, hosts: readonly string[]): string[] {
  const names = hosts.map((host) => `${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`)
  const san = [...(options.uri === undefined ? [] : [`URI:${options.uri}`]), ...names]
  // OPC 10000-6 Table 36: these usages; a certificate that signs itself says keyCertSign too.
  const usages = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment']
  if (options.issuer === undefined) usages.push('keyCertSign')
  return [
    'basicConstraints=critical,CA:FALSE',
    'subjectKeyIdentifier=hash',
    `keyUsage=critical,${options.keyUsage ?? usages.join(',')}`,
    `extendedKeyUsage=${options.extendedKeyUsage ?? 'serverAuth,clientAuth'}`,
    ...(san.length === 0 ? [] : [`subjectAltName=${san.join(',')}`]),
  ]
}

const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
