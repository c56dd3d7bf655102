/** Who is let in and what they may do: endpoints, certificates, users, roles, writes. The client is asyncua. */
import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { GatewayError, type ErrorCode } from '../../core/errors.ts'
import type { SinkCommand } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { CertificateWorkshop } from '../../testing/application-certificates.ts'
import { needsAsyncua, startAsyncuaClient, type AsyncuaClientSettings, type PeerValue } from '../../testing/asyncua.ts'
import { typedTable } from '../../testing/delivery-rig.ts'
import { NAMESPACE, nodeOf, read, startOpcuaServer } from '../../testing/opcua-server-rig.ts'
import { needs, temporaryFolder, type Cleanup } from '../../testing/peers.ts'
import { parseCertificate } from '../../wire/certificates/certificate.ts'
import { trustCertificate, trustFile } from '../../wire/certificates/changes.ts'
import { SECURITY_POLICIES } from './options.ts'
import { hashPassword } from '../../core/password.ts'

const skip = needs('openssl') || needsAsyncua()
const change = { by: 'ada', at: 0 }

async function usersFile(t: Cleanup, ...lines: string[]): Promise<string> {
  const file = join(temporaryFolder(t), 'users')
  const hash = await hashPassword('correct horse')
  writeFileSync(file, ['# who may come', `ada:operator:${hash}`, `bob:viewer:${hash}`, ...lines, ''].join('\n'))
  return file
}

const ada = { user: 'ada', password: 'correct horse' }
const bob = { user: 'bob', password: 'correct horse' }
const level = [['press/level', 'float64', { writable: true }]] as const

test('by default: encrypted and signed endpoints alone, users alone', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(), { options: { insecure: false, anonymous: false } })
  await assert.rejects(rig.client(), /BadSecurityPolicyRejected|BadIdentityTokenInvalid|BadSecurityModeRejected/)
  const { tokens, offers } = await endpointsOf(t, rig.url)
  assert.deepEqual(
    offers.toSorted(),
    SECURITY_POLICIES.flatMap((policy) => [`${policy}/Sign`, `${policy}/SignAndEncrypt`]).toSorted(),
  )
  assert.deepEqual([...tokens].toSorted(), ['Certificate', 'UserName'])
})

async function endpointsOf(t: Cleanup, url: string) {
  const client = await startAsyncuaClient(t, { url, connect: false } as AsyncuaClientSettings)
  const found = await client.ask<{ policy: string; mode: string; tokens: { kind: string }[] }[]>('endpoints')
  return {
    offers: found.map(({ policy, mode }) => `${policy}/${mode}`),
    tokens: new Set(found.flatMap(({ tokens }) => tokens.map(({ kind }) => kind.replace('_', '')))),
  }
}

test(
  'every policy and mode; a client that nobody trusted waits in the inbox until somebody does',
  { skip },
  async (t) => {
    const rig = await startOpcuaServer(t, typedTable(...level), {
      options: { insecure: false, users: await usersFile(t) },
    })
    const workshop = new CertificateWorkshop(temporaryFolder(t))
    const peer = workshop.application('asyncua', { applicationUri: 'urn:bifrost:test:client' })
    const carol = workshop.application('Carol', { applicationUri: null, names: [], extendedKeyUsage: null })
    const secure = { certificate: peer.cert, key: peer.key }
    await rig.write([1, 7])
    await assert.rejects(rig.client({ policy: 'Basic256Sha256/SignAndEncrypt', ...secure }))
    const { thumbprint } = parseCertificate(peer.der)
    assert.match(
      rig.lines.join('\n'),
      new RegExp(`nobody has trusted the certificate "asyncua" of the client yet .*bifrost opcua trust ${thumbprint}`),
    )
    await trustCertificate(rig.certificates, thumbprint, change)
    await trustCertificateOf(rig.certificates, carol)
    const byCertificate = { userCertificate: carol.cert, userKey: carol.key }
    const policies = SECURITY_POLICIES.flatMap((policy) => [`${policy}/Sign`, `${policy}/SignAndEncrypt`])
    for (const policy of policies) {
      for (const token of [{}, bob, byCertificate]) {
        const client = await rig.client({ policy, ...secure, ...token })
        assert.equal((await read(client, 'press/level'))[0]!.value, 7, `${policy} ${Object.keys(token)[0]}`)
        await client.ask('disconnect')
      }
    }
  },
)

