/**
 * The server with faults to order, judged by asyncua's client: each fault is seen from outside as what it is meant to be. Nothing of the
 * gateway is in here; a failure means that a tool of the tests is broken.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsAsyncua, startAsyncuaClient, type PeerValue } from '../src/testing/asyncua.ts'
import { startFaultyServer, type FaultyServerSettings } from '../src/testing/opcua-faulty-server.ts'
import { createApplicationCertificate } from '../src/testing/opcua-certificates.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const skip = needsAsyncua()
const at = (name: string) => `ns=2;s=${name}`

interface Message {
  readonly subscription: number
  readonly sequence: number
  readonly items: number
}

async function pair(t: TestContext, settings: FaultyServerSettings = {}) {
  const server = await startFaultyServer(t, { intervalMs: 50, ...settings })
  const client = await startAsyncuaClient(t, { url: server.url })
  const messages = () => client.ask<Message[]>('messages')
  const subscribe = () => client.ask<{ subscription: number }>('subscribe', { nodes: [at('Counters/3')], publishingMs: 50, keepAlive: 2, queue: 100 }) // prettier-ignore
  const values = async () =>
    (await client.ask<{ values: PeerValue[] }>('received')).values.map(({ value }) => Number(value))
  return { server, client, messages, subscribe, values }
}

const steps = (values: readonly number[]) => values.slice(1).map((value, index) => (value - values[index]!) / 100_000)

test('faulty server: without faults nothing is missing', { skip }, async (t) => {
  const { server, client, subscribe, values } = await pair(t)
  await subscribe()
  await eventually('ten values', async () => (await values()).length > 10)
  const seen = await values()
  assert.deepEqual([...new Set(steps(seen))], [1])
  assert.equal(seen[0]! % 100_000, 3)
  const [first, text] = await client.ask<PeerValue[]>('read', { nodes: [at('Scalars/Int64'), at('Scalars/String')] })
  assert.deepEqual([first?.value, text?.value], ['-9223372036854775808', 'Wärme ≥ 5'])
  assert.equal((await client.ask('write', { node: at('Writable/Double'), value: 2.5, type: 'Double' })).status, 'Good')
  assert.equal((await server.ask('get', { node: 'Writable/Double' })).value, 2.5)
  // Between a notification and the client's next request none waits.
  const waits = async () => (await server.ask<{ waitingPublishes: number }>('sessions')).waitingPublishes === 1
  await eventually('a publish request waits', waits)
  const { waitingPublishes: _, ...held } = await server.ask<Record<string, number>>('sessions')
  assert.deepEqual(held, { channels: 1, sessions: 1, subscriptions: 1, items: 1, rejectedSessions: 0 })
})

test('faulty server: silent, frozen, lossy and stale publishing', { skip }, async (t) => {
  const { server, client, messages, subscribe, values } = await pair(t)
  await subscribe()
  const publishing = (mode: string) => server.ask<{ lost: number }>('publishing', { mode })
  const count = async () => (await server.ask<{ count: number }>('counters')).count
  const ticks = async (more: number) => {
    const began = await count()
    await eventually('ticks', async () => (await count()) > began + more)
  }
  const read = async () => (await client.ask<PeerValue[]>('read', { nodes: [at('Counters/3')] }))[0]?.value
  await eventually('values', async () => (await values()).length > 2)
  await publishing('silent')
  const quiet = (await messages()).length
  const before = await read()
  await ticks(10)
  assert.ok((await messages()).length <= quiet + 1, 'it published')
  assert.notEqual(await read(), before)
  await publishing('frozen')
  const held = (await values()).length
  await eventually('keep-alives', async () => (await messages()).filter(({ items }) => items === 0).length >= 3)
  assert.equal((await values()).length, held)
  await publishing('on')
  await eventually('what was held back', async () => (await values()).length > held + 10)
  assert.deepEqual([...new Set(steps(await values()))], [1])
  await publishing('lossy')
  await ticks(3)
  assert.ok((await publishing('on')).lost > 0)
  const lossy = (await values()).length
  await eventually('values again', async () => (await values()).length > lossy + 2)
  assert.ok(steps(await values()).some((step) => step > 1))
  await publishing('stale')
  const stale = (await values()).length
  await eventually('stale values', async () => (await values()).length > stale + 4)
  assert.deepEqual([...new Set(steps((await values()).slice(-3)))], [0])
})

test('faulty server: a notification message is missing, and Republish has it or not', { skip }, async (t) => {
  const { server, client, messages, subscribe, values } = await pair(t)
  const { subscription } = await subscribe()
  /** Sequence numbers that are missing before a keep-alive, which names the next one. */
  const missing = async () => {
    const seen = await messages()
    const sent = new Set(seen.filter(({ items }) => items > 0).map(({ sequence }) => sequence))
    const due = seen.filter(({ items, sequence }) => items === 0 && sequence > 1).map(({ sequence }) => sequence - 1)
    return due.filter((sequence) => !sent.has(sequence))
  }
  await eventually('values', async () => (await values()).length > 2)
  await server.ask('publishing', { gap: 1 })
  await eventually('the gap', async () => (await missing()).length === 1)
  const [sequence] = await missing()
  const again = await client.ask<{ sequence: number; values: PeerValue[] }>('republish', { subscription, sequence })
  assert.equal(again.sequence, sequence)
  assert.ok(!(await values()).includes(Number(again.values[0]?.value)))
  await server.ask('fault', { service: 'Republish', status: 'BadMessageNotAvailable', times: 1 })
  await assert.rejects(client.ask('republish', { subscription, sequence }), /BadMessageNotAvailable/)
  await server.ask('publishing', { gap: 1, forget: true })
  await eventually('another gap', async () => (await missing()).length === 2)
  const forgotten = (await missing())[1]
  await assert.rejects(client.ask('republish', { subscription, sequence: forgotten }), /BadMessageNotAvailable/)
})

