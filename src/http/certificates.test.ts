/** The trust flow as people have it: API and command line on a running gateway, and on the folder alone; audit, metrics, health. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { runCli } from '../cli/cli.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import { FakeDevice, fakeDriver } from '../testing/fake-driver.ts'
import { flatEvents, waitingEvents } from '../testing/audit-lines.ts'
import { CertificateWorkshop } from '../testing/application-certificates.ts'
import { startTestGateway, type DeviceSketch } from '../testing/gateway-fixture.ts'
import { eventually, needs, temporaryFolder } from '../testing/peers.ts'
import { parseCertificate } from '../wire/certificates/certificate.ts'
import { checkPresented } from '../wire/certificates/check.ts'
import { startHttp } from './server.ts'

const skip = needs('openssl')
const endpoint = 'opc.tcp://127.0.0.1:4840'
const DAY_MS = 86_400_000

async function start(t: TestContext, devices: readonly DeviceSketch[] = []) {
  const said: string[] = []
  const log = {
    debug() {},
    info() {},
    warn: (_: object, sentence: string) => void said.push(sentence),
    error() {},
    child: () => log,
  }
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'plant', type: simulated, tags: [{ name: 'wave', address: 'counter' }] }, ...devices],
    log,
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  said.splice(0) // that nobody is asked
  const { folder } = gateway.certificates
  const call = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${http.url}/api/v1/${path}`, init)
    return { status: response.status, body: (await response.json()) as any } // eslint-disable-line
  }
  const present = (certificate: { der: Buffer }) =>
    checkPresented(folder, [certificate.der], { now: Date.now(), role: 'server', endpoint, device: 'press-1', hostname: '127.0.0.1' }) // prettier-ignore
  const audit = () => flatEvents(gateway.config.data)
  const metric = async (name: string) =>
    (await (await fetch(`${http.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(name))
  return {
    gateway,
    http,
    folder,
    call,
    present,
    audit,
    metric,
    said,
    workshop: new CertificateWorkshop(temporaryFolder(t)),
  }
}

test(
  'presented, seen with its reason, trusted with an audit, let in; then rejected and removed',
  { skip },
  async (t) => {
    const { call, present, audit, metric, gateway, http, workshop } = await start(t)
    const press = workshop.application('press')
    const { thumbprint } = parseCertificate(press.der)
    assert.deepEqual((await call('GET', 'certificates')).body, { applicationUri: null, certificates: [], revocationLists: [], problems: [], next: null }) // prettier-ignore
    assert.equal((await present(press)).ok, false)

    const [waiting] = (await call('GET', 'certificates?state=rejected')).body.certificates
    assert.deepEqual(
      [
        waiting.thumbprint,
        waiting.subject,
        waiting.status,
        waiting.validTo,
        waiting.applicationUri,
        waiting.presented[0].device,
      ],
      [thumbprint, 'CN=press', 'BadCertificateUntrusted', '2040-01-01T00:00:00.000Z', 'urn:test:press', 'press-1'],
    )
    assert.match(waiting.reason, new RegExp(`bifrost opcua trust ${thumbprint}`))
    assert.deepEqual(await metric('bifrost_certificates_rejected '), ['bifrost_certificates_rejected 1'])
    const health = await (await fetch(`${http.url}/readyz?verbose`)).text()
    assert.match(
      health,
      /^\[!\] certificates: a certificate waits to be trusted or removed: `bifrost opcua certificates` \(since .*\)$/m,
    )

    const trusted = await call('POST', 'certificates/trust', {
      thumbprint: thumbprint.slice(0, 10),
      reason: 'ticket 812',
    })
    assert.deepEqual([trusted.status, trusted.body.certificate.thumbprint], [200, thumbprint])
    assert.equal((await present(press)).ok, true)
    const lines = audit().filter(({ object }) => object!.startsWith('certificate '))
    assert.deepEqual(
      lines.map(({ user, from, action, what, reason, outcome }) => [user, from, action, what, reason, outcome]),
      [
        ['anybody', 'http 127.0.0.1', 'trust certificate', thumbprint.slice(0, 10), 'ticket 812', 'requested'],
        ['anybody', 'http 127.0.0.1', 'trust certificate', `"CN=press" ${thumbprint}`, 'ticket 812', 'done'],
      ],
    )
    assert.equal(lines[0]!.id, lines[1]!.id)
    assert.deepEqual(await metric('bifrost_certificates_rejected '), ['bifrost_certificates_rejected 0'])
    assert.deepEqual(await metric('bifrost_certificate_expiry'), [
      `bifrost_certificate_expiry_timestamp_seconds{kind="trusted",thumbprint="${thumbprint}",name="press"} 2208988800`,
    ])

    assert.equal((await call('POST', 'certificates/reject', { thumbprint })).status, 200)
    assert.equal((await present(press)).ok, false)
    assert.equal((await call('POST', 'certificates/remove', { thumbprint })).status, 200)
    const gone = await call('POST', 'certificates/remove', { thumbprint })
    assert.deepEqual([gone.status, gone.body.code], [404, 'NOT_FOUND'])
    assert.equal(audit().at(-1)!.outcome, 'refused')
    assert.deepEqual((await call('GET', 'certificates')).body.certificates, [])
    assert.equal(gateway.certificates.summary.rejected, 0)
  },
)

test('a device that waits for its certificate connects as soon as that is trusted', { skip }, async (t) => {
  const device = new FakeDevice()
  device.mode = 'refuse'
  const sketch = {
    name: 'press-1',
    type: fakeDriver,
    options: { line: 'press-1', device },
    tags: [{ name: 'x', address: '' }],
  }
  const { gateway, call, present, workshop } = await start(t, [sketch])
  const press = workshop.application('press')
  await present(press)
  await eventually('the pauses are long', () => device.connects >= 4, 10_000)
  device.mode = 'well'
  const { thumbprint } = parseCertificate(press.der)
  assert.equal((await call('POST', 'certificates/trust', { thumbprint })).status, 200)
  await eventually('it runs', () => gateway.polling.device('press-1')!.state === 'Running', 1500)
})

test('files are sent as PEM or base64; nonsense is a problem in words', { skip }, async (t) => {
  const { call, workshop } = await start(t)
  const root = workshop.authority('root')
  const press = workshop.application('press', {}, root)
  const pem = readFileSync(press.cert, 'latin1')
  assert.equal((await call('POST', 'certificates/trust', { file: pem })).body.certificate.commonName, 'press')
  const imported = await call('POST', 'certificates/import', { file: root.der.toString('base64') })
  assert.deepEqual([imported.body.issuers[0].commonName, imported.body.lists], ['root', 0])
  const list = await call('POST', 'certificates/import', { file: readFileSync(workshop.revocationList(root, [press]), 'latin1') }) // prettier-ignore
  assert.deepEqual(list.body, { issuers: [], lists: 1 })
  assert.equal((await call('GET', 'certificates')).body.revocationLists[0].revoked, 1)
  for (const [path, body, detail] of [
    ['trust', {}, /say which: thumbprint, or file/],
    ['trust', { file: '§' }, /neither PEM nor base64/],
    ['trust', { file: 'aGVsbG8=' }, /holds no CERTIFICATE/],
    ['trust', { thumbprint: 'zz' }, /zz is no thumbprint/],
    ['import', { file: pem }, /is no authority/],
    ['own/use', {}, /no other certificate to take in use|there is no/],
    ['own/import', { file: pem }, /make a signing request first/],
  ] as const) {
    const answer = await call('POST', `certificates/${path}`, body)
    assert.equal(answer.status, 400, path)
    assert.match(answer.body.detail, detail)
  }
})

test(
  'our own certificate: made on demand, downloaded, renewed; a warning thirty days before it expires',
  { skip },
  async (t) => {
    const { call, http, metric, said, gateway } = await start(t)
    assert.equal((await call('GET', 'certificates/own')).status, 404)
    const { body } = await call('POST', 'certificates/own', {})
    assert.match(body.applicationUri, /^urn:[^:]+:bifrost:[0-9a-f]{8}$/)
    const der = Buffer.from(await (await fetch(`${http.url}/api/v1/certificates/own`)).arrayBuffer())
    assert.equal(parseCertificate(der).thumbprint, body.current.thumbprint)
    const pem = await (await fetch(`${http.url}/api/v1/certificates/own?format=pem`)).text()
    assert.match(
      execFileSync('openssl', ['x509', '-noout', '-subject'], { input: pem, encoding: 'utf8' }),
      /CN = Bifrost/,
    )
    const renewed = (await call('POST', 'certificates/own/renew', { newKey: true })).body
    assert.notEqual(renewed.next.sha256, body.current.sha256)
    assert.equal((await call('POST', 'certificates/own/use', {})).body.current.sha256, renewed.next.sha256)
    assert.equal((await call('POST', 'certificates/own/undo', {})).body.current.sha256, body.current.sha256)
    assert.match(
      (await metric('bifrost_certificate_expiry'))[0]!,
      /kind="own",thumbprint="[0-9A-F]{40}",name="Bifrost .*"} \d{10}$/,
    )
    assert.match(
      (await call('POST', 'certificates/own/request', {})).body.request,
      /^-----BEGIN CERTIFICATE REQUEST-----\n/,
    )
    assert.equal(said.length, 0)
    const later = Date.parse(body.current.validTo) - 29 * DAY_MS
    const { watchCertificates } = await import('../commands/certificate-watch.ts')
    const clock = { ...gateway.clock, now: () => later }
    const watch = await watchCertificates({ folder: gateway.certificates.folder, clock, log: gateway.log })
    t.after(() => watch.close())
    assert.match(watch.summary.attention[0]!, /^our own certificate expires on 20\d\d-\d\d-\d\d; `bifrost opcua renew --use` takes the new one in use$/) // prettier-ignore
    assert.deepEqual(said, [watch.summary.attention[0]])
    await watch.look()
    assert.equal(said.length, 1, 'once a day')
  },
)

test(
  'what lies in the folder and is of no use is named, once in the log and always in the list',
  { skip },
  async (t) => {
    const { call, folder, said, gateway } = await start(t)
    mkdirSync(join(folder, 'trusted'), { recursive: true })
    writeFileSync(join(folder, 'trusted', 'rubbish.der'), 'rubbish')
    await call('POST', 'certificates/own', {})
    await call('POST', 'certificates/own/renew', {})
    const { problems } = (await call('GET', 'certificates')).body
    assert.deepEqual(problems, [{ file: join(folder, 'trusted', 'rubbish.der'), problem: 'it holds no CERTIFICATE, neither DER nor PEM' }]) // prettier-ignore
    assert.equal(said.filter((sentence) => sentence.includes('rubbish.der')).length, 1)
    assert.ok(gateway.certificates.summary.isUsed)
  },
)

const run = promisify(execFile)

test('the command line: the whole flow at a running gateway, and on the folder when none runs', { skip }, async (t) => {
  const { http, present, workshop, gateway } = await start(t)
  const press = workshop.application('press')
  const { thumbprint } = parseCertificate(press.der)
  await present(press)
  const bifrost = async (...args: string[]) => {
    const launcher = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')
    const { stdout, stderr } = await run(launcher, ['opcua', ...args], { encoding: 'utf8' })
    return stdout + stderr
  }
  const at = ['--url', http.url]
  const listed = await bifrost('certificates', ...at)
  assert.match(listed, new RegExp(`^rejected  ${thumbprint}  CN=press\n  valid 2024-01-01 to 2040-01-01, urn:test:press, for localhost, 127.0.0.1\n  presented by ${endpoint} to press-1, last .*\n  nobody has trusted`)) // prettier-ignore
  assert.match(await bifrost('trust', thumbprint, '--reason', 'new drive', ...at), /^"CN=press" \([0-9A-F]{40}\) is trusted from the next connection on\n$/) // prettier-ignore
  assert.equal((await present(press)).ok, true)
  assert.match(await bifrost('certificates', thumbprint.slice(0, 8), ...at), /SHA-256 [0-9A-F]{64}\n  issuer CN=press/)

  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\ndata: ${gateway.config.data}\ndevices: []\nsinks: []\n`)
  assert.match(await bifrost('untrust', thumbprint, '-c', file), /is refused from the next connection on/)
  assert.equal((await present(press)).ok, false, 'the running gateway sees what was changed beside it')
  await eventually('the list is of the folder', async () => {
    const { certificates } = JSON.parse(await bifrost('certificates', '--json', ...at))
    return certificates[0].state === 'rejected'
  })
  assert.match(await bifrost('trust', press.cert, '-c', file), /is trusted/)
  const own = join(temporaryFolder(t), 'own.der')
  assert.match(await bifrost('own', '-o', own, ...at), /written/)
  assert.equal(parseCertificate(readFileSync(own)).commonName.startsWith('Bifrost'), true)
  const request = join(temporaryFolder(t), 'own.csr')
  await bifrost('csr', '-o', request, '-c', file)
  execFileSync('openssl', ['req', '-in', request, '-noout', '-verify'], { stdio: 'pipe' })
  assert.match(await bifrost('renew', ...at), /^application urn:.*\nin use  .*\n  .*\nnext  /)
  const rejected = [...flatEvents(gateway.config.data), ...waitingEvents(gateway.config.data)].find(
    ({ action }) => action === 'reject certificate',
  )!
  assert.match(`${rejected.from} ${rejected.object}`, /^command line, \S+ certificate [0-9A-F]{40}$/)
  assert.equal(await runCli(['opcua', 'trust', 'no such file', '-c', file, '--quiet'], {}), 2)
})
