/** The verdict, step by step of OPC 10000-4, 6.1.3, on certificates that openssl made: what is refused, with which status and sentence. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { CertificateWorkshop, type CertificateWishes, type Issued } from '../../testing/application-certificates.ts'
import { dersOf, type CertificateStore, type StoredCertificate } from './certificate-store.ts'
import { parseCertificate } from './certificate.ts'
import { Tag, write, writeBits, writeInteger, writeOid, writeSequence, writeTime } from './der.ts'
import { parseRevocationList } from './revocation-list.ts'
import { judgeCertificate, type CertificateQuestion } from './verdict.ts'

const skip = needs('openssl')
const now = Date.UTC(2027, 0, 15)
const asked: CertificateQuestion = { now, role: 'server', endpoint: 'opc.tcp://127.0.0.1:4840', hostname: '127.0.0.1' }

interface Given {
  readonly trusted?: readonly Issued[]
  readonly issuers?: readonly Issued[]
  readonly lists?: readonly string[]
}

const stored = ({ der, cert }: Issued): StoredCertificate => ({
  certificate: parseCertificate(der),
  file: cert,
  isShared: false,
  record: undefined,
})

const storeOf = ({ trusted = [], issuers = [], lists = [] }: Given): CertificateStore => ({
  trusted: trusted.map(stored),
  issuers: issuers.map(stored),
  rejected: [],
  lists: lists.map((file) => ({ file, list: parseRevocationList(dersOf(readFileSync(file), 'X509 CRL')[0]!) })),
  problems: [],
})

/** `ok`, or the status and the sentence. */
function verdictOf(chain: readonly (Issued | Uint8Array)[], given: Given, question: Partial<CertificateQuestion> = {}) {
  const ders = chain.map((one) => (one instanceof Uint8Array ? one : one.der))
  const verdict = judgeCertificate(ders, { ...asked, ...question }, storeOf(given))
  return verdict.ok ? 'ok' : `${verdict.status}: ${verdict.reason}`
}

/** `pattern` has to be in the status and sentence. */
const assertRefused = (verdict: string, ...patterns: readonly RegExp[]): void => {
  for (const pattern of patterns) assert.match(verdict, pattern)
}

test('a self-signed certificate is good when it is trusted, and by nothing else', { skip }, (t) => {
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const press = workshop.application('press')
  const other = workshop.application('other')
  assert.equal(verdictOf([press], { trusted: [press] }), 'ok')
  const { thumbprint } = parseCertificate(press.der)
  for (const given of [{}, { issuers: [press] }, { trusted: [other] }])
    assert.equal(
      verdictOf([press], given),
      `BadCertificateUntrusted: nobody has trusted the certificate "press" of the server at opc.tcp://127.0.0.1:4840 yet (thumbprint ${thumbprint}); compare the thumbprint with what the far side shows, then \`bifrost opcua trust ${thumbprint}\``,
    )
  assert.equal(verdictOf([press], {}, { assumeTrusted: true }), 'ok')
})

