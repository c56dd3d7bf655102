/** What asyncua holds is what our tags say, read and subscribed to: every built-in type, arrays, structures, and what becomes of them after a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataType, Value } from '../src/core/value.ts'
import { statusName } from '../src/core/status.ts'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { openOpcua } from '../src/testing/opcua-device.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const P = `nsu=${PLANT};s=`
const skip = needsAsyncua()

/** Node and member behind the plant's namespace; a name of a status is why there is none. */
const VALUES: readonly (readonly [node: string, type: DataType, value: Value])[] = [
  ['Scalars/Boolean', 'string', 'true'],
  ['Scalars/SByte', 'float64', -128],
  ['Scalars/Int32', 'float64', -2_147_483_648],
  ['Scalars/Int64', 'string', '-9223372036854775808'],
  ['Scalars/UInt64', 'int64', 'BadTypeMismatch'],
  ['Scalars/UInt32', 'int32', 'BadTypeMismatch'],
  ['Scalars/Double', 'float32', 'BadTypeMismatch'],
  ['Scalars/String', 'float64', 'BadTypeMismatch'],
  ['Scalars/DateTime', 'float64', 1_709_210_096_789],
  ['Scalars/Guid', 'string', '72962b91-fa75-4ae6-8d28-b404dc7daf63'],
  ['Scalars/ByteString', 'string', 'AAECA/8='],
  ['Scalars/ByteString :: [4]', 'uint8', 255],
  ['Scalars/XmlElement', 'string', '<level>5</level>'],
  ['Scalars/NodeId', 'string', 'ns=2;s=Scalars'],
  ['Scalars/StatusCode', 'string', 'UncertainLastUsableValue'],
  ['Scalars/QualifiedName', 'string', '2:Level'],
  ['Scalars/Null', 'float64', 'BadNoData'],
  ['Scalars/Int64 :: [0]', 'int64', 'BadIndexRangeNoData'],
  ['Arrays/Boolean', 'string', '[true,false,true]'],
  ['Arrays/Byte', 'string', '[1,2,255]'],
  ['Arrays/Byte', 'bytes', Uint8Array.of(1, 2, 255)],
  ['Arrays/Int32 :: [3]', 'int32', 40],
  ['Arrays/Int32 :: [4]', 'int32', 'BadIndexRangeNoData'],
  ['Arrays/Int32', 'int32', 'BadTypeMismatch'],
  ['Arrays/String :: [2]', 'string', 'ü'],
  ['Arrays/DateTime', 'string', '["2024-02-29T12:34:56.789Z"]'],
  ['Arrays/LocalizedText', 'string', '["an","on"]'],
  ['Arrays/Empty', 'string', '[]'],
  ['Arrays/Empty :: [0]', 'int32', 'BadIndexRangeNoData'],
  ['Arrays/Matrix', 'string', '[[1,2,3],[4,5,6]]'],
  ['Arrays/Cube', 'string', '[[[1,2],[3,4]],[[5,6],[7,8]]]'],
  ['Arrays/Matrix :: [0,2]', 'float64', 3],
  ['Arrays/Matrix :: [1,3]', 'float64', 'BadIndexRangeNoData'],
  ['Arrays/Cube :: [1,0,1]', 'int32', 6],
  ['Structures/Motor', 'string', '{"speed":1480.5,"running":true,"name":"M1","starts":"9007199254740993"}'],
  ['Structures/Motor :: running', 'bool', true],
  ['Structures/Motor :: torque', 'float64', 'BadIndexRangeNoData'],
  ['Structures/Motor :: __proto__', 'float64', 'BadIndexRangeNoData'],
  ['Structures/Axis :: drive.starts', 'uint64', 9_007_199_254_740_993n],
  ['Structures/Axis :: brakes[0].name', 'string', 'M2'],
  ['Structures/Axis :: brakes[2].name', 'string', 'BadIndexRangeNoData'],
  ['Structures/Axis :: limits', 'string', '[-10,10]'],
  ['Structures/Axis :: mode', 'int32', 2],
  ['Structures/Motors :: [1].name', 'string', 'M2'],
  ['Structures/Recipe :: temperature', 'float64', 81.5],
  ['Structures/Recipe :: note', 'string', 'BadNoData'],
  ['Structures/Either :: text', 'string', 'open'],
  ['Structures/Either :: number', 'int32', 'BadIndexRangeNoData'],
  ['Enumerations/State', 'string', '2'],
  ['Enumerations/ServerState', 'uint8', 0],
]
const addressOf = (node: string): string => `${P}${node}`
const named = ({ status, value }: { status: number; value: unknown }): unknown => value ?? statusName(status)