/** Somebody trusts this person. */
const trustCertificateOf = (certificates: string, { der }: { readonly der: Buffer }) =>
  trustFile(join(certificates, 'users'), der, change)

test('a person by certificate: trusted as such a viewer, and what the file of users says', { skip }, async (t) => {
  const users = await usersFile(t)
  const commands: SinkCommand[] = []
  const command = async (asked: SinkCommand) => {
    commands.push(asked)
    return { status: 0, readBack: 1 }
  }
  const options = { insecure: false, anonymous: false, writable: true, users }
  const rig = await startOpcuaServer(t, typedTable(...level), { options, context: { command } })
  const workshop = new CertificateWorkshop(temporaryFolder(t))
  const peer = workshop.application('asyncua', { applicationUri: 'urn:bifrost:test:client' })
  const carol = workshop.application('Carol', { applicationUri: null, names: [], extendedKeyUsage: null })
  const settings = { policy: 'Basic256Sha256/SignAndEncrypt', certificate: peer.cert, key: peer.key, userCertificate: carol.cert, userKey: carol.key } // prettier-ignore
  await assert.rejects(rig.client(settings))
  await trustCertificate(rig.certificates, parseCertificate(peer.der).thumbprint, change)
  await assert.rejects(rig.client(settings), /BadIdentityTokenRejected/)
  const { thumbprint } = parseCertificate(carol.der)
  await trustCertificate(join(rig.certificates, 'users'), thumbprint, change)
  const write = { node: nodeOf('press/level'), value: 1, type: 'Double' }
  const viewer = await rig.client(settings)
  assert.equal((await viewer.ask<{ status: string }>('write', write)).status, 'BadUserAccessDenied')
  appendFileSync(users, `carol:operator:certificate:${thumbprint}\n`)
  const operator = await rig.client(settings)
  assert.equal((await operator.ask<{ status: string }>('write', write)).status, 'Good')
  assert.equal(commands[0]!.user, 'carol')
})

test('viewers look, operators write, and each sees its own patterns', { skip }, async (t) => {
  const tags = typedTable(...level, ['press/secret', 'float64'], ['oven/heat', 'float64', { writable: true }])
  const options = { anonymous: false, writable: true, users: await usersFile(t), viewer: ['press/level'], operator: ['press/*'] } // prettier-ignore
  const command = async () => ({ status: 0, readBack: 1 })
  const rig = await startOpcuaServer(t, tags, { options, context: { command } })
  await rig.write([1, 1], [2, 2], [3, 3])
  const [operator, viewer] = [await rig.client(ada), await rig.client(bob)]
  const statuses = async (client: typeof viewer) =>
    (await read(client, 'press/level', 'press/secret', 'oven/heat')).map(({ status }) => status)
  assert.deepEqual(await statuses(operator), ['Good', 'Good', 'BadUserAccessDenied'])
  assert.deepEqual(await statuses(viewer), ['Good', 'BadUserAccessDenied', 'BadUserAccessDenied'])
  const { items } = await viewer.ask<{ items: string[] }>('subscribe', { nodes: [nodeOf('press/level'), nodeOf('press/secret')] }) // prettier-ignore
  assert.deepEqual(items, ['Good', 'BadUserAccessDenied'])
  await assert.rejects(viewer.ask('history', { node: nodeOf('press/secret'), max: 1, from: '2024-01-01T00:00:00Z' }), /BadUserAccessDenied/) // prettier-ignore
  const { tree } = await viewer.ask<{ tree: object }>('browse', { node: nodeOf('press'), depth: 1 })
  assert.doesNotMatch(JSON.stringify(tree), /secret/)
  const writes = async (client: typeof viewer, tag: string) =>
    (await client.ask<{ status: string }>('write', { node: nodeOf(tag), value: 1, type: 'Double' })).status
  assert.deepEqual(
    [
      await writes(operator, 'press/level'),
      await writes(operator, 'press/secret'),
      await writes(operator, 'oven/heat'),
    ],
    ['Good', 'BadNotWritable', 'BadNotWritable'],
  )
  assert.deepEqual([await writes(viewer, 'press/level')], ['BadUserAccessDenied'])
  const access = async (client: typeof viewer) =>
    (await client.ask<{ value: number }[]>('read', { nodes: [nodeOf('press/level')], attribute: 'UserAccessLevel' }))[0]!.value // prettier-ignore
  assert.deepEqual([await access(operator), await access(viewer)], [7, 5])
})

