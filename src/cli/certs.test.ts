/** `bifrost certs`, judged by the openssl of the machine: chains, uses, names, and what a TLS client of it accepts. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { needs, temporaryFolder } from '../testing/peers.ts'

const skip = needs('openssl')
const MAIN = join(import.meta.dirname, '..', 'main.ts')

function createDesk(t: TestContext) {
  const folder = temporaryFolder(t)
  const certs = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'certs', ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, BIFROST_CONFIG: undefined } }) // prettier-ignore
    return { status, stdout, stderr }
  }
  const done = (...args: string[]) => {
    const result = certs(...args)
    assert.equal(result.status, 0, result.stderr)
    return result.stdout
  }
  const openssl = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    return { ok: status === 0, text: stdout + stderr }
  }
  const verifies = (file: string, purpose: string, ...more: string[]) =>
    openssl('verify', '-x509_strict', '-CAfile', 'ca/ca.crt', '-purpose', purpose, ...more, file)
  return { folder, certs, done, openssl, verifies }
}

test('openssl takes what the authority issues for what it was issued for, and for nothing else', { skip }, (t) => {
  const { folder, done, openssl, verifies } = createDesk(t)
  done('init', '--ca', 'ca', '--name', 'Plant 7 CA')
  done('issue', 'gateway', '--ca', 'ca', '--dns', 'gateway.plant,*.hall.plant', '--ip', '10.0.0.5,fd00::1')
  done('issue', 'edge-1', '--ca', 'ca', '--profile', 'client', '--days', '90')
  assert.ok(verifies('gateway.crt', 'sslserver').ok, verifies('gateway.crt', 'sslserver').text)
  assert.ok(verifies('gateway.crt', 'sslserver', '-verify_hostname', 'gateway.plant').ok)
  assert.ok(verifies('gateway.crt', 'sslserver', '-verify_ip', 'fd00::1').ok)
  assert.equal(verifies('gateway.crt', 'sslserver', '-verify_hostname', 'other.plant').ok, false)
  assert.equal(verifies('gateway.crt', 'sslclient').ok, false)
  assert.ok(verifies('edge-1.crt', 'sslclient').ok)
  assert.equal(verifies('edge-1.crt', 'sslserver').ok, false)
  assert.match(openssl('x509', '-in', 'edge-1.crt', '-noout', '-subject').text, /CN ?= ?edge-1/)
  assert.equal(openssl('x509', '-in', 'edge-1.crt', '-noout', '-checkend', String(91 * 86_400)).ok, false)
  assert.match(
    openssl('x509', '-in', 'ca/ca.crt', '-noout', '-text').text,
    /CA:TRUE, pathlen:0[\s\S]*Certificate Sign, CRL Sign/,
  )
  assert.equal(openssl('pkey', '-in', 'gateway.key', '-pubout').text, openssl('x509', '-in', 'gateway.crt', '-noout', '-pubkey').text) // prettier-ignore
  for (const file of ['ca/ca.key', 'gateway.key']) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
})

test('a request of openssl is signed for its own names, one that was changed is refused', { skip }, (t) => {
  const { folder, certs, done, openssl, verifies } = createDesk(t)
  done('init', '--ca', 'ca')
  const request = (name: string, ...key: string[]) =>
    execFileSync('openssl', ['req', ...key, '-nodes', '-subj', '/CN=ignored', '-addext', 'subjectAltName=DNS:broker.plant,IP:10.0.0.9', '-keyout', `${name}.key`, '-out', `${name}.csr`], { cwd: folder, stdio: 'pipe' }) // prettier-ignore
  request('broker', '-newkey', 'rsa:2048')
  request('other', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384')
  for (const name of ['broker', 'other']) {
    done('issue', name, '--ca', 'ca', '--csr', `${name}.csr`, '--profile', 'both')
    assert.ok(verifies(`${name}.crt`, 'sslserver', '-verify_hostname', 'broker.plant').ok)
    assert.ok(verifies(`${name}.crt`, 'sslclient', '-verify_ip', '10.0.0.9').ok)
    assert.equal(openssl('pkey', '-in', `${name}.key`, '-pubout').text, openssl('x509', '-in', `${name}.crt`, '-noout', '-pubkey').text) // prettier-ignore
  }
  const der = execFileSync('openssl', ['req', '-in', 'broker.csr', '-outform', 'DER'], { cwd: folder })
  const at = der.indexOf('broker.plant')
  der.write('bribed.plant', at)
  writeFileSync(join(folder, 'bribed.csr'), der)
  const refused = certs('issue', 'bribed', '--ca', 'ca', '--csr', 'bribed.csr')
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /its signature is not that of its key/)
  request('small', '-newkey', 'rsa:1024')
  assert.match(certs('issue', 'small', '--ca', 'ca', '--csr', 'small.csr').stderr, /fewer than 2048 bits/)
  assert.match(certs('issue', 'none', '--ca', 'ca', '--csr', 'ca/ca.crt').stderr, /it holds no CERTIFICATE REQUEST/)
})

test('a passphrase locks the authority, and nothing is overwritten', { skip }, (t) => {
  const { folder, certs, done, openssl } = createDesk(t)
  writeFileSync(join(folder, 'pass.txt'), 'correct horse battery\n')
  writeFileSync(join(folder, 'wrong.txt'), 'incorrect horse battery\n')
  writeFileSync(join(folder, 'short.txt'), 'hunter2\n')
  assert.match(certs('init', '--ca', 'ca', '--passphrase-file', 'short.txt').stderr, /12 characters or more/)
  done('init', '--ca', 'ca', '--passphrase-file', 'pass.txt')
  assert.match(readFileSync(join(folder, 'ca/ca.key'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  assert.ok(openssl('pkey', '-in', 'ca/ca.key', '-passin', 'file:pass.txt', '-noout').ok)
  assert.equal(openssl('pkey', '-in', 'ca/ca.key', '-passin', 'file:wrong.txt', '-noout').ok, false)
  const issue = ['issue', 'gateway', '--ca', 'ca', '--dns', 'g'] as const
  const without = certs(...issue)
  assert.equal(without.status, 2)
  assert.match(without.stderr, /is encrypted: give --passphrase-file FILE/)
  const wrong = certs(...issue, '--passphrase-file', 'wrong.txt')
  assert.match(wrong.stderr, /does not open with this passphrase/)
  assert.doesNotMatch(wrong.stderr, /horse/)
  done(...issue, '--passphrase-file', 'pass.txt')
  const key = readFileSync(join(folder, 'gateway.key'), 'utf8')
  const again = certs(...issue, '--passphrase-file', 'pass.txt')
  assert.equal(again.status, 2)
  assert.match(again.stderr, /there is a gateway\.key in \. already; `bifrost certs renew gateway\.crt`/)
  assert.equal(readFileSync(join(folder, 'gateway.key'), 'utf8'), key)
  assert.match(
    certs('init', '--ca', 'ca', '--passphrase-file', 'pass.txt').stderr,
    /there is an authority in ca already/,
  )
})

test(
  'renewal keeps names, use, owner and mode; what holds for long is left alone; the authority keeps its key',
  { skip },
  (t) => {
    const { folder, certs, done, openssl, verifies } = createDesk(t)
    done('init', '--ca', 'ca', '--days', '100')
    done('issue', 'gateway', '--ca', 'ca', '--profile', 'both', '--dns', 'gateway.plant', '--days', '20')
    const read = (file: string) => readFileSync(join(folder, file), 'utf8')
    const before = { key: read('gateway.key'), cert: read('gateway.crt') }
    chmodSync(join(folder, 'gateway.key'), 0o640)
    assert.match(certs('renew', '--ca', 'ca', '--within', '10', 'gateway.crt').stderr, /19 days left, left alone/)
    assert.equal(read('gateway.crt'), before.cert)
    done('renew', '--ca', 'ca', '--within', '30', '--keep-key', 'gateway.crt')
    assert.notEqual(read('gateway.crt'), before.cert)
    assert.equal(read('gateway.key'), before.key)
    done('renew', '--ca', 'ca', 'gateway.crt')
    assert.notEqual(read('gateway.key'), before.key)
    assert.equal(statSync(join(folder, 'gateway.key')).mode & 0o777, 0o640)
    for (const purpose of ['sslserver', 'sslclient'])
      assert.ok(verifies('gateway.crt', purpose, '-verify_hostname', 'gateway.plant').ok)
    const end = (file: string) => openssl('x509', '-in', file, '-noout', '-enddate').text
    assert.equal(end('gateway.crt'), end('ca/ca.crt'), 'never longer than the authority')

    const old = read('ca/ca.crt')
    done('renew', '--ca', 'ca', 'ca')
    assert.notEqual(read('ca/ca.crt'), old)
    assert.ok(verifies('gateway.crt', 'sslserver').ok, 'by the new ca.crt')
    const other = temporaryFolder(t)
    done('init', '--ca', join(other, 'ca'))
    const foreign = certs('renew', '--ca', join(other, 'ca'), '--keep-key', 'gateway.crt')
    assert.equal(foreign.status === 0, false, 'an authority renews only what it issued')
  },
)

test('status lists what the configuration uses, with what is wrong, and says so by its exit code', { skip }, (t) => {
  const { folder, certs, done } = createDesk(t)
  writeFileSync(
    join(folder, 'bifrost.yaml'),
    `version: 1
http: { tls: { certFile: gateway.crt, keyFile: gateway.key, clientCaFile: data/ca/ca.crt } }
sinks:
  - { name: plant, sink: mqtt, options: { url: 'mqtts://127.0.0.1:8883', ca: data/ca/ca.crt, cert: edge.crt, key: edge.key } }
`,
  )
  done('init')
  done('issue', 'gateway', '--dns', 'gateway.plant')
  done('issue', 'edge', '--profile', 'client', '--days', '8')
  const shown = JSON.parse(done('status', '--json')) as {
    certificates: { use: string; name: string; daysLeft: number }[]
  }
  assert.deepEqual(
    shown.certificates.map(({ use, name, daysLeft }) => `${use} ${name} ${daysLeft}`),
    ['sink plant 7', 'http http 396', 'http-ca http 3649', 'sink-ca plant 3649', 'ca ca 3649'],
  )
  assert.match(done('status'), /sink plant {2}"edge", 7 days left \(20\d\d-\d\d-\d\d\) {2}renew it soon/)
  writeFileSync(join(folder, 'gateway.key'), readFileSync(join(folder, 'edge.key')))
  chmodSync(join(folder, 'edge.key'), 0o644)
  const bad = certs('status')
  assert.equal(bad.status, 1)
  assert.match(bad.stdout, /problem: .*gateway\.key is not its key/)
  assert.match(bad.stdout, /problem: others may read its key: chmod 600 .*edge\.key/)
})

test('what the authority of a data folder makes is on record; the key is not', { skip }, (t) => {
  const { folder, certs } = createDesk(t)
  writeFileSync(join(folder, 'bifrost.yaml'), 'version: 1\ndata: ./data\n')
  for (const words of [
    ['init'],
    ['issue', 'edge-1', '--profile', 'client'],
    ['issue', 'edge-1'],
    ['renew', 'edge-1.crt'],
  ])
    certs(...words, '-c', 'bifrost.yaml')
  const inbox = join(folder, 'data', 'audit', 'inbox')
  const texts = readdirSync(inbox).map((name) => readFileSync(join(inbox, name), 'utf8'))
  const events = texts.map((text) => (JSON.parse(text) as { event: Record<string, string> }).event)
  assert.deepEqual(events.map(({ action, object, outcome }) => `${action} ${object} ${outcome}`).sort(), [
    'certificate.init certificate Bifrost CA done',
    'certificate.issue certificate edge-1, client done',
    'certificate.issue certificate edge-1, client requested',
    'certificate.issue certificate edge-1, server USAGE',
    'certificate.issue certificate edge-1, server requested',
    'certificate.renew certificate edge-1.crt done',
    'certificate.renew certificate edge-1.crt requested',
  ])
  assert.ok(texts.every((text) => !text.includes('PRIVATE')))
})
