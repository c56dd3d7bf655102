/** Browsing and searching an address space that asyncua holds, with what it is known to hold written out. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { GatewayError } from '../../../core/errors.ts'
import { needsAsyncua, startAsyncuaServer } from '../../../testing/asyncua.ts'
import { openTools } from '../../../testing/opcua-tool-rig.ts'
import type { BrowsedNode, NodeDetails } from '../browsed.ts'

const skip = needsAsyncua()
/** One server for the tests that only look. */
const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends) await end()
})
let plant: Promise<string> | undefined
const plantUrl = (): Promise<string> =>
  (plant ??= startAsyncuaServer({ after: (end) => void ends.push(end) }, { di: true }).then(({ url }) => url))
const PLANT = 'nsu=urn:bifrost:test:plant;s='

interface Browsed {
  readonly start: BrowsedNode
  readonly nodes: readonly BrowsedNode[]
  readonly cut: boolean
  readonly problems: readonly string[]
}

test(
  'browse: names, types, units, ranges, words and access of each node, ids by namespace URI',
  { skip },
  async (t) => {
    const rig = await openTools(t, await plantUrl())
    const objects = await rig.run<Browsed>('browse')
    assert.deepEqual(
      objects.nodes.map(({ displayName, nodeClass, level }) => `${displayName} ${nodeClass} ${level}`),
      ['Locations', 'Server', 'Aliases', 'Plant', 'DeviceSet', 'Events', 'Alarms', 'Methods'].map(
        (name) => `${name} Object 1`,
      ),
    )
    const { nodes } = await rig.run<Browsed>('browse', { node: '/2:Plant', depth: 2 })
    const named = (name: string) => {
      const { index: _, parent: __, ...found } = nodes.find(({ node }) => node === `${PLANT}${name}`)!
      return found
    }
    assert.deepEqual(named('Analog'), {
      level: 1,
      node: 'nsu=urn:bifrost:test:plant;s=Analog',
      path: '/{urn:bifrost:test:plant}Plant/Analog',
      nodeClass: 'Variable',
      browseName: 'Analog',
      displayName: 'Analog',
      description: 'Temperature of the furnace',
      variable: {
        dataType: 'Double',
        tagType: 'float64',
        elementType: 'float64',
        valueRank: -1,
        readable: true,
        writable: true,
        unit: '°C',
        low: 0,
        high: 200,
      },
    })
    const words = (name: string) => {
      const { dataType, tagType, symbols } = named(name).variable!
      return [dataType, tagType, symbols]
    }
    assert.deepEqual(words('Enumerations/State'), ['PumpState', 'int32', '0=Stopped|1=Starting|2=Running|3=Fault'])
    assert.deepEqual(words('Enumerations/MultiState'), ['UInt32', 'uint32', '0=closed|1=open|2=stuck'])
    assert.deepEqual(words('Structures/Axis'), ['Axis', 'string', undefined])
    assert.deepEqual(named('Arrays/Cube').variable, {
      dataType: 'Int32',
      tagType: 'string',
      elementType: 'int32',
      valueRank: 3,
      dimensions: [2, 2, 2],
      readable: true,
      writable: false,
    })
    // Properties are one level further down than their variable.
    assert.equal(nodes.find(({ node }) => node === `${PLANT}Analog/EURange`)?.isProperty, true)
    const lines = await rig.lines('browse', { node: `${PLANT}Enumerations` })
    assert.equal(lines[0], 'Enumerations  nsu=urn:bifrost:test:plant;s=Enumerations  /{urn:bifrost:test:plant}Plant/Enumerations') // prettier-ignore
    assert.match(
      lines[3]!,
      /^ {2}MultiState {3}UInt32 \(0=closed\|1=open\|2=stuck\) +nsu=urn:bifrost:test:plant;s=Enumer/,
    )
  },
)