test('read: every type, arrays, structures, and what none of them has', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const { read } = await openOpcua(t, server.url)
  const found = await read(...VALUES.map(([node, type]) => [addressOf(node), type] as const))
  assert.deepEqual(VALUES.map(([node, type], at) => [node, type, found[at]]), VALUES) // prettier-ignore
})

test(
  'subscribed to: the same, and a shadow read of a structure finds no fault where there is none',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t)
    const tags = VALUES.map(([node, type], at) => ({ name: `t${at}`, address: addressOf(node), type }))
    const rig = await startOpcuaRig(t, server.url, tags, { liveness: { canary: '500ms', keepAlive: '500ms' } })
    await eventually('each has come', () => tags.every(({ name }) => rig.last(name) !== undefined))
    assert.deepEqual(VALUES.map(([node, type], at) => [node, type, named(rig.last(`t${at}`)!)]), VALUES) // prettier-ignore
    assert.equal(rig.rows().length, VALUES.length, 'one row each')
    await eventually('shadow reads', () => (rig.device.liveness()?.canaries ?? 0) >= 10, 15_000)
    assert.deepEqual(rig.device.liveness()!.rebuilds, { subscription: 0, session: 0, socket: 0 })
  },
)

test('changes of fields, of elements and of a whole array come by the subscription', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const rig = await startOpcuaRig(t, server.url, [
    { name: 'speed', address: `${P}Structures/Motor :: speed` },
    { name: 'starts', address: `${P}Structures/Motor :: starts`, type: 'uint64' },
    { name: 'third', address: `${P}Arrays/Int32 :: [2]`, type: 'int32' },
    { name: 'fifth', address: `${P}Arrays/Int32 :: [4]`, type: 'int32' },
  ])
  await rig.see('speed', 'at first', ({ value }) => value === 1480.5)
  await server.ask('structure', { node: 'Structures/Motor', fields: { speed: -12.5, starts: 7 } })
  await rig.see('speed', 'then', ({ value }) => value === -12.5)
  await rig.see('starts', 'then', ({ value }) => value === 7n)
  await server.ask('set', { node: 'Arrays/Int32', value: [1, 2, -3, 4, 5], type: 'Int32' })
  await rig.see('third', 'then', ({ value }) => value === -3)
  await rig.see('fifth', 'there is one now', ({ value }) => value === 5)
  await server.ask('set', { node: 'Arrays/Int32', value: [1], type: 'Int32' })
  await rig.see('third', 'is no more', ({ status }) => statusName(status) === 'BadIndexRangeNoData')
})

test(
  'after a restart with other namespaces the types of structures are asked for anew, polled and subscribed to',
  { skip },
  async (t) => {
    const first = await startAsyncuaServer(t)
    const rig = await startOpcuaRig(t, first.url, [
      { name: 'speed', address: `${P}Structures/Motor :: speed` },
      { name: 'polled', address: `poll ${P}Structures/Axis :: drive.name`, type: 'string' },
      { name: 'path', address: `/{${PLANT}}Plant/Scalars/Int16`, type: 'int16' },
    ])
    const all = async () => {
      await rig.see('speed', 'the speed', ({ value }) => value === 1480.5, 15_000)
      await rig.see('polled', 'the name', ({ value }) => value === 'M1', 15_000)
      await rig.see('path', 'the number', ({ value }) => value === -32_768, 15_000)
    }
    await all()
    await first.process.stop()
    await eventually('the loss is told', () => rig.last('speed')?.status !== 0)
    rig.forget()
    const namespaces = ['urn:other', 'urn:bifrost:test:types', PLANT]
    await startAsyncuaServer(t, { port: first.port, namespaces })
    await all()
  },
)

test(
  'an array of 200,000 numbers: its elements are tags, as a whole it is told to be too long',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t, { hugeArray: 200_000 })
    const { read, reason } = await openOpcua(t, server.url)
    assert.deepEqual(
    await read([`${P}Arrays/Huge :: [199999]`, 'float64'], [`${P}Arrays/Huge`, 'string'], [`${P}Arrays/Huge :: [200000]`, 'float64']),
    [199_999, 'BadOutOfRange', 'BadIndexRangeNoData'],
  ) // prettier-ignore
    assert.equal(await reason(`${P}Arrays/Huge`, 'string'), 'The server gave an array of 200000 Double, which is too long as a text. Take members of it, such as [0].') // prettier-ignore
  },
)