test(
  'of a tag that a user may not see nothing is told, by no service, and nothing but tags is written',
  { skip },
  async (t) => {
    const tags = typedTable(...level, [
      'press/secret',
      'int32',
      { description: 'the recipe', symbols: '0=Off|7=Brewing' },
    ])
    const options = { anonymous: false, writable: true, users: await usersFile(t), viewer: ['press/level'] }
    const rig = await startOpcuaServer(t, tags, { options })
    await rig.write([1, 1], [2, 7])
    const [viewer, operator] = [await rig.client(bob), await rig.client(ada)]
    const [secret, text] = [nodeOf('press/secret'), nodeOf('//press/secret/ValueAsText')]
    for (const attribute of ['Description', 'DisplayName', 'DataType', 'UserAccessLevel']) {
      const [value] = await viewer.ask<PeerValue[]>('read', { nodes: [secret], attribute })
      assert.deepEqual([value!.status, value!.value], ['BadUserAccessDenied', null], attribute)
    }
    assert.equal((await operator.ask<PeerValue[]>('read', { nodes: [secret], attribute: 'Description' }))[0]!.status, 'Good') // prettier-ignore
    assert.equal((await viewer.ask<PeerValue[]>('read', { nodes: [text] }))[0]!.status, 'BadUserAccessDenied')
    const { items } = await viewer.ask<{ items: string[] }>('subscribe', { nodes: [text, secret] })
    assert.deepEqual(items, ['BadUserAccessDenied', 'BadUserAccessDenied'])
    // SessionDiagnosticsArray: who else is there. EnabledFlag of the diagnostics, ApplicationsExclude of a role.
    assert.equal((await operator.ask<PeerValue[]>('read', { nodes: ['i=3707'] }))[0]!.status, 'BadUserAccessDenied')
    for (const node of ['i=2025', 'i=15410']) {
      const { status } = await operator.ask<{ status: string }>('write', { node, value: true, type: 'Boolean' })
      assert.equal(status, 'BadNotWritable', node)
    }
  },
)

test('the last gap names no tag that one of the users may not see', { skip }, async (t) => {
  const tags = typedTable(...level, ['press/secret', 'float64'])
  const rig = await startOpcuaServer(t, tags, { options: { viewer: ['press/level'] } })
  const client = await rig.client()
  const told = async (...gone: number[]) => {
    const gap = { fromSeq: 1, toSeq: 9, samples: 9, reason: 'retention', fromTime: 0, toTime: 1, tags: gone }
    await rig.sink.gap(gap, new AbortController().signal)
    return String((await client.ask<PeerValue[]>('read', { nodes: [`nsu=${NAMESPACE};i=4`] }))[0]!.value)
  }
  assert.match(await told(1), /"level"/)
  assert.match(await told(1, 2), /"reason":"retention"/)
  assert.doesNotMatch(await told(1, 2), /secret/)
})

test('a wrong password, an unknown user and nobody are not let in', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(), { options: { anonymous: false, users: await usersFile(t) } })
  await assert.rejects(rig.client({ ...ada, password: 'wrong' }), /BadUserAccessDenied/)
  await assert.rejects(rig.client({ ...ada, user: 'eve' }), /BadUserAccessDenied/)
  await assert.rejects(rig.client(), /BadIdentityTokenInvalid/)
  assert.match(rig.lines.join('\n'), /ada was not let in: no such user, or another password/)
  assert.doesNotMatch(rig.lines.join('\n'), /wrong|correct horse/)
  await rig.client(ada)
})

