/** What is written to an OPC UA server arrives as it was meant, or is refused with the reason: told by servers that nobody here wrote. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Status } from '../src/core/status.ts'
import type { DataType, Value } from '../src/core/value.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'
import { needsAsyncua, PLANT, startAsyncuaServer, type PeerValue } from '../src/testing/asyncua.ts'
import { pointsOf, tagOf } from '../src/testing/driver-suite.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { openOpcua } from '../src/testing/opcua-device.ts'
import { eventually } from '../src/testing/peers.ts'

const P = `nsu=${PLANT};s=`
const skip = needsAsyncua()

/** Node, type of our tag, what is written, and what asyncua holds then (int64 as text). */
const ARRIVES: readonly (readonly [node: string, type: DataType, value: Value, held: unknown])[] = [
  ['Boolean', 'bool', false, false],
  ['Byte', 'uint8', 0, 0],
  ['Int16', 'int16', -12, -12],
  ['UInt16', 'uint16', 65_535, 65_535],
  ['Int32', 'int32', -2_147_483_648, -2_147_483_648],
  ['UInt32', 'uint32', 4_294_967_295, 4_294_967_295],
  ['Int64', 'int64', -9_223_372_036_854_775_808n, '-9223372036854775808'],
  ['Int64', 'string', '-12', '-12'],
  ['UInt64', 'uint64', 18_446_744_073_709_551_615n, '18446744073709551615'],
  ['Float', 'float32', 0.5, 0.5],
  ['Double', 'float64', -1e300, -1e300],
  ['String', 'string', '007', '007'],
  ['String', 'string', '', ''],
  ['DateTime', 'string', '2024-02-29T12:34:56.789Z', '2024-02-29T12:34:56.789Z'],
  ['DateTime', 'string', '2024-02-29T13:34:56.789+01:00', '2024-02-29T12:34:56.789Z'],
  ['DateTime', 'float64', 1_709_210_096_789, '2024-02-29T12:34:56.789Z'],
  ['Guid', 'string', '72962b91-fa75-4ae6-8d28-b404dc7daf64', '72962b91-fa75-4ae6-8d28-b404dc7daf64'],
  ['ByteString', 'bytes', Uint8Array.of(255, 0), '/wA='],
  ['ByteString', 'string', '/wA=', '/wA='],
  ['Int32Array', 'string', '[3, -2, 1]', [3, -2, 1]],
  ['Int32Array', 'string', '[]', []],
  ['State', 'int32', 2, 2],
]

/** What cannot be what the node holds is not sent. */
const MISFITS: readonly (readonly [node: string, type: DataType, value: Value])[] = [
  ['Boolean', 'int32', 2],
  ['Boolean', 'string', 'true'],
  ['Byte', 'int32', 256],
  ['Int16', 'string', '12'],
  ['Int16', 'float64', 1.5],
  ['UInt32', 'int32', -1],
  ['Int64', 'string', '9223372036854775808'],
  ['UInt64', 'int64', -1n],
  ['Float', 'float64', 1e300],
  ['Double', 'string', '1.5'],
  ['String', 'int32', 5],
  ['DateTime', 'string', '12'],
  ['DateTime', 'string', '2024-02-29T12:34:56'],
  ['Guid', 'string', 'no guid'],
  ['ByteString', 'string', 'no base64!'],
  ['Int32Array', 'string', '[1, 2.5]'],
  ['Int32Array', 'string', '["1"]'],
  ['Int32Array', 'string', '1, 2'],
  ['Int32Array', 'int32', 1],
]

