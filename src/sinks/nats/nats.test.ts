/** What the nats sink sends, to whom it logs in and whom it trusts; against Debian's nats-server. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { nkeys } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, sinkContext, startDelivery, tagTable, typedTable, type DeliveryRig } from '../../testing/delivery-rig.ts' // prettier-ignore
import { isDelivered, shows } from '../../testing/delivery-waits.ts'
import { startNats } from '../../testing/nats-server.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'
import { nats } from './sink.ts'

const type = nats as unknown as SinkType
const skip = needs('nats-server')
const TIME = 1_732_356_000_123
const STREAM = { name: 'PLANT', subjects: ['bifrost.>'] }

const deliver = (t: TestContext, options: object, tags = tagTable('press-1/level', 'oven 2/a.b')): DeliveryRig =>
  startDelivery(t, type, options, { tags })

test(
  'a message: subject, payload, headers and the id by which a stream drops what comes twice',
  { skip },
  async (t) => {
    const server = await startNats(t)
    await server.createStream(STREAM)
    const messages = await server.read('PLANT')
    const tags = typedTable(['press-1/level', 'float32'], ['oven 2/a.b', 'bool'])
    const rig = deliver(t, { servers: [server.url] }, tags)
    rig.cursor.append(batchOf([[1, 1.5], [2, true, Status.BadTimeout]])) // prettier-ignore
    await isDelivered(rig, 2)
    await eventually('read', () => messages.length === 2)
    assert.deepEqual(messages, [
    { subject: 'bifrost.press-1.level', text: `{"v":1.5,"t":${TIME},"q":0,"log":"k3f9","seq":1}`, headers: { 'Nats-Msg-Id': 'k3f9-1', device: 'press-1', tag: 'level', type: 'float32', status: '0' } },
    { subject: 'bifrost.oven_2.a_b', text: `{"v":true,"t":${TIME},"q":2148139008,"log":"k3f9","seq":2}`, headers: { 'Nats-Msg-Id': 'k3f9-2', device: 'oven 2', tag: 'a.b', type: 'bool', status: '2148139008' } },
  ]) // prettier-ignore
    const { server: name, stream, duplicates } = rig.runner.status().facts
    assert.deepEqual([name, stream, duplicates], [`127.0.0.1:${server.port}`, 'PLANT', 0])
  },
)

test('other payloads, and dots that make tokens', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream({ name: 'PLANT', subjects: ['plant.>'] })
  const messages = await server.read('PLANT')
  const rig = deliver(t, { servers: [server.url], subject: 'plant.{type}.{device}.{tag}', dots: 'levels', payload: '{"x":{v}}', gapSubject: '' }) // prettier-ignore
  rig.cursor.append(batchOf([[2, 7]]))
  await isDelivered(rig, 1)
  await eventually('read', () => messages.length === 1)
  assert.deepEqual([messages[0]!.subject, messages[0]!.text], ['plant.float64.oven_2.a.b', '{"x":7}'])
})

test('a gap names its tags', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const messages = await server.read('PLANT')
  const sink = type.create(type.options.parse({ servers: [server.url] }), sinkContext({ tags: tagTable('a/x', 'a/y') }))
  const { signal } = new AbortController()
  await sink.connect(signal)
  const gap = { fromSeq: 2, toSeq: 11, samples: undefined, reason: 'retention', fromTime: TIME - 5, toTime: TIME }
  await sink.gap!({ ...gap, tags: [2, 77] }, signal)
  await sink.close()
  await eventually('read', () => messages.length === 1)
  assert.deepEqual(JSON.parse(messages[0]!.text), { log: 'k3f9', ...gap, samples: null, tags: ['a/y'] })
  assert.deepEqual(messages[0]!.headers, { 'Nats-Msg-Id': 'k3f9-gap-2-11', type: 'gap' })
})

test('no stream: named, held, nothing dropped; it goes on once there is one', { skip }, async (t) => {
  const server = await startNats(t)
  const rig = deliver(t, { servers: [server.url] })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /no stream takes the subject "bifrost\.\*\.\*"; create one that does, or set createStream/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
  await shows(deliver(t, { servers: [server.url], stream: 'OTHER' }), 'Failed', /there is no stream "OTHER"/)
  await server.createStream({ name: 'A', subjects: ['bifrost.*.level'] })
  await shows(deliver(t, { servers: [server.url] }), 'Failed', /no stream takes the subject "bifrost\._gateway\.gap"/)
  await server.createStream({ name: 'GAPS', subjects: ['bifrost._gateway.gap'] })
  await isDelivered(rig, 1)
  rig.cursor.append(batchOf([[2, 1]], 1, TIME + 1))
  await shows(rig, 'Failed', /no stream takes the subject "bifrost\.oven_2\.a_b"/)
})

test('a stream that is deleted while the sink runs is missed', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const rig = deliver(t, { servers: [server.url] })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  const manager = await jetstreamManager(await server.client())
  await manager.streams.delete('PLANT')
  rig.cursor.append(batchOf([[1, 2]]))
  await shows(rig, 'Failed', /no stream takes the subject "bifrost\.press-1\.level"/)
  await server.createStream(STREAM)
  await isDelivered(rig, 2)
})

test('createStream makes what is missing and leaves alone what is there', { skip }, async (t) => {
  const server = await startNats(t)
  const createStream = {
    name: 'PLANT',
    maxAge: '7d',
    maxBytes: '10MB',
    storage: 'memory',
    discard: 'new',
    duplicateWindow: '30s',
  }
  const options = { servers: [server.url], createStream }
  const rig = deliver(t, options)
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  const manager = await jetstreamManager(await server.client())
  const { config } = await manager.streams.info('PLANT')
  assert.deepEqual(
    [config.subjects, config.max_age, config.max_bytes, config.storage, config.discard, config.duplicate_window],
    [['bifrost.>'], 7 * 86_400e9, 10e6, 'memory', 'new', 30e9],
  )
  const other = deliver(t, { ...options, createStream: { ...createStream, maxAge: '1d' } })
  await eventually('running', () => other.runner.status().state === 'Running')
  assert.equal((await manager.streams.info('PLANT')).config.max_age, 7 * 86_400e9)
})

test('a server without JetStream, and an account that may not ask for streams', { skip }, async (t) => {
  const core = await startNats(t, { core: true })
  await shows(
    deliver(t, { servers: [core.url] }),
    'Failed',
    /has no JetStream for us; enable it, or set delivery: core/,
  )
  const users = [
    '{ user: admin, password: a }',
    '{ user: plant, password: right, permissions: { publish: ["bifrost.>"], subscribe: ["_INBOX.>"] } }',
  ]
  const server = await startNats(t, { config: [`authorization { users: [ ${users.join(', ')} ] }`] })
  const manager = await jetstreamManager(await server.client({ user: 'admin', pass: 'a' }))
  await manager.streams.add(STREAM)
  const rig = deliver(t, { servers: [server.url], username: 'plant', password: 'right' })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
})

test('no permission to publish, or to hear confirmations: named, held, nothing dropped', { skip }, async (t) => {
  const api = '"$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.*"'
  const users = [
    '{ user: admin, password: a }',
    `{ user: mute, password: right, permissions: { publish: ["bifrost.oven_2.>", ${api}] } }`,
    '{ user: deaf, password: right, permissions: { subscribe: ["own.>"] } }',
  ]
  const server = await startNats(t, { config: [`authorization { users: [ ${users.join(', ')} ] }`] })
  const manager = await jetstreamManager(await server.client({ user: 'admin', pass: 'a' }))
  await manager.streams.add(STREAM)
  const mute = deliver(t, { servers: [server.url], username: 'mute', password: 'right' })
  mute.cursor.append(batchOf([[1, 1]]))
  await shows(mute, 'Failed', /no permission to publish to "bifrost\.press-1\.level"/)
  const core = deliver(t, { servers: [server.url], username: 'mute', password: 'right', delivery: 'core' })
  core.cursor.append(batchOf([[1, 1]]))
  await shows(core, 'Failed', /no permission to publish to "bifrost\.press-1\.level"/)
  assert.deepEqual([mute.cursor.ledger().pending, core.cursor.ledger().delivered], [1, 0])
  const deaf = deliver(t, { servers: [server.url], username: 'deaf', password: 'right' })
  deaf.cursor.append(batchOf([[1, 1]]))
  await shows(deaf, 'Failed', /no permission to receive confirmations at "_INBOX.*set inboxPrefix/)
  const own = deliver(t, { servers: [server.url], username: 'deaf', password: 'right', inboxPrefix: 'own.inbox' })
  own.cursor.append(batchOf([[1, 1]]))
  await isDelivered(own, 1)
})

test('user and token: the right one gets in, a wrong one is named in words', { skip }, async (t) => {
  const users = await startNats(t, { core: true, config: ['authorization { user: plant, password: right }'] })
  const tokens = await startNats(t, { core: true, config: ['authorization { token: right }'] })
  const cases = [
    [users, { username: 'plant', password: 'right' }, { username: 'plant', password: 'wrong' }, /refused user "plant": .*authorization violation/i],
    [users, { username: 'plant', password: 'right' }, {}, /refused us \(no login is configured\)/],
    [tokens, { token: 'right' }, { token: 'wrong' }, /refused our token/],
  ] as const // prettier-ignore
  for (const [server, right, wrong, reason] of cases) {
    const rig = deliver(t, { servers: [server.url], delivery: 'core', ...right })
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
    const refused = deliver(t, { servers: [server.url], delivery: 'core', ...wrong })
    refused.cursor.append(batchOf([[1, 1]]))
    await shows(refused, 'Failed', reason)
    assert.deepEqual([refused.cursor.ledger().pending, refused.cursor.ledger().dropped], [1, {}])
  }
})

test('NKey: the seed in a file gets in, another one and a missing or useless file are named', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const user = nkeys.createUser()
  const server = await startNats(t, {
    core: true,
    config: [`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`],
  })
  const file = (name: string, text: string | Uint8Array) => {
    writeFileSync(join(folder, name), text)
    return { servers: [server.url], delivery: 'core', nkeyFile: join(folder, name) }
  }
  const rig = deliver(t, file('right', user.getSeed()))
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await shows(deliver(t, file('other', nkeys.createUser().getSeed())), 'Failed', /refused our NKey/)
  await shows(deliver(t, file('useless', 'no seed')), 'Failed', /the seed or credentials cannot be used/)
  await shows(
    deliver(t, { ...file('gone', ''), nkeyFile: join(folder, 'absent') }),
    'Failed',
    /file of nkeyFile cannot be read/,
  )
})

test('a credentials file: JWT and seed get in, others are named', { skip }, async (t) => {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const jwt = (signer: typeof operator, subject: string, nats: object): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { jti: `${Math.random()}`, iat: Math.floor(Date.now() / 1000), iss: signer.getPublicKey(), name: 'x', sub: subject, nats: { version: 2, ...nats } } // prettier-ignore
    const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`
    return `${signed}.${Buffer.from(signer.sign(Buffer.from(signed))).toString('base64url')}`
  }
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const config = [
    `operator: ${jwt(operator, operator.getPublicKey(), { type: 'operator' })}`,
    'resolver: MEMORY',
    `resolver_preload: { ${account.getPublicKey()}: ${jwt(operator, account.getPublicKey(), { type: 'account', limits })} }`,
  ]
  const server = await startNats(t, { core: true, config })
  const credentialsFile = join(temporaryFolder(t), 'plant.creds')
  const write = (key: typeof user) => {
    const userJwt = jwt(account, user.getPublicKey(), { type: 'user', subs: -1, data: -1, payload: -1 })
    const seed = Buffer.from(key.getSeed()).toString()
    writeFileSync(credentialsFile, `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`) // prettier-ignore
  }
  const options = { servers: [server.url], delivery: 'core', credentialsFile }
  write(user)
  const rig = deliver(t, options)
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  write(nkeys.createUser())
  await shows(deliver(t, options), 'Failed', /refused our credentials/)
  writeFileSync(credentialsFile, 'nothing of the kind')
  await shows(deliver(t, options), 'Failed', /the seed or credentials cannot be used/)
})

test('certificates: what is wrong is said in words', { skip: skip || needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const ca = authority.cert
  const start = (name: string, host: string, days?: number, clientCa?: string) =>
    startNats(t, { core: true, tls: { ...createCertificate(folder, name, authority, host, days), ca, clientCa } })
  const good = await start('good', 'localhost')
  const expired = await start('expired', 'localhost', -1)
  const elsewhere = await start('elsewhere', 'plant.example')
  const mutual = await start('mutual', 'localhost', 2, ca)
  const plain = await startNats(t, { core: true })
  const secure = (server: { url: string }, more: object) => deliver(t, { servers: [server.url], delivery: 'core', tls: true, ...more }) // prettier-ignore
  await shows(secure(good, { ca: other.cert }), 'Failed', /authority is unknown/)
  await shows(secure(good, {}), 'Failed', /authority is unknown/)
  await shows(deliver(t, { servers: [good.url], delivery: 'core' }), 'Failed', /authority is unknown/)
  await shows(secure(expired, { ca }), 'Failed', /certificate has expired/)
  await shows(secure(elsewhere, { ca }), 'Failed', /host name mismatch.*plant\.example/)
  await shows(secure(mutual, { ca }), 'Failed', /client certificate/)
  await shows(secure(plain, { ca }), 'Failed', /offers no TLS/)
  await shows(secure(good, { ca: `${folder}/absent.crt` }), 'Failed', /file of ca cannot be read.*absent\.crt/)
  const client = createCertificate(folder, 'client', authority, 'client')
  for (const rig of [
    secure(good, { ca }),
    secure(good, { insecure: true }),
    secure(mutual, { ca, cert: client.cert, key: client.key }),
  ]) {
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
  }
  const warnings: string[] = []
  const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  type.create(type.options.parse({ servers: ['a'], tls: true, insecure: true }), sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any server certificate is accepted/)
})
