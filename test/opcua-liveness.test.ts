/** Subscriptions that look healthy and deliver nothing are the worst fault of this protocol: each of them on a server of strangers. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsAsyncua, PLANT, startAsyncuaServer, type AsyncuaServerSettings } from '../src/testing/asyncua.ts'
import type { TagSketch } from '../src/testing/gateway-fixture.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig, type OpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const WIDTH = 100_000
const counterTag = (at: number): TagSketch => ({ name: `c${at}`, address: `nsu=${PLANT};s=Counters/${at}` })
const COUNTERS = [0, 1, 2].map(counterTag)
const COUNTERS_OF_OTHERS = [0, 1, 2].map((at) => ({ name: `c${at}`, address: `ns=2;s=Counters/${at}` }))
const FAST = { liveness: { canary: '500ms', keepAlive: '500ms' } }

async function start(t: TestContext, settings: AsyncuaServerSettings = {}, options: Record<string, unknown> = FAST) {
  const server = await startAsyncuaServer(t, { counters: 3, intervalMs: 100, ...settings })
  const rig = await startOpcuaRig(t, server.url, COUNTERS, options)
  await rig.see('c0', 'a first value', ({ status, value }) => status === 0 && value !== undefined)
  await eventually('it is told how the subscriptions do', () => rig.device.liveness() !== undefined)
  return { server, rig }
}

/** The counts of a tag in the order of arrival; those that are missing between the first and the last. */
function missing(rig: OpcuaRig, tag: string): number[] {
  const counts = rig
    .rows(tag)
    .filter(({ value }) => typeof value === 'number')
    .map(({ value }) => Math.floor((value as number) / WIDTH))
  const seen = new Set(counts)
  const [first, last] = [Math.min(...counts), Math.max(...counts)]
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((count) => !seen.has(count))
}

/** Counts go on after now. */
async function goesOn(rig: OpcuaRig, timeoutMs: number): Promise<number> {
  const before = Math.max(0, ...rig.rows('c0').map(({ value }) => (typeof value === 'number' ? value : 0)))
  const started = performance.now()
  await rig.see('c0', 'values go on', ({ value, status }) => status === 0 && (value as number) > before, timeoutMs)
  return performance.now() - started
}

const liveness = (rig: OpcuaRig) => rig.device.liveness()!

for (const mode of ['frozen', 'silent', 'lossy'] as const) {
  test(`a subscription that is ${mode} is noticed, told and made anew`, { skip: needsAsyncua() }, async (t) => {
    const { server, rig } = await start(t)
    const began = performance.now()
    await server.ask('publishing', { mode })
    await eventually('it is told that it is stale', () => (rig.device.liveness()?.staleSince ?? 0) > 0, 8000)
    await eventually('it is made anew', () => liveness(rig).rebuilds.subscription >= 1, 8000)
    const noticed = performance.now() - began
    await server.ask('publishing', { mode: 'on' })
    const ms = await goesOn(rig, 10_000)
    await eventually('it is alive again', () => liveness(rig).staleSince === undefined, 8000)
    t.diagnostic(
      `${mode}: made anew after ${Math.round(noticed)} ms, data ${Math.round(ms)} ms after the server was well`,
    )
  })
}

test(
  'while it stays frozen, the session and then the socket are made anew, each counted',
  { skip: needsAsyncua() },
  async (t) => {
    const { server, rig } = await start(t)
    await server.ask('publishing', { mode: 'silent' })
    await eventually(
      'all three levels were tried',
      () => {
        const rebuilds = rig.device.liveness()?.rebuilds
        return rebuilds !== undefined && Object.values(rebuilds).every((count) => count >= 1)
      },
      60_000,
    )
    await server.ask('publishing', { mode: 'on' })
    await goesOn(rig, 15_000)
    assert.ok(rig.device.stats.reconnects >= 1)
    const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
    assert.deepEqual(
      { sessions, subscriptions },
      { sessions: 1, subscriptions: 1 },
      'nothing is left behind at the server',
    )
  },
)

