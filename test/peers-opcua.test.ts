/**
 * The OPC UA peers of the other tests, judged by themselves: asyncua's client and asyncua's server go through what both can be asked to do.
 * Nothing of the gateway is in here; a failure means that a tool of the tests is broken.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsAsyncua, startAsyncuaClient, startAsyncuaServer, type PeerValue } from '../src/testing/asyncua.ts'
import { createApplicationCertificate } from '../src/testing/opcua-certificates.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const skip = needsAsyncua()
const at = (name: string) => `ns=2;s=${name}`

interface Received {
  readonly values: readonly (PeerValue & { readonly node: string })[]
  readonly statuses: readonly string[]
}

async function pair(t: TestContext, settings: Parameters<typeof startAsyncuaServer>[1] = {}) {
  const server = await startAsyncuaServer(t, settings)
  return { server, client: await startAsyncuaClient(t, { url: server.url }) }
}

test('asyncua: every built-in type, arrays, structures and enumerations are read', { skip }, async (t) => {
  const { client } = await pair(t, { di: true })
  const read = async (...names: string[]) =>
    (await client.ask<PeerValue[]>('read', { nodes: names.map(at) })).map(({ value, status }) => [status, value])
  assert.deepEqual(await read('Scalars/Int64', 'Scalars/UInt64', 'Scalars/DateTime', 'Scalars/ByteString', 'Scalars/LocalizedText', 'Scalars/Null', 'Scalars/StatusCode'), [
    ['Good', '-9223372036854775808'],
    ['Good', '18446744073709551615'],
    ['Good', '2024-02-29T12:34:56.789Z'],
    ['Good', 'AAECA/8='],
    ['Good', { locale: 'de', text: 'Füllstand' }],
    ['Good', null],
    ['Good', 0x40900000],
  ]) // prettier-ignore
  const motor = { speed: 1480.5, running: true, name: 'M1', starts: '9007199254740993' }
  const idle = { speed: 0, running: false, name: 'M2', starts: 2 }
  assert.deepEqual(await read('Arrays/Matrix', 'Arrays/Cube', 'Arrays/Empty', 'Structures/Axis', 'Structures/Recipe', 'Structures/Either', 'Enumerations/State'), [
    ['Good', [[1, 2, 3], [4, 5, 6]]],
    ['Good', [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]],
    ['Good', []],
    ['Good', { position: 12.25, mode: 2, drive: motor, brakes: [idle, motor], limits: [-10, 10] }],
    ['Good', { name: 'R7', temperature: 81.5, note: null }],
    ['Good', { switch: 2, value: 'open' }],
    ['Good', 2],
  ]) // prettier-ignore
  const [unknown] = await client.ask<PeerValue[]>('read', { nodes: [at('Nowhere')] })
  assert.equal(unknown?.status, 'BadNodeIdUnknown')
  const [manufacturer] = await client.ask<PeerValue[]>('read', { nodes: [at('Pump/Manufacturer')] })
  assert.deepEqual(manufacturer?.value, { locale: null, text: 'Acme' })
})

test('asyncua: writes are told with status and times, refused where a node refuses them', { skip }, async (t) => {
  const { server, client } = await pair(t)
  const write = async (node: string, value: unknown, type: string, more = {}) =>
    (await client.ask('write', { node: at(node), value, type, ...more })).status
  assert.equal(await write('Writable/Double', 2.5, 'Double', { status: 'UncertainLastUsableValue', sourceTime: '2024-01-02T03:04:05.678Z' }), 'Good') // prettier-ignore
  const told = await server.heard('written')
  assert.deepEqual([told.node, told.value, told.type, told.status, told.sourceTime, told.result], [at('Writable/Double'), 2.5, 'Double', 'UncertainLastUsableValue', '2024-01-02T03:04:05.678Z', 'Good']) // prettier-ignore
  assert.equal(await write('Writable/ValueOnly', 2.5, 'Double'), 'Good')
  assert.equal(await write('Writable/ValueOnly', 2.5, 'Double', { sourceTime: '2024-01-02T03:04:05Z' }), 'BadWriteNotSupported') // prettier-ignore
  assert.equal(await write('Writable/Limited', 101, 'Double'), 'BadOutOfRange')
  assert.equal(await write('Writable/Int32', 1.5, 'Double'), 'BadTypeMismatch')
  assert.equal(await write('ReadOnly', 1, 'Int32'), 'BadNotWritable')
  assert.equal(server.told.filter(({ event }) => event === 'written').length, 6)
})

test('asyncua: methods are called, fail and refuse an argument', { skip }, async (t) => {
  const { server, client } = await pair(t)
  const call = (name: string, ...args: [type: string, value: unknown][]) =>
    client.ask('call', { object: at('Methods'), method: at(`Methods/${name}`), arguments: args.map(([type, value]) => ({ type, value })) }) // prettier-ignore
  assert.deepEqual((await call('Add', ['Double', 1.5], ['Double', 2])).outputs, [3.5])
  assert.equal((await call('Refuse', ['UInt32', 0x803c0000])).status, 'BadOutOfRange')
  const limited = await call('Limited', ['Double', 101])
  assert.deepEqual([limited.status, limited.argumentResults], ['BadInvalidArgument', ['BadOutOfRange']])
  assert.equal((await call('Raise')).status, 'BadUnexpectedError')
  assert.deepEqual((await server.heard('called')).arguments, [1.5, 2])
})

test('asyncua: what is set, added and removed is seen by subscription, browse and history', { skip }, async (t) => {
  const { server, client } = await pair(t, { tree: 500, history: { values: 250, maxPerReply: 100 } })
  await client.ask('subscribe', { nodes: [at('Scalars/Int32'), at('Nowhere')] })
  await server.ask('set', { node: 'Scalars/Int32', value: 5, status: 0x80ff0000, sourceTime: '2024-01-01T00:00:00Z' })
  const received = async () => (await client.ask<Received>('received')).values.map(({ value, code }) => [value, code])
  await eventually('the change', async () => (await received()).length === 2)
  assert.deepEqual(await received(), [[-2147483648, 0], [5, 0x80ff0000]]) // prettier-ignore
  await server.ask('add', { node: 'Late/Level', value: 1.5, type: 'Double' })
  await server.ask('remove', { node: 'Tree/Line0/Machine0' })
  const browsed = await client.ask<{ tree: { children: { name: string }[] } }>('browse', {
    node: at('Plant'),
    depth: 1,
  })
  assert.ok(browsed.tree.children.some(({ name }) => name === '2:Late'))
  const line = await client.ask<{ nodes: number }>('browse', { node: at('Tree/Line0'), depth: 2 })
  assert.equal(line.nodes, 1 + 9 * 21)
  const history = await client.ask<{ calls: number; values: PeerValue[] }>('history', { node: at('History/Level'), from: '2020-01-01T00:00:00Z' }) // prettier-ignore
  assert.deepEqual([history.calls, history.values.length, history.values[249]?.value], [3, 250, 249])
  assert.deepEqual([history.values[99]?.status, history.values[100]?.status], ['UncertainLastUsableValue', 'Good'])
})

test('asyncua: events and alarms reach the client, which acknowledges', { skip }, async (t) => {
  const { server, client } = await pair(t)
  const fields = ['EventId', 'SourceName', 'Message', 'Severity', '3:Machine', '3:Level', 'ActiveState/Id', 'AckedState/Id', 'ConditionId'] // prettier-ignore
  await client.ask('subscribeEvents', { fields })
  await server.ask('fire', { kind: 'plant', message: 'full', severity: 700, fields: { Machine: 'M1', Level: 9.5 } })
  const first = await client.heard('event')
  const event = first.fields as Record<string, unknown>
  assert.deepEqual([event.Message, event.Severity, event.Machine, event.Level], [{ locale: 'en', text: 'full' }, 700, 'M1', 9.5]) // prettier-ignore
  await server.ask('alarm', { name: 'Level', active: true, severity: 900 })
  const fieldsOf = (told: Readonly<Record<string, unknown>>) => told.fields as Record<string, unknown>
  const raised = fieldsOf(await client.heard('event', (told) => fieldsOf(told)['ActiveState/Id'] === true))
  assert.equal(raised.NodeId, at('Alarms/Level'))
  const acknowledge = () =>
    client.ask('call', { object: raised.NodeId, method: 'i=9111', arguments: [{ type: 'ByteString', value: raised.EventId }, { type: 'LocalizedText', value: 'seen' }] }) // prettier-ignore
  assert.equal((await acknowledge()).status, 'Good')
  assert.equal((await acknowledge()).status, 'BadEventIdUnknown')
  await client.heard('event', (told) => fieldsOf(told)['AckedState/Id'] === true)
  assert.equal((await server.heard('condition')).comment, 'seen')
})

test('asyncua: counters are verified, and what is lost, held back or repeated is seen', { skip }, async (t) => {
  const { server, client } = await pair(t, { counters: 200, intervalMs: 100 })
  const nodes = Array.from({ length: 200 }, (_, number) => at(`Counters/${number}`))
  const verify = (raw: boolean) => client.ask<Record<string, number>>('verify', { nodes, publishingMs: 100, seconds: 1.5, raw }) // prettier-ignore
  for (const raw of [false, true]) {
    const all = await verify(raw)
    assert.deepEqual([all.missed, all.wrong, all.silent, all.repeated], [0, 0, 0, 0])
    assert.ok(all.received! > 1000, `${all.received} notifications`)
  }
  const lossy = verify(false)
  await eventually('a subscription', async () => (await server.ask('sessions')).items === 200)
  const ticks = async () => (await server.ask<{ count: number }>('counters')).count
  const began = await ticks()
  await eventually('first values', async () => (await ticks()) > began + 3)
  const lost = async (mode: string) => (await server.ask<{ lost: number }>('publishing', { mode })).lost
  await eventually('something lost', async () => (await lost('lossy')) > 0)
  await lost('on')
  assert.ok((await lossy).missed! > 0)
  const rate = await client.ask<Record<string, number>>('readRate', { nodes, batch: 100, seconds: 0.2 })
  assert.ok(rate.values! > 0 && rate.bad === 0)
})

test(
  'asyncua: replies are forged, limits are kept, connections dropped and the server restarted',
  { skip },
  async (t) => {
    const { server, client } = await pair(t, { limits: { MaxNodesPerRead: 2 } })
    const nodes = ['Scalars/Int32', 'Scalars/Double'].map(at)
    const read = (more: readonly string[] = []) => client.ask<PeerValue[]>('read', { nodes: [...nodes, ...more] })
    await assert.rejects(read([at('Analog')]), /BadTooManyOperations/)
    const forge = (rule: object) => server.ask('fault', { service: 'Read', times: 1, ...rule })
    await forge({ fewer: 1 })
    assert.equal((await read()).length, 1)
    await forge({ itemStatus: 0x80ff0000, value: { value: 'what', type: 'String' } })
    assert.deepEqual((await read()).map(({ value, status }) => [value, status]), [['what', '0x80FF0000'], ['what', '0x80FF0000']]) // prettier-ignore
    await forge({ status: 'BadServerHalted' })
    await assert.rejects(read(), /BadServerHalted/)
    await forge({ truncate: 4 })
    await assert.rejects(read())
    assert.equal((await read()).length, 2)
    assert.deepEqual(await server.ask('sessions'), { connections: 1, sessions: 1, subscriptions: 0, items: 0 })
    await server.ask('stop')
    assert.equal((await server.ask('sessions')).sessions, 0)
    await assert.rejects(startAsyncuaClient(t, { url: server.url, timeoutMs: 500 }))
    await server.ask('start')
    const again = await startAsyncuaClient(t, { url: server.url })
    assert.equal((await again.ask<PeerValue[]>('read', { nodes })).length, 2)
  },
)

test('asyncua: policies, tokens, trust and the order of the namespaces', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const own = createApplicationCertificate(folder, 'server', { uri: 'urn:bifrost:test:server' })
  const known = createApplicationCertificate(folder, 'client', { uri: 'urn:bifrost:test:client' })
  const stranger = createApplicationCertificate(folder, 'stranger', { uri: 'urn:bifrost:test:client' })
  const person = createApplicationCertificate(folder, 'person', { hosts: [] })
  const server = await startAsyncuaServer(t, {
    certificate: own.cert,
    key: own.key,
    trusted: [known.cert],
    users: { anna: 'right' },
    userCertificates: [person.cert],
    anonymous: false,
    namespaces: ['urn:other', 'urn:bifrost:test:types', 'urn:bifrost:test:plant'],
  })
  assert.equal(server.namespaces.indexOf('urn:bifrost:test:plant'), 4)
  const anna = { url: server.url, user: 'anna', password: 'right' }
  const secure = { certificate: known.cert, key: known.key }
  for (const policy of ['None', 'Basic256Sha256/Sign', 'Basic256Sha256/SignAndEncrypt', 'Aes128_Sha256_RsaOaep/SignAndEncrypt', 'Aes256_Sha256_RsaPss/SignAndEncrypt']) {
    const client = await startAsyncuaClient(t, { ...anna, policy, ...secure })
    const [value] = await client.ask<PeerValue[]>('read', { nodes: ['nsu=urn:bifrost:test:plant;s=Scalars/Int16'] })
    assert.equal(value?.value, -32768, policy)
    await client.process.stop()
  } // prettier-ignore
  const policy = 'Basic256Sha256/SignAndEncrypt'
  await startAsyncuaClient(t, { url: server.url, policy, ...secure, userCertificate: person.cert, userKey: person.key })
  await assert.rejects(
    startAsyncuaClient(t, { ...anna, policy, ...secure, password: 'wrong' }),
    /BadIdentityTokenRejected/,
  )
  await assert.rejects(startAsyncuaClient(t, { url: server.url, policy, ...secure }), /refused/)
  await assert.rejects(startAsyncuaClient(t, { ...anna, policy, certificate: stranger.cert, key: stranger.key }), /BadCertificateUntrusted/) // prettier-ignore
})
