/** Servers that do wrong, each fault by its name: what the library is known to stumble over, and what the field does to clients. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Status } from '../src/core/status.ts'
import { needsAsyncua, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { startFaultyServer, type FaultyServerSettings } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'
import type { SteeredProcess } from '../src/testing/steered-process.ts'

const WIDTH = 100_000
const TAGS = [0, 1, 2].map((at) => ({ name: `c${at}`, address: `ns=2;s=Counters/${at}` }))
const FAST = { liveness: { canary: '500ms', keepAlive: '500ms' }, requestTimeout: '1s' }

const start = async (t: TestContext, settings: FaultyServerSettings = {}) =>
  watch(t, await startFaultyServer(t, { counters: 3, intervalMs: 100, ...settings }))

async function watch(t: TestContext, server: SteeredProcess & { readonly url: string }) {
  // Twice as fast as the values change: a server that looks by a clock of its own must not miss one.
  const rig = await startOpcuaRig(t, server.url, TAGS, FAST, 50)
  await rig.see('c0', 'a first value', ({ status, value }) => status === 0 && value !== undefined)
  await eventually('it is told how the subscriptions do', () => rig.device.liveness() !== undefined)
  const goesOn = async (timeoutMs = 10_000) => {
    const before = Math.max(0, ...rig.rows('c0').map(({ value }) => (typeof value === 'number' ? value : 0)))
    await rig.see('c0', 'values go on', ({ value, status }) => status === 0 && (value as number) > before, timeoutMs)
  }
  const missing = (): number[] => {
    const counts = rig.rows('c0').flatMap(({ value }) => (typeof value === 'number' ? [Math.floor(value / WIDTH)] : []))
    const seen = new Set(counts)
    const [first, last] = [Math.min(...counts), Math.max(...counts)]
    return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((count) => !seen.has(count))
  }
  const left = () => server.ask<Record<string, number>>('sessions')
  return { server, rig, goesOn, missing, left }
}

test('BadMessageNotAvailable: what cannot be sent again is missed, and publishing goes on', async (t) => {
  const { server, rig, goesOn, left } = await start(t)
  await server.ask('publishing', { gap: 2, forget: true })
  await eventually('both are counted', () => rig.device.liveness()!.missed >= 2, 5000)
  await goesOn()
  // The fault of the library was that it sent no Publish any more and lived on reads.
  await server.ask('asked', { reset: true })
  await eventually(
    'Publish requests go on',
    async () => ((await server.ask<{ Publish?: number }>('asked')).Publish ?? 0) > 5,
  )
  assert.equal((await left()).subscriptions, 1)
  assert.deepEqual(rig.device.liveness()!.rebuilds, { subscription: 0, session: 0, socket: 0 })
})

test('a Republish that fails in another way makes the subscription anew', async (t) => {
  const { server, rig, goesOn, left } = await start(t)
  await server.ask('fault', { service: 'Republish', status: 'BadSubscriptionIdInvalid', times: 1 })
  await server.ask('publishing', { gap: 1 })
  await eventually('it was made anew', () => rig.device.liveness()!.rebuilds.subscription === 1, 5000)
  await goesOn()
  assert.equal((await left()).subscriptions, 1)
})

test('BadTooManyPublishRequests: fewer are sent, and nothing stops', async (t) => {
  const { server, rig, goesOn, missing } = await start(t, { maxPublishRequests: 1 })
  for (let i = 0; i < 5; i++) await goesOn()
  assert.deepEqual(missing(), [])
  assert.deepEqual(rig.device.liveness()!.rebuilds, { subscription: 0, session: 0, socket: 0 })
  await server.ask('asked', { reset: true })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const { Publish = 0 } = await server.ask<{ Publish?: number }>('asked')
  assert.ok(Publish < 40, `${Publish} requests in a second: it does not hammer a server that has enough`)
})

for (const status of ['BadSubscriptionIdInvalid', 'BadServiceUnsupported', 'BadUserAccessDenied']) {
  test(`a transfer that fails with ${status}: the subscriptions are made anew in the new session`, async (t) => {
    const { server, goesOn, left } = await start(t)
    await server.ask('fault', { service: 'TransferSubscriptions', status, times: 1 })
    await server.ask('fault', { service: 'ActivateSession', status: 'BadSessionIdInvalid', times: 1 })
    await server.ask('drop')
    await goesOn()
    await goesOn()
    // What was left behind goes with its session's time-out at the latest; the transfer of subscriptions was given up for good.
    assert.ok((await left()).subscriptions! >= 1)
  })
}

test('a session that the server forgot: a new one takes over, none is left behind', async (t) => {
  const { server, goesOn, left } = await start(t)
  for (let round = 0; round < 3; round++) {
    await server.ask('forget', { what: 'sessions' })
    await goesOn()
  }
  const { sessions, subscriptions } = await left()
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 1 })
})

test('subscriptions that the server forgot are made anew', async (t) => {
  const { server, goesOn, left } = await start(t)
  await server.ask('forget', { what: 'subscriptions' })
  await goesOn()
  await goesOn()
  const { sessions, subscriptions } = await left()
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 1 })
})

test('a subscription that repeats an old value while the server has moved on is made anew', async (t) => {
  const { server, rig, goesOn } = await start(t)
  await server.ask('publishing', { mode: 'stale' })
  await eventually('it was noticed', () => rig.device.liveness()!.rebuilds.subscription >= 1, 8000)
  await server.ask('publishing', { mode: 'on' })
  await goesOn()
})

test('small limits of the server are obeyed', async (t) => {
  const limits = { MaxNodesPerRead: 2, MaxMonitoredItemsPerCall: 1, MaxNodesPerTranslateBrowsePathsToNodeIds: 1 }
  const { server, rig } = await start(t, { limits })
  await rig.see('c2', 'the third item is there', ({ status }) => status === 0)
  const { CreateMonitoredItems } = await server.ask<{ CreateMonitoredItems: number }>('asked')
  assert.equal(CreateMonitoredItems, 3)
})

test('a server that gives fewer results than it was asked for costs those points alone', async (t) => {
  const server = await startFaultyServer(t, { counters: 3, intervalMs: 100 })
  await server.ask('fault', { service: 'Read', fewer: 1 })
  const tags = TAGS.map((tag) => ({ ...tag, address: `poll ${tag.address}` }))
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  await rig.see('c1', 'the second value', ({ status }) => status === 0)
  await rig.see('c2', 'the last is bad', ({ status }) => status === Status.BadUnknownResponse)
  await server.ask('clear')
  await rig.see('c2', 'the last comes back', ({ status }) => status === 0)
})

test(
  'a server that gives more results than it was asked for, or other types, or unknown statuses, is survived',
  { skip: needsAsyncua() },
  async (t) => {
    const { server, rig, goesOn } = await watch(t, await startAsyncuaServer(t, { counters: 3, intervalMs: 100 }))
    await server.ask('fault', { service: 'Read', more: 3 })
    await goesOn()
    await server.ask('clear')
    await server.ask('fault', { service: 'Publish', value: { type: 'String', value: 'twelve' }, times: 30 })
    const row = await rig.see('c0', 'a text is no number', ({ status }) => status === Status.BadTypeMismatch)
    assert.equal(row.value, undefined)
    assert.match(rig.device.reasonOf(rig.gateway.store.tags.find('ua', 'c0')!.id)!, /gave String, which is no float64/)
    await server.ask('clear')
    await goesOn()
  },
)

test('a status that the standard does not know is Bad, whatever it may mean', async (t) => {
  const server = await startFaultyServer(t, { counters: 3, intervalMs: 100 })
  const tags = TAGS.map((tag) => ({ ...tag, address: `poll ${tag.address}` }))
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  await rig.see('c0', 'a first value', ({ status }) => status === 0)
  for (const itemStatus of [0x8abc0000, 0x0abc0000, 0x4abc0000]) {
    await server.ask('fault', { service: 'Read', itemStatus })
    rig.forget()
    const row = await rig.see('c0', 'the status', ({ status }) => status !== 0)
    assert.deepEqual({ status: row.status, value: row.value }, { status: 0x80000000, value: undefined })
    await server.ask('clear')
    rig.forget()
    await rig.see('c0', 'it is good again', ({ status }) => status === 0)
  }
})

test('a clock that is hours off: samples get the time of their arrival, and the device says why', async (t) => {
  const { server, rig } = await start(t)
  await server.ask('skew', { ms: -3 * 3_600_000 })
  rig.forget()
  await eventually(
    'the device says so',
    () => /clock of the server is 3 h behind ours/.test(rig.device.reason ?? ''),
    5000,
  )
  rig.forget()
  const row = await rig.see('c0', 'a value', ({ status }) => status === 0)
  assert.ok(Math.abs(row.time - Date.now()) < 5000, new Date(row.time).toISOString())
  assert.ok(rig.device.liveness()!.skewMs! < -2.9 * 3_600_000)
  await server.ask('skew', { ms: 0 })
  await eventually('and that it is over', () => rig.device.state === 'Running', 5000)
})