test('every type arrives at asyncua as it was meant', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const { write } = await openOpcua(t, server.url)
  for (const [node, type, value, held] of ARRIVES) {
    const what = `${node} as ${type} ${String(value)}`
    assert.equal(await write(`${P}Writable/${node}`, type, value), 'Good', what)
    const got = (await server.ask<PeerValue>('get', { node: `Writable/${node}` })).value
    assert.deepEqual(typeof got === 'string' && node === 'DateTime' ? new Date(got).toISOString() : got, held, what)
  }
  assert.equal(await write(`${P}Writable/LocalizedText`, 'string', 'Füllstand 2'), 'Good')
  const text = (await server.ask<PeerValue>('get', { node: 'Writable/LocalizedText' })).value
  assert.match(JSON.stringify(text), /Füllstand 2/)
})

test('what does not fit the node is refused before it is sent, and the node keeps what it has', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const { write } = await openOpcua(t, server.url)
  const writes = () => server.told.filter(({ event }) => event === 'written').length
  for (const [node, type, value] of MISFITS) {
    assert.match(
      await write(`${P}Writable/${node}`, type, value),
      /^BadTypeMismatch The (value does|node holds)/,
      `${node} ${String(value)}`,
    )
  }
  assert.match(await write(`${P}Writable/Motor`, 'string', '{}'), /^BadNotSupported A structure cannot be written/)
  assert.match(await write(`${P}Writable/Motor :: speed`, 'float64', 1), /^BadNotSupported A field of a structure/)
  assert.match(await write(`${P}Writable/Double :: [0]`, 'float64', 1), /^BadIndexRangeInvalid .*single value/)
  assert.match(await write(`${P}Nowhere`, 'float64', 1), /^BadNodeIdUnknown/)
  assert.match(await write('nsu=urn:nobody;s=x', 'float64', 1), /^BadNodeIdUnknown .*no namespace urn:nobody/)
  assert.equal(writes(), 0)
  assert.equal(await write(`${P}Writable/Limited`, 'float64', 101), 'BadOutOfRange')
  assert.equal(await write(`${P}ReadOnly`, 'int32', 1), 'BadNotWritable')
})

test(
  'a write with a source time or a status goes without where the server refuses those, and says so',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t)
    for (const writeTimestamps of ['source', 'both'] as const) {
      const { write } = await openOpcua(t, server.url, { writeTimestamps })
      const before = Date.now()
      assert.equal(await write(`${P}Writable/Double`, 'float64', 2.5), 'Good')
      const { sourceTime } = await server.ask<PeerValue>('get', { node: 'Writable/Double' })
      assert.ok(Date.parse(sourceTime!) >= before - 1, `${sourceTime}`)
      assert.match(await write(`${P}Writable/ValueOnly`, 'float64', 3.5), /^Good The server takes no source time/)
      assert.equal((await server.ask<PeerValue>('get', { node: 'Writable/ValueOnly' })).value, 3.5)
    }
  },
)

test('one element of an array is written by an index range, and the others stay', async (t) => {
  const server = await startFaultyServer(t)
  await server.ask('add', { node: 'Writable/List', type: 'Double', value: [1, 2, 3] })
  const { write, read } = await openOpcua(t, server.url)
  assert.equal(await write(`${P}Writable/List :: [1]`, 'float64', -12), 'Good')
  assert.deepEqual((await server.ask<{ value: unknown }>('get', { node: 'Writable/List' })).value, {
    0: 1,
    1: -12,
    2: 3,
  })
  assert.match(await write(`${P}Writable/List :: [7]`, 'float64', 1), /^BadIndexRange/)
  assert.equal(await write(`${P}Writable/List`, 'string', '[7.5, 8]'), 'Good')
  assert.deepEqual(await read([`${P}Writable/List`, 'string']), ['[7.5,8]'])
})