test(
  'an authority: trusted it stands for what it issued; its list is needed, and who is on it is out',
  { skip },
  (t) => {
    const workshop = new CertificateWorkshop(temporaryFolder(t))
    const root = workshop.authority('root')
    const sub = workshop.authority('sub', root)
    const press = workshop.application('press', {}, sub)
    const gone = workshop.application('gone', {}, sub)
    const lists = [workshop.revocationList(root, []), workshop.revocationList(sub, [gone])]
    assert.equal(verdictOf([press, sub], { trusted: [root], lists }), 'ok')
    assert.equal(verdictOf([press], { trusted: [sub], issuers: [root], lists }), 'ok')
    assert.equal(verdictOf([press], { trusted: [press], issuers: [sub, root] }), 'ok', 'who trusts it needs no list')
    assertRefused(verdictOf([press], { trusted: [root], lists }), /^BadCertificateChainIncomplete: .* issued by "CN=sub", which is not known here; import .*`bifrost opcua import FILE`$/) // prettier-ignore
    assertRefused(verdictOf([press, sub], { trusted: [sub], lists }), /^BadCertificateChainIncomplete: .*"CN=root"/)
    assertRefused(verdictOf([press, sub], { issuers: [root], lists }), /^BadCertificateUntrusted: .* or `bifrost opcua trust [0-9A-F]{40}` for all of "root"$/) // prettier-ignore
    assertRefused(verdictOf([gone, sub], { trusted: [root], lists }), /^BadCertificateRevoked: the certificate "gone" .* was revoked by "CN=sub" on \d{4}-\d\d-\d\d/) // prettier-ignore
    assertRefused(verdictOf([gone], { trusted: [gone], issuers: [sub, root], lists }), /^BadCertificateRevoked/)
    assertRefused(verdictOf([press, sub], { trusted: [root] }), /^BadCertificateRevocationUnknown: .* there is no revocation list of its issuer here; import the present list of "CN=sub"/) // prettier-ignore
    assert.equal(verdictOf([press, sub], { trusted: [root] }, { allowUnknownRevocation: true }), 'ok')
    const [rootList, subList] = lists as [string, string]
    assertRefused(
      verdictOf([press, sub], { trusted: [root], lists: [subList] }),
      /^BadCertificateIssuerRevocationUnknown/,
    )
    const withoutSub = [workshop.revocationList(root, [sub]), subList]
    assertRefused(verdictOf([press, sub], { trusted: [root], lists: withoutSub }), /^BadCertificateIssuerRevoked: an issuer of .*"CN=sub", was revoked/) // prettier-ignore
    assert.notEqual(rootList, withoutSub[0])
  },
)

