/** A manifest is believed only as far as a trusted key signed it, and each wrong thing is a sentence. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../core/errors.ts'
import { parseTrustedKeys, pinnedKeys } from './keys.ts'
import { encodeManifest, parseManifest, type Manifest } from './manifest.ts'
import { signManifest } from './signature.ts'
import { artifactFor, checkVersion, verifyManifest } from './verify.ts'
import { compareVersions, isVersion } from './version.ts'

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
  }
}
const ours = newKey()
const spare = newKey()
const stranger = newKey()
const trusted = parseTrustedKeys(`${ours.publicPem}${spare.publicPem}`)
const now = Date.parse('2026-11-29T12:00:00Z')

const release = (over: Partial<Manifest> = {}): Manifest => ({
  format: 1,
  product: 'bifrost',
  channel: 'stable',
  version: '1.2.3',
  created: '2026-11-29T10:00:00Z',
  expires: '2027-11-29T10:00:00Z',
  artifacts: [
    {
      name: 'bifrost-1.2.3-linux-x64.tar.gz',
      kind: 'tarball',
      os: 'linux',
      arch: 'x64',
      bytes: 3,
      sha256: 'a'.repeat(64),
    },
    { name: 'sbom.json', kind: 'sbom', os: 'linux', arch: 'any', bytes: 3, sha256: 'b'.repeat(64) },
  ],
  ...over,
})

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, 'RELEASE_REFUSED')
  assert.match(error.message, pattern)
  return true
}

test('what was signed by either pinned key is taken, and the key is named', () => {
  const bytes = encodeManifest(release())
  for (const [key, at] of [
    [ours, 0],
    [spare, 1],
  ] as const) {
    const { manifest, keyId } = verifyManifest(bytes, signManifest(bytes, key.privatePem), { trusted, now })
    assert.deepEqual(manifest, release())
    assert.equal(keyId, trusted[at]!.id)
  }
})

test('one good signature is enough beside those of keys that are not trusted', () => {
  const bytes = encodeManifest(release())
  const lines = signManifest(bytes, stranger.privatePem) + signManifest(bytes, spare.privatePem)
  assert.equal(verifyManifest(bytes, lines, { trusted, now }).keyId, trusted[1]!.id)
})

test('a changed byte anywhere in the manifest is refused', () => {
  const bytes = encodeManifest(release())
  const line = signManifest(bytes, ours.privatePem)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= flip
      assert.throws(() => verifyManifest(changed, line, { trusted, now }), refused(/does not fit the manifest/))
    }),
    { numRuns: 200 },
  )
  assert.throws(() => verifyManifest(bytes.subarray(0, -1), line, { trusted, now }), refused(/does not fit/))
})

test('an unknown key, no signature, and lines that are none are refused', () => {
  const bytes = encodeManifest(release())
  const judge = (lines: string, pattern: RegExp) =>
    assert.throws(() => verifyManifest(bytes, lines, { trusted, now }), refused(pattern))
  judge(signManifest(bytes, stranger.privatePem), /trusts only/)
  judge('', /not signed/)
  judge('hello\n', /manifest\.json\.sig:1: expected the id of a key/)
  const [, base64] = signManifest(bytes, stranger.privatePem).trim().split(' ')
  judge(`${trusted[0]!.id} ${base64!}\n`, /does not fit/)
})

test('nothing of a manifest is parsed before its signature holds', () => {
  const bytes = Buffer.from('not json')
  assert.throws(
    () => verifyManifest(bytes, signManifest(bytes, stranger.privatePem), { trusted, now }),
    refused(/trusts only/),
  )
  assert.throws(
    () => verifyManifest(bytes, signManifest(bytes, ours.privatePem), { trusted, now }),
    refused(/not a manifest of format 1: it is not JSON/),
  )
})

const signed = (content: Manifest) => {
  const bytes = encodeManifest(content)
  return [bytes, signManifest(bytes, ours.privatePem)] as const
}

test('another product, another channel and an expired release are refused', () => {
  assert.throws(
    () => verifyManifest(...signed(release({ product: 'heimdall' })), { trusted, now }),
    refused(/release of heimdall/),
  )
  assert.throws(
    () => verifyManifest(...signed(release({ channel: 'beta' })), { trusted, now, channel: 'stable' }),
    refused(/channel beta, and stable/),
  )
  const late = Date.parse('2027-11-29T10:00:00Z')
  assert.throws(
    () => verifyManifest(...signed(release()), { trusted, now: late }),
    refused(/expired at 2027-11-29T10:00:00Z.*it says 2027-11-29T10:00:00\.000Z/),
  )
  assert.doesNotThrow(() => verifyManifest(...signed(release()), { trusted, now: late - 1 }))
})

test('a clock that stands before the release was made is told so: by it nothing has expired yet', () => {
  const at = (text: string) => () => verifyManifest(...signed(release()), { trusted, now: Date.parse(text) })
  for (const text of ['1970-01-01T00:00:10Z', '2022-03-01T00:00:00Z', '2026-11-28T09:59:59Z'])
    assert.throws(at(text), refused(/clock of this machine says .*made at 2026-11-29T10:00:00Z: set the clock/))
  assert.doesNotThrow(at('2026-11-28T10:00:01Z'))
})

test('another build of the installed version needs leave as well', () => {
  const build = (version: string) => release({ version })
  assert.throws(() => checkVersion(build('1.2.3+a'), { version: '1.2.3+b' }), refused(/another build of 1\.2\.3\+b/))
  assert.throws(() => checkVersion(build('1.2.3+c'), { version: '1.2.3' }), refused(/another build.*--allow-downgrade/))
  assert.doesNotThrow(() => checkVersion(build('1.2.3+a'), { version: '1.2.3+b', allowDowngrade: true }))
  assert.doesNotThrow(() => checkVersion(build('1.2.3+b'), { version: '1.2.3+b' }))
  assert.doesNotThrow(() => checkVersion(build('1.2.4+a'), { version: '1.2.3+b' }))
})

test('a lower version needs leave, a long step names the one before', () => {
  assert.throws(() => checkVersion(release(), { version: '1.3.0' }), refused(/older than 1\.3\.0.*--allow-downgrade/))
  assert.doesNotThrow(() => checkVersion(release(), { version: '1.3.0', allowDowngrade: true }))
  assert.doesNotThrow(() => checkVersion(release(), { version: '1.2.3' }))
  assert.doesNotThrow(() => checkVersion(release({ minimumFrom: '1.0.0' }), { version: undefined }))
  assert.throws(
    () => checkVersion(release({ minimumFrom: '1.1.0' }), { version: '1.0.9' }),
    refused(/take 1\.1\.0 first/),
  )
})

test('an artifact is found by its architecture, and a missing one says which there are', () => {
  assert.equal(artifactFor(release(), 'tarball', 'x64').name, 'bifrost-1.2.3-linux-x64.tar.gz')
  assert.equal(artifactFor(release(), 'sbom', 'arm64').name, 'sbom.json')
  assert.throws(() => artifactFor(release(), 'tarball', 'arm64'), refused(/no tarball for arm64.*it has x64/))
  assert.throws(() => artifactFor(release(), 'deb', 'x64'), refused(/none at all/))
})

test('each wrong member is named, signed or not', () => {
  const judge = (change: Record<string, unknown>, pattern: RegExp) =>
    assert.throws(() => parseManifest(Buffer.from(JSON.stringify({ ...release(), ...change }))), refused(pattern))
  judge({ format: 2 }, /format: /)
  judge({ version: '1.2' }, /version: expected a version/)
  judge({ surprise: 1 }, /surprise/)
  judge({ expires: release().created }, /expires: expected a time after/)
  judge({ artifacts: [] }, /artifacts: /)
  judge({ rollout: { percent: 101 } }, /rollout\.percent: /)
  const [first] = release().artifacts
  judge({ artifacts: [{ ...first, name: '../../etc/passwd' }] }, /artifacts\.0\.name: expected a plain file name/)
  judge({ artifacts: [first, first] }, /artifacts: expected each name once/)
  judge({ artifacts: [{ ...first, sha256: 'A'.repeat(64) }] }, /artifacts\.0\.sha256/)
  assert.throws(() => parseManifest(Buffer.alloc(300_000, 0x20)), refused(/300000 bytes/))
})

test('the bytes have one member a line, as the installer reads them', () => {
  const lines = encodeManifest(release()).toString().split('\n')
  assert.equal(lines[0], '{')
  assert.ok(lines.includes('  "version": "1.2.3",'))
  assert.ok(lines.includes(`      "sha256": "${'a'.repeat(64)}"`))
})

test('versions are ordered as clause 11 of SemVer orders them', () => {
  const order = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.10.0', '2.0.0'] // prettier-ignore
  for (const [at, one] of order.entries())
    for (const [beside, other] of order.entries())
      assert.equal(Math.sign(compareVersions(one, other)), Math.sign(at - beside), `${one} against ${other}`)
  assert.equal(compareVersions('1.0.0+a', '1.0.0+b'), 0)
  for (const text of ['1', '1.0', '01.0.0', '1.0.0-', 'v1.0.0', '1.0.0/..', '../1.0.0', '1.0.0-01', ''])
    assert.equal(isVersion(text), false, text)
})

test('the pinned keys are two, ed25519, and different', () => {
  const keys = pinnedKeys()
  assert.deepEqual(
    keys.map(({ id }) => id),
    ['b5812bb283cfb80c', 'ad904d9e2c2d2859'],
  )
  assert.throws(() => parseTrustedKeys('nothing', 'trust.pem'), /trust\.pem: there is no PEM/)
  assert.throws(() => parseTrustedKeys(ours.privatePem, 'trust.pem'), /expected PUBLIC KEY blocks/)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsa = publicKey.export({ type: 'spki', format: 'pem' })
  assert.throws(() => parseTrustedKeys(rsa, 'trust.pem'), /expected ed25519 keys, and found rsa/)
})