test(
  'after a restart of the server data flows again within 10 s, time after time, and no session is left behind',
  { skip: needsAsyncua() },
  async (t) => {
    const { server, rig } = await start(t)
    for (let round = 0; round < 3; round++) {
      await server.ask('stop')
      await eventually('the loss is told', () => rig.last('c0')?.status !== 0)
      await server.ask('start')
      const ms = await goesOn(rig, 12_000)
      assert.ok(ms < 10_000, `${ms} ms`)
      t.diagnostic(`restart ${round + 1}: data after ${Math.round(ms)} ms`)
    }
    const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
    assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 1 })
  },
)

test('a connection that breaks costs nothing: the session is taken up again and what was missed is sent again', async (t) => {
  const server = await startFaultyServer(t, { counters: 3, intervalMs: 100 })
  const rig = await startOpcuaRig(t, server.url, COUNTERS_OF_OTHERS, { ...FAST, queueSize: 1000 }, 50)
  await rig.see('c0', 'a first value', ({ status }) => status === 0)
  for (let round = 0; round < 3; round++) {
    await server.ask('drop')
    const ms = await goesOn(rig, 10_000)
    t.diagnostic(`connection broken: data after ${Math.round(ms)} ms`)
  }
  await goesOn(rig, 5000)
  assert.deepEqual(missing(rig, 'c0'), [])
  const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 1 })
})

test(
  'notifications that got lost are asked for again; what the server has no more is counted',
  { skip: needsAsyncua() },
  async (t) => {
    const { server, rig } = await start(t)
    await server.ask('publishing', { mode: 'on', gap: 3 })
    await eventually('three were sent again', () => liveness(rig).republished >= 3, 5000)
    await goesOn(rig, 5000)
    assert.deepEqual(missing(rig, 'c0'), [])
    assert.equal(liveness(rig).missed, 0)
    await server.ask('publishing', { mode: 'on', gap: 2, forget: true })
    await eventually('two are lost', () => liveness(rig).missed >= 2, 5000)
    assert.equal(liveness(rig).rebuilds.subscription, 0, 'a lost notification is no reason to begin anew')
    await goesOn(rig, 5000)
  },
)

test('a subscription without changes is alive and its values stay young', { skip: needsAsyncua() }, async (t) => {
  const { server, rig } = await start(t)
  await server.ask('counters', { running: false })
  const { gateway } = rig
  const tag = gateway.store.tags.find('ua', 'c1')!
  const read = gateway.store.latest.get(tag.id).receivedAt
  await eventually('the value is confirmed', () => gateway.store.latest.get(tag.id).receivedAt > read + 1000, 6000)
  const { rebuilds, staleSince } = liveness(rig)
  assert.deepEqual(rebuilds, { subscription: 0, session: 0, socket: 0 })
  assert.equal(staleSince, undefined)
})

test(
  'a device that is polled seldom keeps its session, and a server that does not run says so',
  { skip: needsAsyncua() },
  async (t) => {
    const server = await startAsyncuaServer(t, { counters: 1, intervalMs: 100 })
    const rig = await startOpcuaRig(
      t,
      server.url,
      [{ ...counterTag(0), everyMs: 60_000, address: `poll ${counterTag(0).address}` }],
      {
        sessionTimeout: '1500ms',
      },
    )
    await rig.see('c0', 'a first value', ({ status }) => status === 0)
    await server.ask('state', { state: 'Failed' })
    await eventually('it is told', () => /in state Failed/.test(rig.device.reason ?? ''), 8000)
    await server.ask('state', { state: 'Running' })
    await new Promise((resolve) => setTimeout(resolve, 3000))
    assert.equal(rig.device.stats.reconnects, 0)
    const { sessions } = await server.ask<{ sessions: number }>('sessions')
    assert.equal(sessions, 1)
  },
)
