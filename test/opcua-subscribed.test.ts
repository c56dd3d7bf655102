/** How values are subscribed to: filters, queues and triggers as the options say, servers that watch nothing or not all, and very many tags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const P = `nsu=${PLANT};s=`
const COUNTERS = [0, 1, 2].map((at) => ({ name: `c${at}`, address: `${P}Counters/${at}` }))
const skip = needsAsyncua()

for (const status of ['BadServiceUnsupported', 'BadTooManySubscriptions', 'BadNotImplemented']) {
  test(`a server that gives no subscription (${status}): its tags are read at their interval, and the device says so`, async (t) => {
    const server = await startFaultyServer(t, { intervalMs: 100 })
    await server.ask('fault', { service: 'CreateSubscription', status })
    const rig = await startOpcuaRig(t, server.url, COUNTERS)
    await eventually('values go on', () => rig.rows('c2').filter(({ status: one }) => one === 0).length > 5)
    await eventually('it is said', () => rig.device.reason?.includes(`The server gives no subscription (${status})`) === true) // prettier-ignore
    assert.equal((await server.ask<Record<string, number>>('sessions')).subscriptions, 0)
  })
}

test('a server that makes a subscription and watches nothing: none is left behind, its tags are read', async (t) => {
  const server = await startFaultyServer(t, { intervalMs: 100 })
  await server.ask('fault', { service: 'CreateMonitoredItems', status: 'BadServiceUnsupported' })
  const rig = await startOpcuaRig(t, server.url, COUNTERS)
  await eventually('values go on', () => rig.rows('c0').filter(({ status }) => status === 0).length > 5)
  assert.equal((await server.ask<Record<string, number>>('sessions')).subscriptions, 0)
})

test('a server that watches so many items and no more: the others are read, in few requests, once each, also after a rebuild', async (t) => {
  const server = await startFaultyServer(t, { counters: 500, intervalMs: 100, maxMonitoredItems: 100 })
  const tags = Array.from({ length: 500 }, (_, at) => ({ name: `c${at}`, address: `${P}Counters/${at}` }))
  const rig = await startOpcuaRig(t, server.url, tags, { liveness: { canary: '60s', keepAlive: '500ms' } }, 500)
  await rig.see('c499', 'the last is read', ({ status }) => status === 0)
  await rig.see('c0', 'the first is watched', ({ status }) => status === 0)
  await eventually(() => `it is said, not ${rig.device.reason}`, () => rig.device.reason?.includes('watches no more items: 400 tags are read') === true) // prettier-ignore
  assert.equal((await server.ask<Record<string, number>>('sessions')).items, 100)
  const rate = async () => {
    await server.ask('asked', { reset: true })
    await sleep(2000)
    return (await server.ask<Record<string, number>>('asked')).Read ?? 0
  }
  const before = await rate()
  assert.ok(before <= 6, `${before} reads in two seconds`)
  // Made anew, the subscription refuses the same ones once more.
  await server.ask('publishing', { mode: 'silent' })
  await eventually('it was made anew', () => (rig.device.liveness()?.rebuilds.subscription ?? 0) >= 1)
  await server.ask('publishing', { mode: 'on' })
  const after = await rate()
  assert.ok(after <= 6, `${after} reads in two seconds`)
})

test(
  'a deadband is the server’s, in its own numbers; one that it cannot apply is the gateway’s',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t)
    const tags = [
      { name: 'raw', address: `${P}Writable/Double`, deadband: { absolute: 1 } },
      // Ten times the number: a change of 10 here is one of 1 there.
      { name: 'scaled', address: `${P}Writable/Double`, scale: 10, deadband: { absolute: 10 } },
      { name: 'text', address: `${P}Writable/String`, type: 'string' as const, deadband: { absolute: 1 } },
      { name: 'limited', address: `${P}Writable/Limited`, deadband: { percent: 10 }, low: 0, high: 100 },
    ]
    const rig = await startOpcuaRig(t, server.url, tags)
    const set = async (value: number) => {
      for (const node of ['Writable/Double', 'Writable/Limited'])
        await server.ask('set', { node, value, type: 'Double' })
    }
    await set(50)
    await rig.see('limited', 'at first', ({ value }) => value === 50)
    await rig.see('scaled', 'at first', ({ value }) => value === 500)
    rig.forget()
    // Whether a server compares with the value before or with the one that it reported last: these give the same.
    for (const value of [50.5, 50, 50.9, 52, 58, 70]) await set(value)
    await rig.see('limited', 'beyond its deadband', ({ value }) => value === 70)
    await rig.see('raw', 'the last', ({ value }) => value === 70)
    const values = (tag: string) => rig.rows(tag).flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
    assert.deepEqual(values('raw'), [52, 58, 70])
    assert.deepEqual(values('scaled'), [520, 580, 700])
    assert.deepEqual(values('limited'), [70])
    await server.ask('set', { node: 'Writable/String', value: 'zu', type: 'String' })
    await rig.see('text', 'a text has no deadband', ({ value }) => value === 'zu')
  },
)

test('the trigger: status alone, status or value, or the time too', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const tags = [{ name: 'd', address: `${P}Writable/Double` }]
  const rigs = await Promise.all(
    (['status', 'value', 'timestamp'] as const).map((trigger) => startOpcuaRig(t, server.url, tags, { trigger })),
  )
  for (const rig of rigs) await rig.see('d', 'at first', ({ status }) => status === 0)
  for (const rig of rigs) rig.forget()
  const set = (change: object) => server.ask('set', { node: 'Writable/Double', type: 'Double', ...change })
  await set({ value: 7 })
  await set({ value: 7 })
  await set({ value: 7, status: 'UncertainLastUsableValue' })
  for (const rig of rigs) await rig.see('d', 'the last', ({ status }) => status === 0x40900000)
  const seen = rigs.map((rig) => rig.rows('d').map(({ value, status }) => [value, status]))
  const last = [7, 0x40900000]
  assert.deepEqual(seen, [[last], [[7, 0], last], [[7, 0], [7, 0], last]]) // prettier-ignore
})

test('a queue that is too short loses the oldest, or the newest, and the loss is counted', async (t) => {
  const server = await startFaultyServer(t, { intervalMs: 20 })
  const slow = { queueSize: 2, publishEvery: '1s' }
  const tags = [{ name: 'c0', address: `${P}Counters/0`, everyMs: 20 }]
  const oldest = await startOpcuaRig(t, server.url, tags, { ...slow, discardOldest: true })
  const newest = await startOpcuaRig(t, server.url, tags, { ...slow, discardOldest: false })
  for (const rig of [oldest, newest]) {
    await eventually('overflows are counted', () => (rig.device.liveness()?.overflows ?? 0) >= 2)
    const counts = rig
      .rows('c0')
      .flatMap(({ value }) => (typeof value === 'number' ? [Math.floor(value / 100_000)] : []))
    assert.ok(counts.some((count, at) => at > 0 && count > counts[at - 1]! + 10), 'there are gaps') // prettier-ignore
    assert.ok(
      rig.rows('c0').every(({ status }) => status >>> 30 === 0),
      'a value before which others were lost is good',
    )
  }
})

test('20,000 tags of one device are there in a few seconds', { skip }, async (t) => {
  const server = await startAsyncuaServer(t, { tree: 21_100, intervalMs: 60_000 })
  const tags = Array.from({ length: 20_000 }, (_, at) => {
    const [line, machine, sensor] = [Math.floor(at / 200), Math.floor(at / 20) % 10, at % 20]
    return { name: `t${at}`, address: `${P}Tree/Line${line}/Machine${machine}/Sensor${sensor}` }
  })
  const began = performance.now()
  const rig = await startOpcuaRig(t, server.url, tags, { requestTimeout: '30s' }, 1000)
  await eventually(
    () => `all of them: ${rig.rows().length}; ${rig.device.reason}`,
    () => new Set(rig.rows().map(({ tag }) => tag)).size >= 20_000,
    60_000,
  )
  const ms = Math.round(performance.now() - began)
  t.diagnostic(`20,000 tags in ${ms} ms, most of it the server’s own work`)
  assert.ok(rig.rows().every(({ status }) => status === 0))
  assert.equal(rig.device.liveness()?.subscriptions ?? 1, 1)
  assert.ok(ms < 30_000)
})
