/** The server as asyncua sees it: address space, values, subscriptions; and what becomes of it when things go wrong. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { Status } from '../../core/status.ts'
import { needsAsyncua, startAsyncuaClient, type PeerValue } from '../../testing/asyncua.ts'
import { memoryLatest, sinkContext, tagSettings, typedTable } from '../../testing/delivery-rig.ts'
import { crashWorkers, NAMESPACE, nodeOf, openOptions, read, startOpcuaServer } from '../../testing/opcua-server-rig.ts'
import { eventually, freePort } from '../../testing/peers.ts'
import { createOpcuaServer, opcuaServer } from './sink.ts'

const skip = needsAsyncua()

interface Branch {
  readonly id: string
  readonly name: string
  readonly type?: string
  readonly access?: number
  readonly dataType?: string
  readonly description?: string
  readonly children?: readonly Branch[]
}

const children = (branch: Branch): string[] => (branch.children ?? []).map(({ name, id }) => `${name} ${id}`)

test('the address space: folders, node ids, types, properties, access', { skip }, async (t) => {
  const tags = typedTable(
    ['press/level', 'float32', { unit: 'm³/h', low: 0, high: 10, writable: true, description: 'what is in it' }],
    ['press/drive/axis 1.speed', 'int16', { unit: 'widgets' }],
    ['press/T1.5', 'uint8'],
    ['press/state', 'int8', { symbols: '-1=Broken|0=Off|2=On' }],
    ['press/door', 'bool', { symbols: '0=Closed|1=Open' }],
    ['press/scaled', 'int32', { scale: 0.1 }],
    ['press/flags', 'uint16', { symbols: 'bit0=Fault|bit1=Door' }],
  )
  const rig = await startOpcuaServer(t, tags, { options: { writable: true } })
  const client = await rig.client()
  const { tree } = await client.ask<{ tree: Branch }>('browse', { node: `nsu=${NAMESPACE};i=1`, depth: 4 })
  const [press] = tree.children!
  assert.equal(press!.name, '2:press')
  assert.deepEqual(children(press!), [
    '2:level ns=2;s=press/level',
    '2:drive ns=2;s=/press/drive',
    '2:T1.5 ns=2;s=press/T1.5',
    '2:state ns=2;s=press/state',
    '2:door ns=2;s=press/door',
    '2:scaled ns=2;s=press/scaled',
    '2:flags ns=2;s=press/flags',
  ])
  const [level, drive, t15, state, door, scaled, flags] = press!.children!
  assert.deepEqual(children(drive!), ['2:axis 1 ns=2;s=/press/drive/axis 1'])
  const [speed] = drive!.children![0]!.children!
  assert.equal(speed!.id, 'ns=2;s=press/drive/axis 1.speed')
  // AnalogItemType, AnalogUnitType, BaseDataVariableType, MultiStateValueDiscreteType, TwoStateDiscreteType (OPC 10000-6, Annex A)
  const types = [level, speed, t15, state, door, scaled, flags].map((node) => node!.type)
  assert.deepEqual(types, ['i=2368', 'i=17497', 'i=63', 'i=11238', 'i=2373', 'i=63', 'i=63'])
  // Float, Int16, Byte, SByte, Boolean, Double, UInt16
  const dataTypes = [level, speed, t15, state, door, scaled, flags].map((node) => node!.dataType)
  assert.deepEqual(dataTypes, ['i=10', 'i=4', 'i=3', 'i=2', 'i=1', 'i=11', 'i=5'])
  // CurrentRead 1, CurrentWrite 2, HistoryRead 4
  assert.deepEqual([level!.access, speed!.access], [7, 5])
  assert.equal(level!.description, 'what is in it')

  await rig.write([4, 2], [5, true])
  const property = async (tag: string, name: string) => (await read(client, `${tag}/${name}`))[0]!.value
  assert.deepEqual(await property('//press/level', 'EURange'), { Low: 0, High: 10 })
  const unit = { NamespaceUri: 'http://www.opcfoundation.org/UA/units/un/cefact', UnitId: 5067080, DisplayName: { locale: null, text: 'm³/h' }, Description: { locale: null, text: 'm³/h' } } // prettier-ignore
  assert.deepEqual(await property('//press/level', 'EngineeringUnits'), unit)
  assert.equal(((await property('//press/drive/axis 1.speed', 'EngineeringUnits')) as typeof unit).UnitId, -1)
  const named = (await property('//press/state', 'EnumValues')) as { Value: string | number; DisplayName: { text: string } }[] // prettier-ignore
  assert.deepEqual(
    named.map(({ Value, DisplayName }) => [Number(Value), DisplayName.text]),
    [
      [-1, 'Broken'],
      [0, 'Off'],
      [2, 'On'],
    ],
  )
  assert.deepEqual(await property('//press/state', 'ValueAsText'), { locale: null, text: 'On' })
  assert.deepEqual(await property('//press/door', 'TrueState'), { locale: null, text: 'Open' })
  const [interval] = await client.ask<PeerValue[]>('read', { nodes: [nodeOf('press/level')], attribute: 'MinimumSamplingInterval' }) // prettier-ignore
  assert.equal(interval!.value, 0)
})

test(
  'values: both timestamps and exactly the status, again and again; never read; the latest at the start',
  { skip },
  async (t) => {
    const tags = typedTable(['press/level', 'float64'], ['press/never', 'int32'], ['press/old', 'string'])
    const latest = memoryLatest()
    latest.set(3, 'kept', 41, 1_700_000_000_000, Status.UncertainLastUsableValue)
    const rig = await startOpcuaServer(t, tags, { context: { latest } })
    const client = await rig.client()
    const strange = 0x80ab0480
    await rig.write([1, 7.5, strange, 1_732_356_000_001])
    for (let time = 0; time < 2; time++) {
      const [level, never, old] = await read(client, 'press/level', 'press/never', 'press/old')
      assert.deepEqual([level!.value, level!.code, level!.sourceTime], [7.5, strange, '2024-11-23T10:00:00.001Z'])
      assert.deepEqual([never!.value, never!.status, never!.sourceTime], [null, 'BadWaitingForInitialData', null])
      assert.deepEqual([old!.value, old!.code, old!.sourceTime], ['kept', 0x40900000, '2023-11-14T22:13:20.000Z'])
    }
    await client.ask('subscribe', { nodes: [nodeOf('press/level')], publishingMs: 50 })
    const values = await received(client, 1)
    assert.deepEqual([values[0]!.sourceTime, values[0]!.serverTime], ['2024-11-23T10:00:00.001Z', '2024-11-23T10:00:00.123Z']) // prettier-ignore
  },
)

type Client = Awaited<ReturnType<Awaited<ReturnType<typeof startOpcuaServer>>['client']>>

async function received(client: Client, count: number): Promise<PeerValue[]> {
  const ask = async () => (await client.ask<{ values: PeerValue[] }>('received')).values
  await eventually(`${count} values arrive`, async () => (await ask()).length >= count)
  return ask()
}

test(
  'every change arrives in order, whatever sampling interval is asked for; one of 0 is told each',
  { skip },
  async (t) => {
    const rig = await startOpcuaServer(t, typedTable(['press/count', 'int32']))
    const client = await rig.client()
    const { items } = await client.ask<{ items: string[] }>('subscribe', { nodes: [nodeOf('press/count')], publishingMs: 50, queue: 2000 }) // prettier-ignore
    assert.deepEqual(items, ['Good'])
    await received(client, 1)
    for (let from = 0; from < 1000; from += 100) await rig.write(...Array.from({ length: 100 }, (_, at) => [1, from + at] as const)) // prettier-ignore
    const values = await received(client, 1001)
    assert.deepEqual(
      values.slice(1).map(({ value }) => value),
      Array.from({ length: 1000 }, (_, at) => at),
    )
  },
)

test('a client that wants no more than a value in 300 ms gets the newest of each 300 ms', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(['press/count', 'int32']))
  const client = await rig.client()
  await client.ask('subscribe', { nodes: [nodeOf('press/count')], publishingMs: 50, samplingMs: 300, queue: 100 })
  await received(client, 1)
  await rig.write([1, 1])
  const began = performance.now()
  await rig.write([1, 2], [1, 3])
  const values = await received(client, 3)
  assert.deepEqual(values.slice(1).map(({ value }) => value), [1, 3]) // prettier-ignore
  assert.ok(performance.now() - began > 200)
})

test('a queue that is too short keeps the newest values and says so, with a bad status too', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(['press/count', 'int32']))
  const client = await rig.client()
  await client.ask('subscribe', { nodes: [nodeOf('press/count')], publishingMs: 300, queue: 3 })
  await received(client, 1)
  const bad = Status.BadDeviceFailure
  await rig.write(...Array.from({ length: 10 }, (_, at) => [1, at, bad] as const))
  const values = (await received(client, 4)).slice(1)
  // Overflow is bit 7, with info type 01: OPC 10000-4, 7.39
  assert.deepEqual(
    values.map(({ value, code }) => [value, code]),
    [
      [7, bad + 0x480],
      [8, bad],
      [9, bad],
    ],
  )
})

test('a deadband in percent of the range', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(['press/level', 'float64', { low: 0, high: 200 }]))
  const client = await rig.client()
  await rig.write([1, 10])
  await client.ask('subscribe', { nodes: [nodeOf('press/level')], publishingMs: 50, deadband: 5, percent: true })
  await received(client, 1)
  await rig.write([1, 15], [1, 19.9], [1, 20.1], [1, 11])
  const values = await received(client, 2)
  assert.deepEqual(values.map(({ value }) => value), [10, 20.1]) // prettier-ignore
})

test(
  'tags that come while the gateway runs appear, and one that changes keeps its id and value',
  { skip },
  async (t) => {
    const tags = typedTable(['press/level', 'float64'])
    const rig = await startOpcuaServer(t, tags)
    const client = await rig.client()
    await rig.write([1, 1])
    await client.ask('subscribe', { nodes: [nodeOf('press/level')], publishingMs: 50 })
    await received(client, 1)
    tags.add({ id: 2, device: 'edge', settings: tagSettings('far', 'int32') })
    tags.put({ id: 1, device: 'press', settings: tagSettings('level', 'float64', { description: 'said later' }) })
    await rig.write([2, 5])
    const [level, far] = await read(client, 'press/level', 'edge/far')
    assert.deepEqual([level!.value, far!.value], [1, 5])
    const [description] = await client.ask<PeerValue[]>('read', { nodes: [nodeOf('press/level')], attribute: 'Description' }) // prettier-ignore
    assert.deepEqual(description!.value, { locale: null, text: 'said later' })
    // Who monitors it goes on doing so.
    await rig.write([1, 2])
    assert.deepEqual((await received(client, 2)).map(({ value }) => value), [1, 2]) // prettier-ignore
  },
)

test('older samples than what is shown, historical ones and unknown tags change nothing', { skip }, async (t) => {
  const latest = memoryLatest()
  latest.set(1, 9, 10)
  const tags = typedTable(['press/level', 'float64'], ['press/hidden', 'float64'])
  const rig = await startOpcuaServer(t, tags, { context: { latest }, options: { tags: ['*/level'] } })
  const client = await rig.client()
  // Numbered from 1: the log still has them, and what is shown is number 10.
  assert.deepEqual(await rig.write([1, 1], [1, 2], [2, 3], [1, 4, 0, 5, true]), { 'not shown': 1 })
  assert.equal((await read(client, 'press/level'))[0]!.value, 9)
  assert.equal((await read(client, 'press/hidden'))[0]!.status, 'BadNodeIdUnknown')
  await rig.write([1, 5], [1, 6], [1, 7], [1, 8], [1, 9], [1, 10], [1, 11])
  assert.equal((await read(client, 'press/level'))[0]!.value, 11)
})

