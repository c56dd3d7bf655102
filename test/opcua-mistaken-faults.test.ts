/** Faults that look like others: each is taken for what it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { options } from '../src/drivers/opcua/options.ts'
import { parseAddress, type OpcuaAddress } from '../src/drivers/opcua/address.ts'
import { Device } from '../src/drivers/opcua/worker/device.ts'
import { loadSecurity } from '../src/drivers/opcua/worker/security.ts'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig, type SeenRow } from '../src/testing/opcua-rig.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'
import { listenTcp } from '../src/testing/tcp-relay.ts'

const FAST = { liveness: { canary: '500ms', keepAlive: '500ms' }, requestTimeout: '1s' }
const P = 'nsu=urn:bifrost:test:plant;s='
const COUNTER = { name: 'c0', address: `${P}Counters/0` }
const isGood = ({ status, value }: SeenRow) => status === 0 && value !== undefined
const NONE = { subscription: 0, session: 0, socket: 0 }

test('a structure that does not change is no frozen subscription', { skip: needsAsyncua() }, async (t) => {
  const server = await startAsyncuaServer(t, { counters: 1, intervalMs: 100 })
  const A = `nsu=${PLANT};s=Structures`
  const tags = [
    { name: 'speed', address: `${A}/Motor :: speed` },
    { name: 'axis', address: `${A}/Axis`, type: 'string' as const },
    { name: 'motors', address: `${A}/Motors`, type: 'string' as const },
  ]
  const rig = await startOpcuaRig(t, server.url, tags, FAST)
  for (const { name } of tags) await rig.see(name, 'a value', isGood)
  await sleep(6000)
  const { canaries, rebuilds } = rig.device.liveness()!
  assert.ok(canaries > 5)
  assert.deepEqual(rebuilds, NONE)
})

test('a read that the server refuses is an answer: the connection stays', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const rig = await startOpcuaRig(t, server.url, [COUNTER], { ...FAST, sessionTimeout: '1s' })
  await rig.see('c0', 'a value', isGood)
  await server.ask('fault', { service: 'Read', status: 'BadTooManyOperations' })
  await sleep(2500)
  assert.deepEqual(rig.rows('c0').filter(({ status }) => status !== 0), []) // prettier-ignore
})

test('a session is kept alive as often as the server wants it', { skip: needsAsyncua() }, async (t) => {
  const server = await startAsyncuaServer(t, { counters: 1, intervalMs: 100, maxSessionTimeoutMs: 2000 })
  const tag = { name: 'c0', address: `poll nsu=${PLANT};s=Counters/0`, everyMs: 60_000 }
  const rig = await startOpcuaRig(t, server.url, [tag])
  await rig.see('c0', 'a value', isGood)
  await sleep(6000)
  const { sessions } = await server.ask<{ sessions: number }>('sessions')
  assert.equal(sessions, 1)
  await sleep(12_000)
  assert.equal(rig.device.stats.reconnects, 0)
})

/** A relay that can stop forwarding without closing anything, as a cable that is pulled. */
async function relayWithCable(t: Parameters<typeof listenTcp>[0], port: number) {
  const cable = { plugged: true, port: 0, held: [] as (() => void)[], plug() { cable.plugged = true; for (const go of cable.held.splice(0)) go() } } // prettier-ignore
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (data: Buffer) => {
      const go = () => void (to.destroyed || to.write(data))
      if (cable.plugged) go()
      else cable.held.push(go)
    })
    from.on('close', () => {
      const go = () => to.end()
      if (cable.plugged) go()
      else cable.held.push(go)
    })
    from.on('error', () => {})
  }
  cable.port = await listenTcp(t, (near) => {
    const far = connect({ port, host: '127.0.0.1' })
    pass(near, far)
    pass(far, near)
  })
  return cable
}

