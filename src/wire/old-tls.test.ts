/** TLS before 1.2 is refused by our own word, whatever OpenSSL and Node would allow. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { needs, temporaryFolder } from '../testing/peers.ts'
import { tlsOptionsOf } from './tls.ts'

const OLD_TLS = fileURLToPath(new URL('../testing/old-tls.ts', import.meta.url))

test('client and server refuse TLS 1.1 where everything else allows it', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const { cert, key } = createCertificate(folder, 'device', authority, '127.0.0.1')
  const allowed = ['--tls-min-v1.0', '--tls-cipher-list=DEFAULT:@SECLEVEL=0']
  const text = execFileSync(process.execPath, [...allowed, OLD_TLS, authority.cert, cert, key], { encoding: 'utf8', timeout: 30_000 }) // prettier-ignore
  const { both, server, client } = JSON.parse(text) as Record<string, string>
  assert.equal(both, 'TLSv1.1', 'the control: with each other they speak it')
  assert.equal(server, 'refused')
  assert.match(client!, /it speaks no TLS version from 1\.2 on/)
  assert.equal((await tlsOptionsOf({})).minVersion, 'TLSv1.2')
})
