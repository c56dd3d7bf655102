/** An authority as cert-manager makes one, for tests: it issues certificates for names, for servers and clients alike. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TestAuthority {
  readonly ca: string
  /** PEM files; `names` as `DNS:redis-0` or `IP:127.0.0.1`. */
  issue(subject: string, names: readonly string[]): { readonly cert: string; readonly key: string }
}

export function testAuthority(folder: string): TestAuthority {
  const [ca, caKey] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')]
  const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] })
  const key = (file: string) => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file)
  key(caKey)
  openssl('req', '-x509', '-new', '-key', caKey, '-subj', '/CN=Bifrost CA', '-days', '30', '-out', ca)
  return {
    ca,
    issue(subject, names) {
      const [cert, own, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((end) => join(folder, `${subject}.${end}`)) as [string, string, string, string] // prettier-ignore
      key(own)
      openssl('req', '-new', '-key', own, '-subj', `/CN=${subject}`, '-out', request)
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`)
      openssl('x509', '-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '30', '-extfile', extensions, '-out', cert) // prettier-ignore
      return { cert, key: own }
    },
  }
}