test('a cable that was out for a while costs no change: what was on the way then does no harm later', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const cable = await relayWithCable(t, server.port)
  const endpoint = server.url.replace(String(server.port), String(cable.port))
  // Sampled at each change: a server that looks by a clock of its own misses some when the machine is busy.
  const options = { ...FAST, connectTimeout: '1s', publishEvery: '50ms', queueSize: 10_000 }
  const rig = await startOpcuaRig(t, endpoint, [{ ...COUNTER, everyMs: 0 }], options)
  await rig.see('c0', 'a value', isGood)
  for (const ms of [1000, 4000, 8000]) {
    cable.plugged = false
    await sleep(ms)
    cable.plug()
    const before = rig.rows('c0').length
    await eventually('values flow', () => rig.rows('c0').slice(before).some(isGood), 10_000)
    await sleep(1500)
    const counts = rig.rows('c0').filter(isGood).map(({ value }) => Math.floor((value as number) / 100_000)) // prettier-ignore
    // A subscription that is made anew begins with the value of now, which may be the last one that came.
    const repeats = counts.filter((count, at) => count === counts[at - 1]).length
    const gaps = counts.flatMap((count, at) => (at > 0 && ![0, 1].includes(count - counts[at - 1]!) ? [`${counts[at - 1]}→${count}`] : [])) // prettier-ignore
    assert.ok(repeats <= rig.device.liveness()!.rebuilds.subscription, `${repeats} came twice`)
    const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
    assert.deepEqual(
      { gaps, sessions, subscriptions },
      { gaps: [], sessions: 1, subscriptions: 1 },
      `${ms} ms: ${JSON.stringify(rig.device.liveness())}`,
    )
  }
})

test('when the session did not help either, nothing of it is taken over', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const rig = await startOpcuaRig(t, server.url, [COUNTER], FAST)
  await rig.see('c0', 'a value', isGood)
  await server.ask('publishing', { mode: 'silent' })
  await eventually('the socket was made anew', () => rig.device.liveness()?.rebuilds.socket === 1, 20_000)
  await server.ask('publishing', { mode: 'on' })
  rig.forget()
  await rig.see('c0', 'a value', isGood, 10_000)
  const asked = await server.ask<Record<string, number>>('asked')
  assert.equal(asked.TransferSubscriptions, undefined)
  const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 1 })
})

test('a gateway that stood still for a while takes what has come meanwhile, and makes nothing anew', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const { device, values } = await startDevice(t, server.url, [COUNTER.address])
  await eventually('values', () => values.length > 0)
  await sleep(1000)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000)
  await sleep(1000)
  const counts = values.map((value) => Math.floor(value / 100_000))
  const gaps = counts.flatMap((count, at) => (at > 0 && count > counts[at - 1]! + 1 ? [`${counts[at - 1]}→${count}`] : [])) // prettier-ignore
  assert.deepEqual({ gaps, rebuilds: device.view().rebuilds }, { gaps: [], rebuilds: NONE })
})

test('a node that the server does not have costs the others nothing, also when it is looked for again', async (t) => {
  const server = await startFaultyServer(t, { counters: 1, intervalMs: 100 })
  const real = performance.now.bind(performance)
  let aheadMs = 0
  t.mock.method(performance, 'now', () => real() + aheadMs)
  const { values, statuses } = await startDevice(t, server.url, [COUNTER.address, `${P}Later`])
  await eventually('values', () => values.length > 0)
  // Looked for again after a minute.
  aheadMs += 61_000
  await sleep(1500)
  await server.ask('add', { node: 'Later', value: 5, type: 'Double' })
  aheadMs += 61_000
  await eventually('it is found', () => statuses.get(2) === 0, 10_000)
  const { CreateSubscription } = await server.ask<{ CreateSubscription: number }>('asked')
  assert.equal(CreateSubscription, 1)
})

/** The worker's half, in this thread. */
async function startDevice(
  t: import('node:test').TestContext,
  endpoint: string,
  addresses: readonly string[],
  more: object = {},
) {
  const library = await import('node-opcua-client')
  const values: number[] = []
  const statuses = new Map<number, number>()
  const setup = {
    device: 1,
    name: 'ua',
    certificates: undefined,
    options: options.parse({ endpoint, securityPolicy: 'None', queueSize: 1000, ...FAST, ...more }),
  }
  const folder = temporaryFolder(t)
  const security = () => loadSecurity(setup, folder, { tell: () => {}, audit: async () => {} })
  const device = new Device(setup, library, security, {
    rows: (batch) => {
      for (const { tag, value, status } of batch) {
        if (typeof value === 'number' && tag === 1) values.push(value)
        statuses.set(tag, status)
      }
    },
    reasons: () => {},
    tell: () => {},
  })
  const end = new AbortController()
  await device.connect(end.signal)
  const points = addresses.map((text, at) => {
    const { node, member } = parseAddress(text) as OpcuaAddress & { kind: 'value' }
    return { tag: at + 1, type: 'float64' as const, node, member, everyMs: 50 }
  })
  const running = device.subscribe({ device: 1, points, events: [] }, end.signal)
  t.after(async () => {
    end.abort()
    await running.catch(() => {})
    await device.close()
  })
  return { device, values, statuses }
}
