/** Secrets at rest: sealed for one place, opened by this installation alone; a key that is missing or another one changes nothing. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '../core/log.ts'
import { withCode } from '../testing/command-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { openWith, sealWith } from './envelope.ts'
import { parseKeys } from './keyring.ts'
import { openSecrets, readSecrets, rotateKey, type SecretsOptions } from './secrets.ts'

const options = (more: Partial<SecretsOptions> = {}): SecretsOptions => ({ env: {}, log: silentLog, ...more })
const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64')
const OTHER = Buffer.from(Array.from({ length: 32 }, (_, at) => at + 1)).toString('base64')

test('the first start makes a key for this user alone; what is sealed opens in the next life, at its place only', async (t) => {
  const data = temporaryFolder(t)
  const first = await openSecrets(data, options())
  const sealed = first.seal('accounts/oidc', Buffer.from('hunter2'))
  assert.match(sealed, /^bifrost:1:[0-9a-f]{16}:[A-Za-z0-9_-]+$/)
  assert.ok(!sealed.includes('hunter2') && !Buffer.from(sealed.split(':')[3]!, 'base64url').includes('hunter2'))
  for (const name of ['secret.key', 'secret.ids']) assert.equal(statSync(join(data, name)).mode & 0o777, 0o600)
  const second = await openSecrets(data, options())
  assert.equal(second.open('accounts/oidc', sealed).toString(), 'hunter2')
  assert.throws(() => second.open('accounts/other', sealed), withCode('CONFIG_INVALID', /sealed for another place/))
  assert.throws(() => second.open('accounts/oidc', 'hunter2'), withCode('CONFIG_INVALID', /no sealed text/))
  assert.notEqual(
    second.seal('a', Buffer.from('x')),
    second.seal('a', Buffer.from('x')),
    'a nonce of its own each time',
  )
})

test('an envelope of the past opens: the format is a promise', () => {
  const keys = parseKeys(Buffer.from(KEY)) as { id: string; bytes: Buffer }[]
  assert.equal(keys[0]!.id, '4f8e3cc7abf2ee92')
  const sealed = 'bifrost:1:4f8e3cc7abf2ee92:P1ZXJ7um2LEOUDpIU3_uglVlVfsvL7kn8fnXKNW7WZIBxWlQ'
  assert.equal(openWith(keys[0]!, 'place', sealed)?.toString(), 'a secret')
})

test('any bytes come back, and any change of a sealed text keeps it closed', () => {
  const [key] = parseKeys(Buffer.from(KEY)) as { id: string; bytes: Buffer }[]
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.string(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, place, at, by) => {
        const sealed = sealWith(key!, place, bytes)
        assert.deepEqual(openWith(key!, place, sealed), Buffer.from(bytes))
        const letters = Buffer.from(sealed)
        const where = at % letters.length
        letters[where] = (letters[where]! + by) % 256
        const forged = letters.toString('latin1')
        let opened: Buffer | undefined
        try {
          opened = openWith(key!, place, forged)
        } catch {
          opened = undefined
        }
        assert.equal(opened, undefined)
      },
    ),
  )
})

test('the order of sources: variable, keyFile, credential of systemd, command, the file in the data folder', async (t) => {
  const data = temporaryFolder(t)
  const elsewhere = temporaryFolder(t)
  const file = (name: string, text: string) => (writeFileSync(join(elsewhere, name), text), join(elsewhere, name))
  mkdirSync(join(elsewhere, 'credentials'))
  file('credentials/bifrost-key', KEY)
  const named = file('named', `# ours\n${KEY}\n`)
  const byVariable = file('variable', Buffer.from(KEY, 'base64').toString('hex'))
  const keyCommand = [process.execPath, '-e', `process.stdout.write(${JSON.stringify(KEY)})`]
  const env = { BIFROST_SECRETS_KEY_FILE: byVariable, CREDENTIALS_DIRECTORY: join(elsewhere, 'credentials') }
  const kindOf = async (more: Partial<SecretsOptions>) => (await openSecrets(data, options(more))).source.kind
  const all = { env, keyFile: named, keyCommand }
  assert.equal((await openSecrets(data, options(all))).source.name, byVariable)
  assert.equal((await openSecrets(data, options({ ...all, env: {} }))).source.name, named)
  assert.equal(
    await kindOf({ keyCommand, env: { CREDENTIALS_DIRECTORY: join(elsewhere, 'credentials') } }),
    'credential',
  )
  assert.equal(await kindOf({ keyCommand, env: { CREDENTIALS_DIRECTORY: elsewhere } }), 'command')
  assert.deepEqual(readdirSync(data), ['secret.ids'], 'no key was made here')
})

test('a key that is missing or another one is said, with the way out, and nothing is written', async (t) => {
  const data = temporaryFolder(t)
  const sealed = (await openSecrets(data, options())).seal('a', Buffer.from('x'))
  const key = join(data, 'secret.key')
  const ids = readFileSync(join(data, 'secret.ids'), 'utf8')
  renameSync(key, `${key}.away`)
  await assert.rejects(openSecrets(data, options()), withCode('CONFIG_INVALID', /is missing: .*secret\.key is not there.*Bring it back/)) // prettier-ignore
  assert.deepEqual(readdirSync(data).sort(), ['secret.ids', 'secret.key.away'])
  writeFileSync(key, OTHER)
  await assert.rejects(openSecrets(data, options()), withCode('CONFIG_INVALID', /is another one:.*Nothing was changed/))
  assert.equal(readFileSync(join(data, 'secret.ids'), 'utf8'), ids)
  const other = await readSecrets(data, { env: {} })
  assert.throws(() => other!.open('a', sealed), withCode('CONFIG_INVALID', /sealed with the key [0-9a-f]{16}, which is not among/)) // prettier-ignore
})

test('what is no key is refused without being shown; a command that fails, hangs or floods ends', async (t) => {
  const folder = temporaryFolder(t)
  const keyFile = join(folder, 'key')
  for (const [text, says] of [
    ['', /holds no key/],
    ['hunter2-is-too-short', /is no file of keys/],
    [`${KEY}\n${KEY}`, /the same key twice/],
    ['0'.repeat(64), /not random/],
  ] as const) {
    writeFileSync(keyFile, text)
    await assert.rejects(openSecrets(folder, options({ keyFile })), (error: Error) => {
      assert.match(error.message, says)
      assert.ok(!error.message.includes('hunter2'))
      return true
    })
  }
  await assert.rejects(openSecrets(folder, options({ keyFile: join(folder, 'none') })), withCode('CONFIG_INVALID', /is not there/)) // prettier-ignore
  const node = process.execPath
  for (const [keyCommand, says] of [
    [[node, '-e', 'console.error("hunter2"); console.log("hunter2"); process.exit(3)'], /ended with exit code 3/],
    [[join(folder, 'nothing')], /could not be run \(ENOENT\)/],
    [[node, '-e', 'process.stdout.write("hunter2".repeat(10_000))'], /could not be run|said too much/],
    [['sh', '-c', 'echo $(echo hunter2)'], /is no file of keys/],
  ] as const)
    await assert.rejects(openSecrets(folder, options({ keyCommand })), (error: Error) => {
      assert.match(error.message, says)
      assert.ok(!error.message.includes('hunter2'), error.message)
      return true
    })
  const marker = join(folder, 'marker')
  await assert.rejects(openSecrets(folder, options({ keyCommand: [node, '-e', '0', `; touch ${marker}`] })), /no key/)
  assert.ok(!readdirSync(folder).includes('marker'), 'no shell reads the arguments')
})

test('a new key is in use from the next start, what is older still opens, and signatures keep their keys', async (t) => {
  const data = temporaryFolder(t)
  const before = await openSecrets(data, options())
  const sealed = before.seal('a', Buffer.from('x'))
  const signature = before.signer('audit')!.sign('line')
  const { from, to } = await rotateKey(data, { env: {} })
  const after = await openSecrets(data, options())
  assert.deepEqual([before.keyId, after.keyId, after.keyIds], [from, to, [to, from]])
  assert.deepEqual([after.open('a', sealed).toString(), after.isCurrent(sealed)], ['x', false])
  assert.ok(after.isCurrent(after.seal('a', Buffer.from('x'))))
  assert.ok(after.signer('audit', from)!.verify(signature, 'line'))
  assert.ok(!after.signer('audit')!.verify(signature, 'line'))
  assert.ok(!after.signer('other', from)!.verify(signature, 'line'), 'each purpose has a key of its own')
  assert.equal(after.signer('audit', '0'.repeat(16)), undefined)
  const keyFile = join(temporaryFolder(t), 'key')
  writeFileSync(keyFile, KEY)
  await assert.rejects(
    rotateKey(data, { env: {}, keyFile }),
    withCode('USAGE', /put a new one .* as its first line there/),
  )
  chmodSync(data, 0o700)
})
