/** Certificates for tests of TLS, made by the openssl command: an authority, and leaves it signs. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** An authority of its own in `folder`: `NAME.crt` and `NAME.key`. */
export function createAuthority(folder: string, name: string): KeyPair {
  const pair = files(folder, name)
  openssl(['req', '-x509', ...EC_KEY, '-subj', `/CN=${name}`, '-days', '2', '-keyout', pair.key, '-out', pair.cert])
  return pair
}

/** A certificate for `host`, signed by `authority`; `days: -1` makes one that has expired, `more` are further extensions. */
export function createCertificate(
  folder: string,
  name: string,
  authority: KeyPair,
  host: string,
  days = 2,
  more: readonly string[] = [],
): KeyPair {
  const pair = files(folder, name)
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  writeFileSync(extensions, `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}\n${more.join('\n')}\n`)
  openssl(['req', ...EC_KEY, '-subj', `/CN=${host}`, '-keyout', pair.key, '-out', request])
  const signing = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-extfile', extensions]
  openssl(['x509', '-req', '-in', request, ...signing, '-days', String(days), '-out', pair.cert])
  return pair
}

/** The role of Modbus/TCP Security as an extension. */
export const roleExtension = (role: string, type = 'UTF8String'): string =>
  `1.3.6.1.4.1.50316.802.1=ASN1:${type}:${role}`

const files = (folder: string, name: string): KeyPair => ({
  cert: join(folder, `${name}.crt`),
  key: join(folder, `${name}.key`),
})

const openssl = (args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
