/**
 * What sslscan, which nobody here wrote, finds on the address of the page and the API, is what docs/design/tls.md says.
 * UPDATE_TLS_REPORT=1 writes the report anew.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { startHttp } from '../src/http/server.ts'
import { createAuthority, createCertificate } from '../src/testing/certificates.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { needs, temporaryFolder } from '../src/testing/peers.ts'

const skip = needs('openssl', 'sslscan')
const REPORT = join(import.meta.dirname, '..', 'docs', 'design', 'tls.md')
const BLOCK = /(<!-- sslscan -->\n+```text\n)([\s\S]*?)(```)/

/** Versions, suites, groups and what else can be wrong, a line each. */
async function scan(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  execFile('sslscan', ['--no-colour', '--xml=-', `127.0.0.1:${port}`], { timeout: 60_000 }, (error, stdout) =>
    error === null ? resolve(stdout) : reject(error),
  )
  const xml = await promise
  const tags = (name: string) =>
    [...xml.matchAll(new RegExp(`<${name} ([^>]*?)/>`, 'g'))].map(([, text]) => fields(text!))
  return [
    ...tags('protocol').map(
      (one) => `${one.type!.toUpperCase()} ${one.version}: ${one.enabled === '1' ? 'offered' : 'no'}`,
    ),
    ...tags('renegotiation').map((one) => `renegotiation: ${one.supported === '1' ? 'yes' : 'no'}`),
    ...tags('heartbleed').map(
      (one) => `heartbleed (${one.sslversion}): ${one.vulnerable === '1' ? 'vulnerable' : 'no'}`,
    ),
    ...tags('cipher').map((one) => `${one.sslversion} ${one.cipher} (${one.bits} bits, ${one.strength})`),
    ...tags('group').map((one) => `${one.sslversion} group ${one.name} (${one.bits} bits)`),
    '',
  ].join('\n')
}

const fields = (text: string): Record<string, string | undefined> =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))

async function start(t: TestContext) {
  const folder = temporaryFolder(t)
  const { cert, key } = createCertificate(folder, 'gateway', createAuthority(folder, 'ca'), '127.0.0.1')
  return { cert, key, pem: { cert: readFileSync(cert), key: readFileSync(key) } }
}

test(
  'sslscan finds what docs/design/tls.md says: TLS 1.2 and 1.3, forward secrecy and AEAD alone',
  { skip },
  async (t) => {
    const { cert: certFile, key: keyFile } = await start(t)
    const gateway = await startTestGateway(t, { devices: [] })
    const tls = { certFile, keyFile, clientCaFile: undefined, clientCertificates: 'off', minVersion: '1.2' } as const
    const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', tls })
    t.after(() => http.close())
    const found = await scan(http.port)
    const page = readFileSync(REPORT, 'utf8')
    if (process.env.UPDATE_TLS_REPORT === '1') writeFileSync(REPORT, page.replace(BLOCK, `$1${found}$3`))
    else assert.equal(found, BLOCK.exec(page)?.[2])
    assert.match(found, /TLS 1\.1: no\nTLS 1\.2: offered\nTLS 1\.3: offered\nrenegotiation: no/)
    const suites = [...found.matchAll(/^TLSv1\.2 (\S+) \(/gm)].map(([, suite]) => suite!)
    assert.equal(suites.length, 3)
    for (const suite of suites) assert.match(suite, /^ECDHE-.*(GCM-SHA\d+|CHACHA20-POLY1305)$/)
    for (const [, bits] of found.matchAll(/group .*\((\d+) bits\)$/gm)) assert.ok(Number(bits) >= 128)
  },
)

test('the control: of a server with the defaults of Node sslscan finds more', { skip }, async (t) => {
  const server = createServer((await start(t)).pem, (socket) => socket.on('error', () => undefined))
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  assert.match(await scan((server.address() as AddressInfo).port), /TLSv1\.2 ECDHE-ECDSA-AES\d+-SHA |group ffdhe2048/)
})