test('without `writable` nothing can be written, by nobody', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(...level), { options: { users: await usersFile(t) } })
  const client = await rig.client(ada)
  const { status } = await client.ask<{ status: string }>('write', { node: nodeOf('press/level'), value: 1, type: 'Double' }) // prettier-ignore
  assert.equal(status, 'BadNotWritable')
})

const failing = (code: ErrorCode, details = {}) => new GatewayError(code, 'no', { details })

const OUTCOMES: readonly (readonly [what: string, outcome: GatewayError | number, status: string])[] = [
  ['carried out', 0, 'Good'],
  ['still at it', Status.GoodCompletesAsynchronously, 'GoodCompletesAsynchronously'],
  ['not marked as writable', failing('WRITE_FORBIDDEN'), 'BadNotWritable'],
  ['out of its range', failing('INVALID_VALUE'), 'BadOutOfRange'],
  ['refused by the device', failing('WRITE_FAILED', { status: Status.BadDeviceFailure }), 'BadDeviceFailure'],
  ['reads back another value', failing('WRITE_FAILED', { status: 0 }), 'BadDeviceFailure'],
  ['unknown', failing('WRITE_UNKNOWN'), 'BadTimeout'],
  ['overtaken', failing('WRITE_SUPERSEDED'), 'BadRequestCancelledByClient'],
  ['no connection', failing('NOT_CONNECTED'), 'BadNotConnected'],
  ['shutting down', failing('SHUTTING_DOWN'), 'BadShutdown'],
]

test('a write goes the way of all writes, and its outcome is told exactly', { skip }, async (t) => {
  const commands: SinkCommand[] = []
  let outcome: GatewayError | number = 0
  const command = async (asked: SinkCommand) => {
    commands.push(asked)
    if (typeof outcome !== 'number') throw outcome
    return { status: outcome, readBack: undefined }
  }
  const tags = typedTable(...level, ['press/big', 'uint64', { writable: true }], ['press/bytes', 'bytes', { writable: true }]) // prettier-ignore
  const options = { writable: true, users: await usersFile(t) }
  const rig = await startOpcuaServer(t, tags, { options, context: { command } })
  await rig.write([1, 1])
  const client = await rig.client(ada)
  const write = async (tag: string, value: unknown, type: string, more = {}) =>
    (await client.ask<{ status: string }>('write', { node: nodeOf(tag), value, type, ...more })).status
  for (const [what, next, status] of OUTCOMES) {
    outcome = next
    assert.equal(await write('press/level', 2.5, 'Double'), status, what)
  }
  const { from, ...asked } = commands[0]!
  assert.deepEqual(asked, { device: 'press', tag: 'level', value: 2.5, user: 'ada', deadlineMs: 10_000 })
  assert.match(from, /^plant \(OPC UA\) 127\.0\.0\.1:\d+$/)
  // What was asked for is not shown: the device has the word.
  assert.equal((await read(client, 'press/level'))[0]!.value, 1)

  outcome = 0
  commands.length = 0
  assert.equal(await write('press/level', 2, 'Int32'), 'BadTypeMismatch')
  assert.equal(await write('press/level', 'NaN', 'Double'), 'BadOutOfRange')
  assert.equal(await write('press/level', 2, 'Double', { status: 'BadTimeout' }), 'BadWriteNotSupported')
  assert.equal(await write('press/level', 2, 'Double', { sourceTime: '2024-01-01T00:00:00Z' }), 'BadWriteNotSupported')
  assert.deepEqual(commands, [])
  assert.equal(await write('press/big', '18446744073709551615', 'UInt64'), 'Good')
  assert.equal(await write('press/bytes', 'AAH+/w==', 'ByteString'), 'Good')
  assert.deepEqual(commands.map(({ value }) => value), ['18446744073709551615', 'AAH+/w==']) // prettier-ignore
})
