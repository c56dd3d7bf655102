/** Our own certificate, judged by openssl: what stands in it, that it is made once, renewal, signing request and import. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CertificateWorkshop } from '../../testing/application-certificates.ts'
import { needs, temporaryFolder, type Cleanup } from '../../testing/peers.ts'
import { removeUnfinished } from './certificate-files.ts'
import { readCertificateStore } from './certificate-store.ts'
import { readOwn } from './own.ts'
import { forgetPrevious, importOwn, openOwn, renewOwn, requestOwn, useNext, usePrevious } from './renewal.ts'
import { judgeCertificate } from './verdict.ts'

const skip = needs('openssl')
const now = Date.UTC(2027, 0, 15, 12)
const options = { now, hostname: 'edge-7.plant.example', ipAddresses: ['10.0.0.7', 'fd00::7'] }

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' })

const folderOf = (t: Cleanup): string => join(temporaryFolder(t), 'certificates')

test('what openssl reads in it is what OPC 10000-6, 6.2.2 asks for', { skip }, async (t) => {
  const folder = folderOf(t)
  const own = await openOwn(folder, options)
  const text = openssl('x509', '-in', own.certificateFile, '-noout', '-text')
  const { applicationUri } = own.certificate
  assert.match(applicationUri!, /^urn:edge-7\.plant\.example:bifrost:[0-9a-f]{8}$/)
  for (const line of [
    'Version: 3 (0x2)',
    'Signature Algorithm: sha256WithRSAEncryption',
    'Issuer: CN = Bifrost edge-7.plant.example, O = Bifrost',
    'Subject: CN = Bifrost edge-7.plant.example, O = Bifrost',
    'Not Before: Jan 14 12:00:00 2027 GMT',
    'Not After : Jan 13 12:00:00 2032 GMT',
    'Public-Key: (2048 bit)',
    'CA:FALSE',
    'Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment, Certificate Sign',
    'TLS Web Server Authentication, TLS Web Client Authentication',
    `URI:${applicationUri}, DNS:edge-7.plant.example, IP Address:10.0.0.7, IP Address:FD00:0:0:0:0:0:0:7`,
  ])
    assert.ok(text.includes(line), `${line} in\n${text}`)
  assert.match(openssl('verify', '-CAfile', own.certificateFile, '-attime', String(now / 1000), '-check_ss_sig', own.certificateFile), /: OK/) // prettier-ignore
  const key = openssl('pkey', '-in', own.privateKeyFile, '-pubout')
  assert.equal(openssl('x509', '-in', own.certificateFile, '-noout', '-pubkey'), key)
  assert.equal(statSync(own.privateKeyFile).mode & 0o777, 0o600)
  for (const path of [folder, join(folder, 'own')]) assert.equal(statSync(path).mode & 0o777, 0o700)
  const store = { ...(await readCertificateStore(folder)), trusted: [{ certificate: own.certificate, file: '', isShared: false, record: undefined }] } // prettier-ignore
  for (const role of ['server', 'client'] as const)
    assert.ok(judgeCertificate(own.chain, { now, role, hostname: '10.0.0.7', applicationUri }, store).ok)
})

test('a hundred who need it at once make one key', async (t) => {
  const folder = folderOf(t)
  const all = Promise.all(Array.from({ length: 100 }, () => openOwn(folder, options)))
  const most = new Set<string>()
  const watch = setInterval(() => {
    for (const name of existsSync(join(folder, 'own')) ? readdirSync(join(folder, 'own')) : [])
      if (name.endsWith('.key')) most.add(name)
  }, 5)
  const made = await all
  clearInterval(watch)
  for (const name of readdirSync(join(folder, 'own'))) if (name.endsWith('.key')) most.add(name)
  assert.equal(new Set(made.map(({ certificate }) => certificate.sha256)).size, 1)
  assert.equal(most.size, 1)
})

test('made once, also by four at once; the longer keys on demand', { skip }, async (t) => {
  const folder = folderOf(t)
  const made = await Promise.all([1, 2, 3, 4].map(() => openOwn(folder, options)))
  assert.equal(new Set(made.map(({ certificate }) => certificate.sha256)).size, 1)
  assert.equal(
    (await openOwn(folder, { ...options, hostname: 'renamed' })).certificate.sha256,
    made[0]!.certificate.sha256,
  )
  const files = readdirSync(join(folder, 'own'))
  assert.equal(files.length, 3, files.join())
  const long = await openOwn(folderOf(t), { ...options, keyBits: 3072 })
  assert.match(openssl('x509', '-in', long.certificateFile, '-noout', '-text'), /Public-Key: \(3072 bit\)/)
})

test(
  'renewed: the new one waits, is taken in use, can be taken back, and the one before goes when it proved right',
  { skip },
  async (t) => {
    const folder = folderOf(t)
    const first = await openOwn(folder, options)
    const later = { ...options, now: now + 86_400_000 }
    const same = await renewOwn(folder, { ...later, newKey: false })
    assert.equal(same.privateKeyFile, first.privateKeyFile)
    assert.equal((await readOwn(folder)).current!.certificate.sha256, first.certificate.sha256, 'not in use yet')
    const next = await renewOwn(folder, { ...later, newKey: true })
    assert.notEqual(next.privateKeyFile, first.privateKeyFile)
    assert.equal(next.certificate.applicationUri, first.certificate.applicationUri)
    assert.equal(readdirSync(join(folder, 'own')).length, 5, 'the one that nobody uses is gone')
    await useNext(folder)
    const states = async () => {
      const { current, next: waiting, previous } = await readOwn(folder)
      return [current, waiting, previous].map((one) => one?.certificate.sha256)
    }
    assert.deepEqual(await states(), [next.certificate.sha256, undefined, first.certificate.sha256])
    await usePrevious(folder)
    assert.deepEqual(await states(), [first.certificate.sha256, next.certificate.sha256, undefined])
    await useNext(folder)
    await forgetPrevious(folder)
    assert.deepEqual(await states(), [next.certificate.sha256, undefined, undefined])
    assert.equal(readdirSync(join(folder, 'own')).length, 3)
    await assert.rejects(useNext(folder), /there is no other certificate to take in use/)
    await assert.rejects(usePrevious(folder), /no certificate from before/)
  },
)

test(
  'a signing request that openssl accepts; what the authority issues comes in with its chain, and only that',
  { skip },
  async (t) => {
    const folder = folderOf(t)
    const workshop = new CertificateWorkshop(temporaryFolder(t))
    const root = workshop.authority('root')
    for (const newKey of [false, true]) {
      const { applicationUri } = (await openOwn(folder, options)).certificate
      const request = join(workshop.folder, 'own.csr')
      writeFileSync(request, await requestOwn(folder, { ...options, newKey }))
      const text = openssl('req', '-in', request, '-noout', '-text', '-verify')
      assert.ok(text.includes(`URI:${applicationUri}, DNS:edge-7.plant.example, IP Address:10.0.0.7`), text)
      const issue = (...more: string[]) => {
        const cert = join(workshop.folder, 'own.crt')
        openssl('x509', '-req', '-in', request, '-CA', root.cert, '-CAkey', root.key, '-CAcreateserial', '-days', '1000', '-out', cert, ...more) // prettier-ignore
        return readFileSync(cert, 'utf8')
      }
      await assert.rejects(
        importOwn(folder, Buffer.from(issue()), { now: Date.now() }),
        /is for the application \(none\)/,
      )
      const issued = issue('-copy_extensions', 'copyall')
      await importOwn(folder, Buffer.from(issued + readFileSync(root.cert, 'utf8')), { now: Date.now() })
      const own = await useNext(folder)
      assert.deepEqual(own.chain.length, 2)
      assert.equal(own.certificate.issuer, 'CN=root')
      await forgetPrevious(folder)
      assert.equal(readdirSync(join(folder, 'own')).length, 3)
    }
    await assert.rejects(
      importOwn(folder, workshop.application('press').der, { now }),
      /it belongs to none of our keys/,
    )
    await assert.rejects(importOwn(folderOf(t), root.der, { now }), /make a signing request first/)
  },
)

test(
  'a damaged or lost index: the certificate that holds longest is in use, and the name stays',
  { skip },
  async (t) => {
    const folder = folderOf(t)
    const first = await openOwn(folder, options)
    const next = await renewOwn(folder, { ...options, now: now + 86_400_000, newKey: true })
    writeFileSync(join(folder, 'own', 'own.json'), '{"applicationUri"')
    const damaged = await readOwn(folder)
    assert.equal(damaged.current!.certificate.sha256, next.certificate.sha256)
    assert.match(damaged.problems[0]!.problem, /damaged/)
    rmSync(join(folder, 'own', 'own.json'))
    assert.equal((await openOwn(folder, options)).certificate.applicationUri, first.certificate.applicationUri)
    rmSync(next.privateKeyFile)
    assert.equal((await readOwn(folder)).current!.certificate.sha256, first.certificate.sha256)
  },
)

test('what a power cut left half-written goes at the next start, and nothing that somebody is at work on', async (t) => {
  const folder = folderOf(t)
  await openOwn(folder, options)
  const own = join(folder, 'own')
  const left = (name: string, age: number) => {
    writeFileSync(join(own, name), 'half a key')
    utimesSync(join(own, name), (now - age) / 1000, (now - age) / 1000)
  }
  left('.0123456789abcdef.new', 3_700_000)
  left('.fedcba9876543210.new', 3_500_000)
  left('.hidden', 3_700_000)
  await removeUnfinished(folder, now)
  assert.deepEqual(
    readdirSync(own)
      .filter((name) => name.startsWith('.'))
      .toSorted(),
    ['.fedcba9876543210.new', '.hidden'],
  )
  await removeUnfinished(join(folder, 'absent'), now)
})