test(
  'a revocation list that is out of date, in part, not signed by the issuer, or not the newest, tells nothing',
  { skip },
  (t) => {
    const workshop = new CertificateWorkshop(temporaryFolder(t))
    const root = workshop.authority('root')
    const impostor = new CertificateWorkshop(temporaryFolder(t)).authority('root')
    const press = workshop.application('press', {}, root)
    const old = workshop.revocationList(root, [], { from: '20250101000000Z', to: '20260101000000Z' })
    assertRefused(verdictOf([press], { trusted: [root], lists: [old] }), /^BadCertificateRevocationUnknown: .* out of date since 2026-01-01; import the present list/) // prettier-ignore
    const part = workshop.revocationList(root, [], { isPartial: true })
    assertRefused(
      verdictOf([press], { trusted: [root], lists: [part] }),
      /^BadCertificateRevocationUnknown: .* only a part/,
    )
    const silent = workshop.authority('silent', undefined, { keyUsage: 'keyCertSign' })
    const quiet = workshop.application('quiet', {}, silent)
    assertRefused(verdictOf([quiet], { trusted: [silent], lists: [workshop.revocationList(silent, [])] }), /^BadCertificateRevocationUnknown: .* may not sign revocation lists/) // prettier-ignore
    const before = workshop.revocationList(root, [], { from: '20260101000000Z' })
    const later = workshop.revocationList(root, [press], { from: '20260601000000Z' })
    for (const lists of [
      [before, later],
      [later, before],
    ])
      // prettier-ignore
      assertRefused(verdictOf([press], { trusted: [root], lists }), /^BadCertificateRevoked/)
    const future = workshop.revocationList(root, [], { from: '20280101000000Z' })
    assertRefused(
      verdictOf([press], { trusted: [root], lists: [future] }),
      /^BadCertificateRevocationUnknown: .* of the future/,
    )
    const forged = workshop.revocationList(impostor, [])
    assertRefused(verdictOf([press], { trusted: [root], lists: [forged] }), /^BadCertificateRevocationUnknown: .* does not have its issuer's signature/) // prettier-ignore
  },
)

test('a forged signature: of a self-signed certificate, and in the name of an authority', { skip }, (t) => {
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const root = workshop.authority('root')
  const press = workshop.application('press')
  const changed = Buffer.from(press.der)
  const last = changed.length - 1
  changed[last] = changed[last]! ^ 1
  assertRefused(
    verdictOf([changed], { trusted: [press] }),
    /^BadCertificateInvalid: .* a signature that is not its own/,
  )
  const impostor = new CertificateWorkshop(temporaryFolder(t)).authority('root')
  const forged = workshop.application('forged', {}, { ...impostor, name: 'impostor' })
  assertRefused(verdictOf([forged], { trusted: [root] }), /^BadCertificateInvalid: .* not that of its issuer "CN=root"/)
})

const WRONG: readonly (readonly [CertificateWishes, Partial<CertificateQuestion>, RegExp])[] = [
  [{ to: '20260601000000Z' }, {}, /^BadCertificateTimeInvalid: .* expired on 2026-06-01; renew it there, and check the clocks \(here it is 2027-01-15\)$/],
  [{ from: '20280301000000Z' }, {}, /^BadCertificateTimeInvalid: .* is valid from 2028-03-01 on only/],
  [{ names: ['DNS:press-7', 'IP:10.0.0.7'] }, {}, /^BadCertificateHostNameInvalid: .* is for press-7, 10\.0\.0\.7, not for 127\.0\.0\.1; .*`ignoreHostname: true`/],
  [{ names: [] }, {}, /^BadCertificateHostNameInvalid: .* names no host, not for 127/],
  [{}, { applicationUri: 'urn:other' }, /^BadCertificateUriInvalid: .* is for the application urn:test:wrong, but the far side calls itself urn:other/],
  [{ applicationUri: null }, { applicationUri: 'urn:test:wrong' }, /^BadCertificateUriInvalid: .* names no application/],
  [{ extendedKeyUsage: 'clientAuth' }, {}, /^BadCertificateUseNotAllowed: .* not meant for a server \(its extended key usage has clientAuth, not serverAuth\)/],
  [{ extendedKeyUsage: 'serverAuth' }, { role: 'client' }, /^BadCertificateUseNotAllowed: .* not meant for a client/],
  [{ keyUsage: 'keyEncipherment,dataEncipherment,keyCertSign' }, {}, /^BadCertificateUseNotAllowed: .* may not sign and encrypt/],
  [{ keyUsage: 'digitalSignature,keyCertSign' }, {}, /^BadCertificateUseNotAllowed/],
  [{ bits: 1024 }, {}, /^BadCertificatePolicyCheckFailed: .* a key of 1024 bits; 2048 to 4096/],
  [{ hash: 'sha1' }, {}, /^BadCertificatePolicyCheckFailed: .* signed with sha1WithRSAEncryption.*SHA-256/],
  [{ bits: 4608 }, {}, /^BadCertificatePolicyCheckFailed: .* a key of 4608 bits/],
  [{ pss: true, hash: 'sha1' }, {}, /^BadCertificatePolicyCheckFailed: .* signed with RSASSA-PSS with SHA-1/],
  [{ elliptic: true }, {}, /^BadCertificatePolicyCheckFailed: .* a key of the kind ec/],
] // prettier-ignore

for (const [wishes, question, pattern] of WRONG) {
  test(`trusted, and refused all the same: ${JSON.stringify({ ...wishes, ...question })}`, { skip }, (t) => {
    const wrong = new CertificateWorkshop(temporaryFolder(t)).application('wrong', wishes)
    assertRefused(verdictOf([wrong], { trusted: [wrong] }, question), pattern)
  })
}

test(
  'what is allowed: another host on demand, addresses as DNS names, other cases, uses that are not limited',
  { skip },
  (t) => {
    const workshop = new CertificateWorkshop(temporaryFolder(t))
    const nat = workshop.application('nat', { names: ['DNS:Press-7.plant.example'] })
    const given = { trusted: [nat] }
    assert.equal(verdictOf([nat], given, { ignoreHostname: true }), 'ok')
    assert.equal(verdictOf([nat], given, { hostname: 'press-7.PLANT.example' }), 'ok')
    assert.equal(verdictOf([nat], given, { hostname: undefined }), 'ok')
    const six = workshop.application('six', { names: ['DNS:10.0.0.7', 'IP:fe80::7'] })
    assert.equal(verdictOf([six], { trusted: [six] }, { hostname: '10.0.0.7' }), 'ok')
    assert.equal(verdictOf([six], { trusted: [six] }, { hostname: '[fe80::7]' }), 'ok')
    const plain = workshop.application('plain', { keyUsage: null, extendedKeyUsage: null, applicationUri: null })
    assert.equal(verdictOf([plain], { trusted: [plain] }), 'ok')
    const any = workshop.application('any', { extendedKeyUsage: '2.5.29.37.0' })
    assert.equal(verdictOf([any], { trusted: [any] }), 'ok')
    const pss = workshop.application('pss', { pss: true })
    assert.equal(verdictOf([pss], { trusted: [pss] }), 'ok')
    const person = workshop.application('person', {
      keyUsage: 'digitalSignature,keyCertSign',
      extendedKeyUsage: null,
      names: [],
    })
    assert.equal(verdictOf([person], { trusted: [person] }, { role: 'user', hostname: undefined }), 'ok')
  },
)

test('issuers that are none, that are too weak, that have expired', { skip }, (t) => {
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const lenient = { allowUnknownRevocation: true }
  const judge = (issuer: Issued) =>
    verdictOf([workshop.application(`of-${issuer.name}`, {}, issuer)], { trusted: [issuer] }, lenient)
  assertRefused(judge(workshop.application('no-authority', { keyUsage: 'digitalSignature,keyCertSign' })), /^BadCertificateIssuerUseNotAllowed: .*"CN=no-authority", may not sign/) // prettier-ignore
  assertRefused(judge(workshop.authority('no-signer', undefined, { keyUsage: 'cRLSign,digitalSignature' })), /^BadCertificateIssuerUseNotAllowed/) // prettier-ignore
  assertRefused(judge(workshop.authority('short', undefined, { bits: 1024 })), /^BadCertificatePolicyCheckFailed: an issuer of .*1024/) // prettier-ignore
  assertRefused(judge(workshop.authority('old', undefined, { to: '20260101000000Z' })), /^BadCertificateIssuerTimeInvalid: an issuer of .*expired on 2026-01-01/) // prettier-ignore
  assert.equal(judge(workshop.authority('elliptic', undefined, { elliptic: true })), 'ok')
  const shallow = workshop.authority('shallow', undefined, { basicConstraints: 'critical,CA:TRUE,pathlen:0' })
  const below = workshop.authority('below', shallow)
  assert.equal(judge(shallow), 'ok')
  const deep = workshop.application('deep', {}, below)
  assertRefused(verdictOf([deep, below], { trusted: [shallow] }, lenient), /^BadCertificateIssuerUseNotAllowed: .*"CN=shallow"/) // prettier-ignore
})

test('a chain that does not end is followed only so far', { skip }, (t) => {
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const chain = [workshop.authority('a0')]
  for (let at = 1; at < 9; at++) chain.push(workshop.authority(`a${at}`, chain.at(-1)))
  const judge = (depth: number) =>
    verdictOf([workshop.application(`leaf-${depth}`, {}, chain[depth])], { trusted: [chain[0]!], issuers: chain }, { allowUnknownRevocation: true }) // prettier-ignore
  assert.equal(judge(6), 'ok')
  assertRefused(judge(8), /^BadCertificateChainIncomplete: .* more issuers than are followed/)
})

test('the first step that fails is the verdict, in the order of the standard', { skip }, (t) => {
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const names = ['DNS:elsewhere']
  const all = workshop.application('all', {
    names,
    to: '20260101000000Z',
    extendedKeyUsage: 'clientAuth',
    hash: 'sha1',
  })
  assertRefused(verdictOf([all], {}), /^BadCertificatePolicyCheckFailed/)
  const three = workshop.application('three', { names, to: '20260101000000Z', extendedKeyUsage: 'clientAuth' })
  assertRefused(verdictOf([three], {}), /^BadCertificateUntrusted/)
  assertRefused(verdictOf([three], { trusted: [three] }), /^BadCertificateTimeInvalid/)
  const then = { now: Date.UTC(2025, 0, 1) }
  assertRefused(verdictOf([three], { trusted: [three] }, then), /^BadCertificateHostNameInvalid/)
  assertRefused(verdictOf([three], { trusted: [three] }, { ...then, ignoreHostname: true, applicationUri: 'urn:x' }), /^BadCertificateUriInvalid/) // prettier-ignore
  assertRefused(verdictOf([three], { trusted: [three] }, { ...then, ignoreHostname: true }), /^BadCertificateUseNotAllowed/) // prettier-ignore
})

test(
  'bytes that are no certificate: a sentence, never a crash; each cut and each changed byte of a good one too',
  { skip },
  (t) => {
    const press = new CertificateWorkshop(temporaryFolder(t)).application('press')
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
      Buffer.alloc(5000, 0x30),
    ])
      assertRefused(verdictOf([bytes], {}), /^BadCertificateInvalid: the server at .* presented no usable certificate/)
    assertRefused(verdictOf([], {}), /^BadCertificateInvalid/)
    for (let length = 0; length < press.der.length; length += 7)
      assertRefused(verdictOf([press.der.subarray(0, length)], { trusted: [press] }), /^BadCertificateInvalid/)
    for (let at = 0; at < press.der.length; at++) {
      const changed = Buffer.from(press.der)
      changed[at] = changed[at]! ^ 0x55
      assert.notEqual(verdictOf([changed], { trusted: [press] }), 'ok', `byte ${at}`)
    }
  },
)