test('every built-in type is told by its name, and has a type of tag', { skip }, async (t) => {
  const rig = await openTools(t, await plantUrl())
  const { nodes } = await rig.run<Browsed>('browse', { node: '/2:Plant/Scalars' })
  const types = Object.fromEntries(nodes.map(({ browseName, variable }) => [browseName, variable!.tagType]))
  assert.deepEqual(types, {
    Boolean: 'bool', SByte: 'int8', Byte: 'uint8', Int16: 'int16', UInt16: 'uint16', Int32: 'int32', UInt32: 'uint32', Int64: 'int64',
    UInt64: 'uint64', Float: 'float32', Double: 'float64', String: 'string', DateTime: 'string', Guid: 'string', ByteString: 'bytes',
    XmlElement: 'string', NodeId: 'string', ExpandedNodeId: 'string', StatusCode: 'uint32', QualifiedName: 'string',
    LocalizedText: 'string', Null: 'float64',
  }) // prettier-ignore
  for (const { browseName, variable } of nodes.filter(({ browseName: name }) => name !== 'Null'))
    assert.equal(variable!.dataType, browseName)
})

test('limits: depth, number of nodes, and what the server bears in one request', { skip }, async (t) => {
  const server = await startAsyncuaServer(t, { tree: 1000, limits: { MaxNodesPerBrowse: 7, MaxNodesPerRead: 50 } })
  const rig = await openTools(t, server.url)
  const one = await rig.run<Browsed>('browse', { node: '/2:Plant/Tree' })
  assert.deepEqual([one.nodes.length, one.cut], [5, false])
  const all = await rig.run<Browsed>('browse', { node: '/2:Plant/Tree', depth: 9 })
  assert.deepEqual([all.nodes.length, all.cut], [1000, false])
  assert.equal(new Set(all.nodes.map(({ node }) => node)).size, 1000)
  // In the order of the tree: what is below a node comes right after it.
  assert.deepEqual(
    all.nodes.slice(0, 3).map(({ displayName, level }) => `${displayName} ${level}`),
    ['Line0 1', 'Machine0 2', 'Sensor0 3'],
  )
  const some = await rig.run<Browsed>('browse', { node: '/2:Plant/Tree', depth: 9, most: 100 })
  assert.deepEqual([some.nodes.length, some.cut], [100, true])
  await server.ask('limits', { MaxNodesPerBrowse: 3 })
  // It says 7 still and bears 3: it is asked for fewer.
  const fewer = await rig.run<Browsed>('browse', { node: '/2:Plant/Tree', depth: 9 })
  assert.deepEqual([fewer.nodes.length, fewer.problems], [1000, []])
})

test('search: parts of names and descriptions, expressions, a part at a time and further on', { skip }, async (t) => {
  const server = await startAsyncuaServer(t, { tree: 1000 })
  const rig = await openTools(t, server.url)
  type Found = { nodes: readonly BrowsedNode[]; looked: number; next: number | null }
  const names = async (input: object) =>
    (await rig.run<Found>('search', { ...input })).nodes.map(({ node }) => node.slice(PLANT.length))
  assert.deepEqual(await names({ pattern: 'OF THE FURN' }), ['Analog'])
  assert.deepEqual(await names({ pattern: '/^Int(16|32)$/', node: '/2:Plant/Writable' }), ['Writable/Int16', 'Writable/Int32']) // prettier-ignore
  assert.deepEqual(await names({ pattern: 'nothing of that name' }), [])
  const first = await rig.run<Found>('search', { pattern: 'sensor19', most: 30 })
  assert.equal(first.nodes.length, 30)
  assert.notEqual(first.next, null)
  const second = await rig.run<Found>('search', { resume: first.next, most: 1000 })
  assert.equal(second.next, null)
  const all = [...first.nodes, ...second.nodes].map(({ node }) => node)
  // 1000 nodes are four lines of 211 and 156 more: 10, 10, 10, 10 and 7 machines with 20 sensors.
  assert.equal(all.length, 47)
  assert.equal(new Set(all).size, 47)
  await assert.rejects(rig.run('search', { resume: first.next }), /this search is over/)
  await assert.rejects(rig.run('search', { pattern: '/(/' }), /cannot be searched for: Invalid regular expression/)
  await assert.rejects(
    rig.run('search', { pattern: '/^(\\w+\\s?)+\\d$/', node: '/2:Plant' }).then(async () => {
      await server.ask('rename', { node: 'ReadOnly', text: `${'a'.repeat(60)}!` })
      await rig.run('search', { pattern: '/^(\\w+\\s?)+\\d$/', node: '/2:Plant' })
    }),
    /it takes too long/,
  )
  assert.deepEqual(await names({ pattern: 'analog' }), ['Analog'], 'the worker goes on after that')
})