test('what the server can do is published, and more is refused', { skip }, async (t) => {
  const limits = { sessions: 2, monitoredItems: 3, nodesPerCall: 50 }
  const rig = await startOpcuaServer(t, typedTable(['press/a', 'int8'], ['press/b', 'int8']), { options: { limits } })
  const client = await rig.client()
  // MaxSessions, MaxMonitoredItems, MaxNodesPerRead, MaxMonitoredItemsPerCall, MinSupportedSampleRate (OPC 10000-6, Annex A)
  const ids = ['i=24095', 'i=24097', 'i=11705', 'i=11714', 'i=2272']
  const found = await client.ask<PeerValue[]>('read', { nodes: ids })
  assert.deepEqual(found.map(({ value }) => value), [2, 3, 50, 50, 0]) // prettier-ignore
  const nodes = Array.from({ length: 4 }, () => nodeOf('press/a'))
  const { items } = await client.ask<{ items: string[] }>('subscribe', { nodes })
  assert.deepEqual(items, ['Good', 'Good', 'Good', 'BadTooManyMonitoredItems'])
  const many = { nodes: Array.from({ length: 51 }, () => nodeOf('press/a')) }
  await assert.rejects(client.ask('read', many), /BadTooManyOperations/)
  await rig.client()
  await assert.rejects(rig.client(), /BadTooManySessions/)
  await eventually('the facts say so', () => rig.sink.facts().sessions === 2)
  assert.deepEqual([rig.sink.facts().subscriptions, rig.sink.facts()['monitored items']], [1, 3])
})