test('each status with which a certificate is refused is explained in the guide', () => {
  const code = readFileSync(join(import.meta.dirname, 'verdict.ts'), 'utf8')
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guide/opcua-certificates.md'), 'utf8')
  const names = new Set([...code.matchAll(/Status\.(Bad\w+)/g)].map(([, name]) => name!))
  assert.ok(names.size >= 14)
  assert.deepEqual(
    [...names].filter((name) => !guide.includes(`\`${name}\``)),
    [],
  )
})

test('a list of 100,000 is read in a moment, and each serial number in it counts, whatever its sign', () => {
  const time = writeTime(Date.UTC(2026, 0, 1))
  const of = (content: Buffer): Buffer => writeSequence(write(Tag.integer, content), time)
  const many = Array.from({ length: 100_000 }, (_, at) => {
    const serial = Buffer.alloc(16, 0x40)
    serial.writeUInt32BE(at, 12)
    return of(serial)
  })
  const odd = ['00', 'fb', '00fb', '000005'].map((hex) => of(Buffer.from(hex, 'hex')))
  const algorithm = writeSequence(writeOid('1.2.840.113549.1.1.11'), write(0x05))
  const entries = writeSequence(
    Buffer.concat([...many, ...odd, writeSequence(writeInteger(Buffer.from([9])), write(0x05))]),
  )
  const der = writeSequence(
    writeSequence(algorithm, writeSequence(), time, entries),
    algorithm,
    writeBits(Buffer.alloc(8)),
  )
  const began = performance.now()
  const list = parseRevocationList(der)
  const ms = performance.now() - began
  assert.ok(ms < 250, `${ms} ms`)
  assert.equal(list.count, 100_005)
  // As X509Certificate.serialNumber has them: 0, −5, 251, 5; of 9 the list does not say since when.
  for (const serial of ['0', '-05', 'FB', '05', '09', `${'40'.repeat(12)}0001869F`])
    assert.equal(list.revokedAt(serial), Date.UTC(2026, 0, 1), serial)
  for (const serial of ['01', '-FB', `${'40'.repeat(12)}000186A0`])
    assert.equal(list.revokedAt(serial), undefined, serial)
})