test(
  'faulty server: transfer fails, sessions and subscriptions are forgotten, sockets drop, it restarts',
  { skip },
  async (t) => {
    const { server, client, subscribe } = await pair(t, { maxSessions: 2 })
    const { subscription } = await subscribe()
    const other = await startAsyncuaClient(t, { url: server.url })
    await server.ask('fault', { service: 'TransferSubscriptions', status: 'BadServiceUnsupported', times: 1 })
    await assert.rejects(other.ask('transfer', { subscription }), /BadServiceUnsupported/)
    await server.ask('fault', { service: 'TransferSubscriptions', itemStatus: 'BadSubscriptionIdInvalid', times: 1 })
    assert.equal((await other.ask('transfer', { subscription })).status, 'BadSubscriptionIdInvalid')
    await assert.rejects(startAsyncuaClient(t, { url: server.url }), /BadTooManySessions/)
    await server.ask('forget', { what: 'subscriptions' })
    assert.equal((await server.ask('sessions')).subscriptions, 0)
    await server.ask('forget', { what: 'sessions' })
    await assert.rejects(client.ask('read', { nodes: ['i=2258'] }), /BadSession(IdInvalid|Closed)/)
    await server.ask('drop')
    await eventually('no connection', async () => (await server.ask('sessions')).channels === 0)
    await server.ask('restart', { downMs: 50 })
    const again = await startAsyncuaClient(t, { url: server.url })
    assert.equal((await again.ask<PeerValue[]>('read', { nodes: [at('Counters/3')] }))[0]?.status, 'Good')
  },
)

test(
  'faulty server: replies are late, short, of wrong types and codes; times are skewed; limits are kept',
  { skip },
  async (t) => {
    const { server, client } = await pair(t, { limits: { MaxNodesPerRead: 1000 } })
    const nodes = [at('Scalars/Double'), at('Scalars/UInt32')]
    const read = () => client.ask<PeerValue[]>('read', { nodes })
    const once = (rule: object) => server.ask('fault', { service: 'Read', times: 1, ...rule })
    await once({ fewer: 1 })
    assert.equal((await read()).length, 1)
    await once({ more: 3 })
    assert.equal((await read()).length, 5)
    await once({ itemStatus: 0x80ff0000, value: { type: 'String', value: 'what' } })
    assert.deepEqual((await read()).map(({ value, status }) => [value, status]), [['what', '0x80FF0000'], ['what', '0x80FF0000']]) // prettier-ignore
    await once({ status: 0x80ff0000 })
    await assert.rejects(read(), /2164195328|0x80FF0000|Bad/)
    await once({ answer: 'Publish' })
    await assert.rejects(read())
    await once({ delayMs: 300 })
    const began = performance.now()
    await read()
    assert.ok(performance.now() - began >= 290)
    await server.ask('skew', { ms: -3 * 3_600_000 })
    const [value, clock] = await client.ask<PeerValue[]>('read', { nodes: [at('Counters/0'), 'i=2258'] })
    for (const time of [value?.sourceTime, clock?.value]) assert.ok(Math.abs(Date.now() - 3 * 3_600_000 - Date.parse(String(time))) < 60_000) // prettier-ignore
    await assert.rejects(
      client.ask('read', { nodes: Array.from({ length: 1001 }, () => nodes[0]) }),
      /BadTooManyOperations/,
    )
    const asked = await server.ask<Record<string, number>>('asked')
    assert.ok(asked.Read! >= 7 && asked.CreateSession === 1)
  },
)

test('faulty server: every policy, every token, and who is trusted', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const known = createApplicationCertificate(folder, 'client', { uri: 'urn:bifrost:test:client' })
  const stranger = createApplicationCertificate(folder, 'stranger', { uri: 'urn:bifrost:test:client' })
  const person = createApplicationCertificate(folder, 'person', { hosts: [] })
  const server = await startFaultyServer(t, {
    users: { anna: 'right' },
    trusted: [known.cert],
    userCertificates: [person.cert],
    anonymous: false,
  })
  const anna = { url: server.url, user: 'anna', password: 'right', certificate: known.cert, key: known.key }
  for (const policy of ['None', 'Basic256Sha256/Sign', 'Aes128_Sha256_RsaOaep/SignAndEncrypt', 'Aes256_Sha256_RsaPss/SignAndEncrypt']) {
    const client = await startAsyncuaClient(t, { ...anna, policy })
    assert.equal((await client.ask<PeerValue[]>('read', { nodes: [at('Scalars/Byte')] }))[0]?.value, 255, policy)
    await client.process.stop()
  } // prettier-ignore
  const secure = { ...anna, policy: 'Basic256Sha256/SignAndEncrypt' }
  const { user: _user, password: _password, ...nobody } = secure
  await startAsyncuaClient(t, { ...nobody, userCertificate: person.cert, userKey: person.key })
  await assert.rejects(startAsyncuaClient(t, nobody), /refused/)
  await assert.rejects(startAsyncuaClient(t, { ...secure, password: 'wrong' }), /BadUserAccessDenied|BadIdentityToken/)
  await assert.rejects(startAsyncuaClient(t, { ...secure, certificate: stranger.cert, key: stranger.key }), /refused/)
})