test('a port that is taken is PORT_IN_USE, and the next attempt finds it free', async (t) => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  await once(holder, 'listening')
  const sink = createOpcuaServer(opcuaServer.options.parse(openOptions(port)), sinkContext())
  t.after(() => sink.close())
  const signal = AbortSignal.timeout(15_000)
  await assert.rejects(sink.connect(signal), (error) => {
    assert.ok(error instanceof GatewayError)
    assert.equal(error.code, 'PORT_IN_USE')
    assert.equal(error.message, `the OPC UA server cannot listen at 127.0.0.1:${port}: another program uses this port`)
    return true
  })
  holder.close()
  await once(holder, 'close')
  await sink.connect(signal)
  assert.equal(sink.facts().endpoint, `opc.tcp://127.0.0.1:${port}`)
})

test('a worker that ends is told at once, and the next one shows what is known', { skip }, async (t) => {
  const port = await freePort()
  const tags = typedTable(['press/level', 'float64'])
  const latest = memoryLatest()
  const worker = new URL('../../testing/opcua-crashing-worker.ts', import.meta.url)
  const sink = createOpcuaServer(opcuaServer.options.parse(openOptions(port)), sinkContext({ tags, latest }), worker)
  t.after(() => sink.close())
  const lost: NotConnectedError[] = []
  sink.onLost((error) => lost.push(error))
  const signal = AbortSignal.timeout(15_000)
  await sink.connect(signal)
  crashWorkers()
  await eventually('the loss is told', () => lost.length === 1)
  assert.equal(lost[0]!.message, 'the OPC UA server ended')
  latest.set(1, 42, 7)
  await sink.connect(signal)
  const client = await startAsyncuaClient(t, { url: `opc.tcp://127.0.0.1:${port}` })
  assert.equal((await read(client, 'press/level'))[0]!.value, 42)
})

test('it closes within two seconds while clients are there', { skip }, async (t) => {
  const rig = await startOpcuaServer(t, typedTable(['press/level', 'float64']))
  const client = await rig.client()
  await client.ask('subscribe', { nodes: [nodeOf('press/level')] })
  const began = performance.now()
  await rig.sink.close()
  assert.ok(performance.now() - began < 2000)
  await assert.rejects(rig.write([1, 1]), NotConnectedError)
})
