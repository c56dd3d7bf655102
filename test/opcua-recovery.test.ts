/** What is left after a fault: every point says what is so, nothing stays behind at the server, nothing is forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Status } from '../src/core/status.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig, type SeenRow } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const FAST = { liveness: { canary: '500ms', keepAlive: '500ms' }, requestTimeout: '1s' }
const P = 'nsu=urn:bifrost:test:plant;s='
const COUNTER = { name: 'c0', address: `${P}Counters/0` }
const isGood = ({ status, value }: SeenRow) => status === 0 && value !== undefined

interface Left {
  readonly sessions: number
  readonly subscriptions: number
}

test('after a connection that broke, a value that did not change is good again, and a bad one is bad for its reason', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const tags = [
    COUNTER,
    { name: 'still', address: `${P}Scalars/Double` },
    { name: 'text', address: `${P}Scalars/String` },
    { name: 'none', address: `${P}Nowhere` },
    { name: 'nobody', address: 'nsu=urn:nobody;s=x' },
  ]
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  const statuses = () => Object.fromEntries(tags.map(({ name }) => [name, rig.last(name)?.status]))
  const before = {
    c0: Status.Good,
    still: Status.Good,
    text: Status.BadTypeMismatch,
    none: Status.BadNodeIdUnknown,
    nobody: Status.BadNodeIdUnknown,
  }
  const asBefore = () => JSON.stringify(statuses()) === JSON.stringify(before)
  await eventually(() => `each has its status: ${JSON.stringify(statuses())}`, asBefore)
  for (let round = 0; round < 2; round++) {
    rig.forget()
    await server.ask('drop')
    await eventually('the loss is told', () => rig.rows('still').some(({ status }) => status !== 0))
    await eventually(() => `each has its status again: ${JSON.stringify(statuses())}`, asBefore)
    const { value } = rig.last('still')!
    assert.equal(value, 1.25)
    const { id } = rig.gateway.store.tags.find('ua', 'text')!
    await eventually('the reason is known', () => /which is no float64/.test(rig.device.reasonOf(id) ?? ''))
  }
  const { CreateSubscription } = await server.ask<{ CreateSubscription: number }>('asked')
  assert.equal(CreateSubscription, 1, 'the subscription is the one of before')
})

test('a connect that fails half-way leaves no tag out and nothing at the server', async (t) => {
  const server = await startFaultyServer(t, { counters: 2, intervalMs: 100 })
  await server.ask('fault', { service: 'CreateMonitoredItems', delayMs: 1, times: 1 })
  await server.ask('fault', { service: 'CreateMonitoredItems', silent: true, times: 1 })
  const tags = [
    { ...COUNTER, everyMs: 100 },
    { name: 'c1', address: `${P}Counters/1`, everyMs: 200 },
  ]
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  for (const { name } of tags) await rig.see(name, 'a value', isGood, 10_000)
  const { sessions, subscriptions } = await server.ask<Left>('sessions')
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 2 })
})

test('a server that refuses subscriptions for now is not filled with sessions', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  await server.ask('fault', { service: 'CreateSubscription', status: 'BadInternalError' })
  const rig = await startOpcuaRig(t, server.url, [COUNTER], FAST)
  await eventually(
    'it has been tried four times',
    async () => ((await server.ask<{ CreateSubscription?: number }>('asked')).CreateSubscription ?? 0) >= 4,
    15_000,
  )
  const { sessions } = await server.ask<Left>('sessions')
  assert.ok(sessions <= 1, `${sessions} sessions`)
  await server.ask('clear')
  await rig.see('c0', 'a value', isGood, 10_000)
})

test('one subscription of two that is gone after a break: no other is left behind', async (t) => {
  const server = await startFaultyServer(t, { counters: 2, intervalMs: 100 })
  const tags = [
    { ...COUNTER, everyMs: 100 },
    { name: 'c1', address: `${P}Counters/1`, everyMs: 200 },
  ]
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  for (const { name } of tags) await rig.see(name, 'a value', isGood)
  await server.ask('fault', { service: 'Republish', status: 'BadSubscriptionIdInvalid', times: 1 })
  rig.forget()
  await server.ask('drop')
  for (const { name } of tags) await rig.see(name, 'a value', isGood, 10_000)
  await sleep(500)
  const { sessions, subscriptions } = await server.ask<Left>('sessions')
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 2 })
})

for (const pauseMs of [0, 1, 20, 200])
  test(`held for ${pauseMs} ms: values flow again`, async (t) => {
    const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
    await server.ask('fault', { service: 'CreateMonitoredItems', delayMs: 100 })
    const rig = await startOpcuaRig(t, server.url, [COUNTER], FAST)
    await rig.see('c0', 'a value', isGood)
    for (let round = 0; round < 3; round++) {
      rig.gateway.polling.hold('held')
      if (pauseMs > 0) await sleep(pauseMs)
      rig.gateway.polling.hold(undefined)
      await sleep(50)
    }
    await sleep(1000)
    rig.forget()
    await rig.see('c0', 'a value', isGood, 5000)
    const { subscriptions } = await server.ask<Left>('sessions')
    assert.equal(subscriptions, 1)
    assert.equal(rig.device.stats.reconnects, 0)
  })