test('node: all attributes and references; one that is not there is said to be so', { skip }, async (t) => {
  const rig = await openTools(t, await plantUrl())
  const { facts, attributes, references } = await rig.run<NodeDetails>('node', { node: 'ns=2;s=Analog' })
  assert.equal(facts.path, '/{urn:bifrost:test:plant}Plant/Analog')
  assert.deepEqual(attributes, {
    NodeId: 'nsu=urn:bifrost:test:plant;s=Analog',
    NodeClass: 'Variable',
    BrowseName: '{urn:bifrost:test:plant}Analog',
    DisplayName: 'Analog',
    Description: 'Temperature of the furnace',
    WriteMask: '0',
    UserWriteMask: '0',
    Value: '20',
    DataType: 'i=11',
    ValueRank: '-1',
    AccessLevel: 'read, write',
    UserAccessLevel: 'read, write',
    MinimumSamplingInterval: '0',
    Historizing: 'false',
  })
  assert.deepEqual(
    references.map(({ type, forward, name }) => `${forward ? '' : 'inverse '}${type} ${name}`),
    ['inverse HasComponent Plant', 'HasTypeDefinition AnalogItemType', 'HasProperty EURange', 'HasProperty InstrumentRange', 'HasProperty EngineeringUnits'], // prettier-ignore
  )
  for (const node of ['ns=2;s=Nope', '/2:Plant/Nope', 'nsu=urn:nowhere;s=A'])
    await assert.rejects(rig.run('node', { node }), (error: GatewayError) => {
      assert.equal(error.code, 'NOT_FOUND')
      assert.match(error.message, /bifrost opcua browse|The server has no namespace urn:nowhere/)
      return true
    })
  await assert.rejects(rig.run('browse', { node: 'Plant/Level' }), /"Plant\/Level" is no node; expected nsu=URI/)
})

test('a circle of references is walked once round', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  await server.ask('link', { from: 'Analog', to: 'Plant' })
  await server.ask('link', { from: 'Scalars/Int32', to: 'Scalars' })
  const rig = await openTools(t, server.url)
  const { nodes, cut } = await rig.run<Browsed>('browse', { node: '/2:Plant', depth: 64, most: 10_000 })
  assert.equal(cut, false)
  assert.equal(new Set(nodes.map(({ node }) => node)).size, nodes.length)
  assert.equal(nodes.filter(({ node }) => node === `${PLANT}Plant`).length, 0)
  // The path of a node that leads round ends.
  assert.equal((await rig.run<NodeDetails>('node', { node: 'ns=2;s=Scalars/Int16' })).facts.path, '/{urn:bifrost:test:plant}Plant/Scalars/Int16') // prettier-ignore
})

test('identify: the device of OPC UA for Devices where there is one, else its server', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const signal = AbortSignal.timeout(10_000)
  const { driver } = await openTools(t, await plantUrl())
  assert.deepEqual(await driver.identify!(signal), {
    vendor: 'Acme',
    product: 'P-200',
    serial: 'SN-4711',
    firmware: '3.2.1',
  })
  const other = await (await openTools(t, server.url)).driver.identify!(signal)
  assert.equal(other.serial, undefined)
})