test('methods are called with what they take, and what they return is told', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const { write } = await openOpcua(t, server.url)
  const call = (name: string, value: Value, type: DataType = 'string') =>
    write(`call ${P}Methods / ${P}Methods/${name}`, type, value)
  assert.equal(await call('Add', '[1.5, -2]'), 'Good It returned [-0.5].')
  assert.equal(await call('Echo', 'plain words'), 'Good It returned ["plain words"].')
  assert.equal(await call('Echo', '5'), 'Good It returned ["5"].', 'a text argument stays text')
  assert.equal(await call('Echo', '["[1]"]'), 'Good It returned ["[1]"].')
  assert.equal(await call('Nothing', ''), 'Good')
  assert.match(
    await call('Many', '[3, true, "an", [1, 2.5]]'),
    /^Good It returned \["\[3, true, .*an.*\[1.0, 2.5\]\]"\]\.$/,
  )
  assert.match(await call('Add', '[1]'), /^BadArgumentsMissing The method takes 2 arguments \(a, b\), got 1\./)
  assert.match(await call('Add', '[1, 2, 3]'), /^BadTooManyArguments The method takes 2 arguments/)
  assert.match(await call('Nothing', '[1]'), /^BadTooManyArguments The method takes 0 arguments, got 1/)
  assert.match(await call('Add', '[1, "two"]'), /^BadTypeMismatch Argument b is of another type than "two"/)
  assert.match(await call('Limited', '[101]'), /^BadInvalidArgument .*value: BadOutOfRange/)
  assert.equal(await call('Limited', 99, 'float64'), 'Good')
  assert.match(await call('Refuse', '[2147549184]'), /^Bad/)
  assert.match(await call('Nowhere', ''), /^Bad(MethodInvalid|NodeIdInvalid|NodeIdUnknown)/)
  assert.match(await call('Raise', ''), /^BadUnexpectedError/)
  const called = server.told.filter(({ event }) => event === 'called').map(({ method }) => method)
  assert.equal(called.filter((name) => name === 'Add').length, 1, 'a wrong call is not sent')
})

test('a write under way when the connection breaks is not known to have arrived, and is never sent again', async (t) => {
  const server = await startFaultyServer(t)
  const { device, write } = await openOpcua(t, server.url)
  assert.equal(await write(`${P}Writable/Double`, 'float64', 1), 'Good')
  await server.ask('asked', { reset: true })
  await server.ask('fault', { service: 'Write', close: true, times: 1 })
  await assert.rejects(write(`${P}Writable/Double`, 'float64', 2), { code: 'NOT_CONNECTED' })
  await device.connect(AbortSignal.timeout(10_000))
  assert.equal(await write(`${P}Writable/Double`, 'float64', 3), 'Good')
  assert.equal((await server.ask<Record<string, number>>('asked')).Write, 2)
})

test('a write that nobody wants any more is not sent, nor what stands behind it', async (t) => {
  const server = await startFaultyServer(t)
  const { device } = await openOpcua(t, server.url)
  const points = pointsOf(opcua, [tagOf(`${P}Writable/Double`, 'float64'), tagOf(`${P}Writable/Int16`, 'int16')])
  const stop = new AbortController()
  await server.ask('fault', { service: 'Write', delayMs: 400, times: 1 })
  const writing = device.write(points.map((point) => ({ point, value: 7 })), stop.signal) // prettier-ignore
  await eventually(
    'the first is on its way',
    async () => ((await server.ask<Record<string, number>>('asked')).Write ?? 0) === 1,
  )
  stop.abort(new Error('too late'))
  await assert.rejects(writing, /too late/)
  await eventually(
    'the first was carried out',
    async () => (await server.ask<{ value: unknown }>('get', { node: 'Writable/Double' })).value === 7,
  )
  await device.identify!(AbortSignal.timeout(1000))
  assert.equal((await server.ask<Record<string, number>>('asked')).Write, 1)
  // Before it was begun: refused by whoever asked.
  let begun = 0
  const items = [{ point: points[0]!, value: 9, watch: { begin: () => (begun++, false), remark() {} } }]
  assert.deepEqual(await device.write(items, AbortSignal.timeout(5000)), [Status.BadRequestNotComplete])
  assert.equal(begun, 1)
  assert.equal((await server.ask<Record<string, number>>('asked')).Write, 1)
})
