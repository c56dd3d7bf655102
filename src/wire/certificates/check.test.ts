/** What is remembered of presented certificates: the inbox, trust on first use, another certificate than before; and what people change. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CertificateWorkshop } from '../../testing/application-certificates.ts'
import { needs, temporaryFolder, type Cleanup } from '../../testing/peers.ts'
import { readCertificateStore } from './certificate-store.ts'
import { parseCertificate } from './certificate.ts'
import { importFile, rejectCertificate, removeCertificate, trustCertificate, trustFile } from './changes.ts'
import { checkPresented, type PresentedQuestion } from './check.ts'
import { INBOX_LIMIT } from './inbox.ts'

const skip = needs('openssl')
const now = Date.UTC(2027, 0, 15)
const endpoint = 'opc.tcp://127.0.0.1:4840'
const asked: PresentedQuestion = { now, role: 'server', endpoint, hostname: '127.0.0.1', device: 'press-1' }
const change = { by: 'local', at: now }

function rig(t: Cleanup) {
  const folder = join(temporaryFolder(t), 'certificates')
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const check = async (
    certificate: { der: Buffer },
    more: Partial<PresentedQuestion> = {},
    sent: readonly Buffer[] = [],
  ) => {
    const verdict = await checkPresented(folder, [certificate.der, ...sent], { ...asked, ...more })
    return verdict.ok ? 'ok' : `${verdict.status}: ${verdict.reason}`
  }
  const names = (place: string) => readdirSync(join(folder, place)).toSorted()
  return { folder, workshop, check, names }
}

const thumbprintOf = ({ der }: { der: Buffer }): string => parseCertificate(der).thumbprint

test(
  'refused, seen in the inbox, trusted by thumbprint: then it is let in; taken back: refused again',
  { skip },
  async (t) => {
    const { folder, workshop, check, names } = rig(t)
    const press = workshop.application('press', { commonName: 'Press 7:a' })
    const thumbprint = thumbprintOf(press)
    assert.match(await check(press), /^BadCertificateUntrusted/)
    assert.deepEqual(names('rejected'), [`${thumbprint}.json`, `Press 7_a [${thumbprint}].der`])
    const [waiting] = (await readCertificateStore(folder)).rejected
    assert.equal(waiting!.record!.status, 'BadCertificateUntrusted')
    assert.match(waiting!.record!.reason!, new RegExp(`bifrost opcua trust ${thumbprint}`))
    assert.deepEqual(waiting!.record!.presented, [{ endpoint, device: 'press-1', firstAt: now, lastAt: now, times: 1 }])

    await trustCertificate(folder, thumbprint.slice(0, 8).toLowerCase(), change)
    assert.deepEqual([names('rejected'), names('trusted').length], [[], 2])
    assert.equal(await check(press), 'ok')
    const [trusted] = (await readCertificateStore(folder)).trusted
    assert.deepEqual([trusted!.record!.trustedAt, trusted!.record!.trustedBy], [now, 'local'])
    assert.equal(trusted!.record!.presented[0]!.endpoint, endpoint)

    await rejectCertificate(folder, thumbprint, change)
    assert.match(await check(press), /^BadCertificateUntrusted/)
    assert.deepEqual([names('trusted'), names('rejected').length], [[], 2])
    assert.deepEqual((await removeCertificate(folder, thumbprint)).from, ['rejected'])
    assert.deepEqual(names('rejected'), [])
    await assert.rejects(
      trustCertificate(folder, thumbprint, change),
      /no certificate with the thumbprint .*; nothing waits/,
    )
    await assert.rejects(trustCertificate(folder, 'xyz', change), /xyz is no thumbprint/)
  },
)

test('keys and folders are for this user alone, and nothing half-written lies about', { skip }, async (t) => {
  const { folder, workshop, check, names } = rig(t)
  await check(workshop.application('press'))
  for (const path of [folder, join(folder, 'rejected')]) assert.equal(statSync(path).mode & 0o777, 0o700, path)
  for (const name of names('rejected')) assert.equal(statSync(join(folder, 'rejected', name)).mode & 0o777, 0o600, name)
  assert.deepEqual(
    names('rejected').filter((name) => name.startsWith('.')),
    [],
  )
})

test('the reason names what else would be wrong, so that nobody trusts in vain', { skip }, async (t) => {
  const { workshop, check } = rig(t)
  const nat = workshop.application('nat', { names: ['DNS:press-7'] })
  assert.match(
    await check(nat),
    /^BadCertificateUntrusted: .* That alone will not do: .* is for press-7, not for 127\.0\.0\.1/,
  )
})

test(
  'trust on first use: once an endpoint, on record first, and never for a certificate that is wrong otherwise',
  { skip },
  async (t) => {
    const { folder, workshop, check } = rig(t)
    const press = workshop.application('press')
    const first: string[] = []
    const use = {
      trustOnFirstUse: true,
      onFirstUse: async ({ thumbprint }: { thumbprint: string }) => void first.push(thumbprint),
    }
    const refusing = { trustOnFirstUse: true, onFirstUse: () => Promise.reject(new Error('the disk is full')) }
    assert.match(
      await check(workshop.application('old', { to: '20260101000000Z' }), use),
      /^BadCertificateUntrusted.*expired/,
    )
    await assert.rejects(check(press, refusing), /the disk is full/)
    assert.match(await check(press), /^BadCertificateUntrusted/, 'nothing was trusted')
    assert.equal(await check(press, use), 'ok')
    assert.equal(await check(press, use), 'ok')
    assert.equal(await check(press), 'ok')
    assert.deepEqual(first, [thumbprintOf(press)])
    const other = workshop.application('other')
    assert.match(await check(other, use), /^BadCertificateUntrusted: the server at opc\.tcp:\/\/127\.0\.0\.1:4840 presented another certificate than the one trusted on 2027-01-15/) // prettier-ignore
    assert.equal(
      await check(other, { ...use, endpoint: 'opc.tcp://127.0.0.1:4841' }),
      'ok',
      'another endpoint is another first use',
    )
    assert.equal((await readCertificateStore(folder)).trusted[0]!.record!.trustedBy, 'first use')
  },
)

test('another certificate than the one trusted is said with the day, however it was trusted', { skip }, async (t) => {
  const { folder, workshop, check } = rig(t)
  const press = workshop.application('press')
  const renewed = workshop.application('renewed')
  mkdirSync(join(folder, 'trusted'), { recursive: true })
  writeFileSync(join(folder, 'trusted', 'by hand.pem'), readFileSync(press.cert))
  assert.equal(await check(press), 'ok')
  const pattern = new RegExp(`presented another certificate than the one trusted on 2027-01-15 \\(now "renewed", thumbprint ${thumbprintOf(renewed)}; before ${thumbprintOf(press)}\\)`) // prettier-ignore
  assert.match(await check(renewed), pattern)
  await trustCertificate(folder, thumbprintOf(renewed), change)
  assert.equal(await check(renewed), 'ok')
})

test(
  'a trusted certificate that expires stays trusted, with the reason beside it, until it is good again',
  { skip },
  async (t) => {
    const { folder, workshop, check, names } = rig(t)
    const press = workshop.application('press', { to: '20270101000000Z' })
    await trustFile(folder, readFileSync(press.cert), change)
    assert.match(await check(press), /^BadCertificateTimeInvalid/)
    const reasonOf = async () => (await readCertificateStore(folder)).trusted[0]!.record!.reason
    assert.match((await reasonOf())!, /expired on 2027-01-01/)
    assert.deepEqual(readdirSync(folder), ['trusted'])
    assert.equal(await check(press, { now: Date.UTC(2026, 0, 1) }), 'ok')
    assert.equal(await reasonOf(), undefined)
    assert.equal(names('trusted').length, 2)
  },
)

test(
  'an authority that came along can be trusted by its thumbprint; who is trusted himself keeps his issuers',
  { skip },
  async (t) => {
    const { folder, workshop, check } = rig(t)
    const root = workshop.authority('root')
    const press = workshop.application('press', {}, root)
    assert.match(
      await check(press, {}, [root.der]),
      new RegExp(`bifrost opcua trust ${thumbprintOf(root)}. for all of "root"`),
    )
    await trustCertificate(folder, thumbprintOf(root), change)
    assert.match(await check(press), /^BadCertificateRevocationUnknown/)
    const list = workshop.revocationList(root, [])
    assert.deepEqual(await importFile(folder, readFileSync(list)), { issuers: [], lists: 1 })
    assert.equal(await check(press), 'ok')

    const { folder: second } = rig(t)
    await checkPresented(second, [press.der, root.der], asked)
    await trustCertificate(second, thumbprintOf(press), change)
    assert.equal((await checkPresented(second, [press.der], asked)).ok, true, 'without the issuer in the message')
  },
)

test('imports: an authority, a list; an older list is refused, an application is no authority', { skip }, async (t) => {
  const { folder, workshop } = rig(t)
  const root = workshop.authority('root')
  assert.equal((await importFile(folder, root.der)).issuers[0]!.commonName, 'root')
  const newer = workshop.revocationList(root, [], { from: '20260101000000Z' })
  const older = workshop.revocationList(root, [], { from: '20250101000000Z' })
  await importFile(folder, readFileSync(newer))
  await assert.rejects(importFile(folder, readFileSync(older)), /a newer list of the same issuer is here already/)
  await assert.rejects(importFile(folder, workshop.application('press').der), /"CN=press" is no authority/)
  await assert.rejects(importFile(folder, Buffer.from('hello')), /the file cannot be used: it holds no CERTIFICATE/)
  await assert.rejects(
    trustFile(folder, readFileSync(root.key), change),
    /it holds no CERTIFICATE but (RSA )?PRIVATE KEY/,
  )
})

test(
  'links, pipes, folders, garbage and giants in the folder are named and passed over; the good ones count',
  { skip, timeout: 10_000 },
  async (t) => {
    const { folder, workshop, check } = rig(t)
    const trusted = join(folder, 'trusted')
    mkdirSync(join(trusted, 'a folder'), { recursive: true })
    const press = workshop.application('press')
    symlinkSync(press.cert, join(trusted, 'link.pem'))
    symlinkSync('/dev/zero', join(trusted, 'zero.der'))
    execFileSync('mkfifo', [join(trusted, 'pipe.der')])
    writeFileSync(join(trusted, 'giant.der'), Buffer.alloc(300_000, 0x30))
    writeFileSync(join(trusted, 'garbage.der'), Buffer.from([0x30, 3, 2, 1, 1]))
    writeFileSync(join(trusted, 'garbage.pem'), '-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n')
    writeFileSync(join(trusted, 'empty.der'), '')
    assert.match(await check(press), /^BadCertificateUntrusted/, 'a link is not followed')
    writeFileSync(join(trusted, 'press.der'), press.der)
    assert.equal(await check(press), 'ok')
    const { problems } = await readCertificateStore(folder)
    assert.deepEqual(problems.map(({ file, problem }) => `${file.slice(trusted.length + 1)}: ${problem}`).toSorted(), [
      'a folder: it is no plain file',
      'empty.der: it holds no CERTIFICATE, neither DER nor PEM',
      'garbage.der: it is no X.509 certificate',
      'garbage.pem: it is no X.509 certificate',
      'giant.der: it has 300000 bytes; 262144 are the most that is read',
      'link.pem: it is a link; put the file itself there',
      'pipe.der: it is no plain file',
      'zero.der: it is a link; put the file itself there',
    ])
  },
)

test(
  'the inbox is bounded: the oldest make room, and the same certificate again is not written each time',
  { skip },
  async (t) => {
    const { folder, workshop, check, names } = rig(t)
    const press = workshop.application('press')
    const rejected = join(folder, 'rejected')
    mkdirSync(rejected, { recursive: true })
    // Same key, other names: openssl is asked once, and the rest are told apart by a changed byte of the signature.
    for (let at = 0; at < INBOX_LIMIT + 5; at++) {
      const other = Buffer.from(press.der)
      other.writeUInt16BE(at, other.length - 2)
      writeFileSync(join(rejected, `${at}.der`), other)
    }
    await check(press)
    assert.equal((await readCertificateStore(folder)).rejected.length, INBOX_LIMIT)
    const file = join(
      rejected,
      names('rejected').find((name) => name.endsWith('.json'))!,
    )
    const before = statSync(file).ino
    await check(press, { now: now + 59_000 })
    assert.equal(statSync(file).ino, before)
    await check(press, { now: now + 60_000 })
    assert.notEqual(statSync(file).ino, before)
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).presented[0].times, 2)
    await check(workshop.application('quiet'), { isQuiet: true })
    assert.equal(
      (await readCertificateStore(folder)).rejected.filter(({ certificate }) => certificate.commonName === 'quiet')
        .length,
      0,
    )
  },
)

test(
  'what somebody refused is not trusted on first use again, nor another certificate of that endpoint',
  { skip },
  async (t) => {
    const { folder, workshop, check } = rig(t)
    const [press, other] = [workshop.application('press'), workshop.application('other')]
    const firstUse = { trustOnFirstUse: true }
    assert.equal(await check(press, firstUse), 'ok')
    await rejectCertificate(folder, thumbprintOf(press), change)
    assert.match(await check(press, firstUse), /^BadCertificateUntrusted/)
    assert.match(await check(other, firstUse), /^BadCertificateUntrusted/)
    // Strangers who fill the inbox do not get it forgotten.
    const stranger = workshop.application('stranger')
    for (let at = 0; at < INBOX_LIMIT + 5; at++) {
      const another = Buffer.from(stranger.der)
      another.writeUInt16BE(at, another.length - 2)
      writeFileSync(join(folder, 'rejected', `${at}.der`), another)
    }
    await check(stranger, { endpoint: undefined, role: 'client', hostname: undefined, now: now + 1 })
    assert.equal((await readCertificateStore(folder)).rejected.length, INBOX_LIMIT)
    assert.match(await check(press, firstUse), /^BadCertificateUntrusted/)
    await trustCertificate(folder, thumbprintOf(press), change)
    assert.equal(await check(press, firstUse), 'ok')
    // One of the inbox may be refused beforehand too.
    const [second, elsewhere] = [workshop.application('second'), { endpoint: 'opc.tcp://127.0.0.1:4841' }]
    await check(second, elsewhere)
    await rejectCertificate(folder, thumbprintOf(second), change)
    assert.match(await check(second, { ...elsewhere, ...firstUse }), /^BadCertificateUntrusted/)
  },
)

test('a certificate too large to be read back leaves no file; its issuers have a bound too', { skip }, async (t) => {
  const { folder, workshop, check } = rig(t)
  const names = Array.from({ length: 1300 }, (_, at) => `DNS:${`${'a'.repeat(50)}.`.repeat(4)}${at}`)
  const huge = workshop.application('huge', { names })
  assert.ok(huge.der.length > 256 * 1024)
  assert.match(await check(huge), /^BadCertificateUntrusted/)
  assert.equal((await readCertificateStore(folder)).rejected.length, 0)
  assert.throws(() => readdirSync(join(folder, 'rejected')), /ENOENT/)
  await check(workshop.application('press'), {}, [huge.der, huge.der])
  assert.deepEqual((await readCertificateStore(folder)).rejected[0]!.record!.issuers, [])
})
