/** Traces of devices that share a line: each sees its own exchanges; what answers nothing goes to all that are traced. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TracedExchange, TraceTap } from '../../core/driver.ts'
import { pointsOf, testContext } from '../../testing/driver-suite.ts'
import { connectTo, readOnce, registers, startDevice, type Device } from '../../testing/modbus-device.ts'
import { eventually } from '../../testing/peers.ts'
import { modbus } from './driver.ts'
import { describeFrame } from './frame-words.ts'
import { inspectFrame } from './frames.ts'

interface Tap extends TraceTap {
  active: boolean
  readonly seen: TracedExchange[]
}

const tap = (active = true): Tap => {
  const seen: TracedExchange[] = []
  return { active, seen, exchange: (exchange) => seen.push(exchange) }
}
const words = ({ seen }: Tap) =>
  seen.map(({ protocol, request, response }) =>
    [
      request && describeFrame(protocol, request, undefined),
      response && describeFrame(protocol, response, request ?? new Uint8Array(0)),
    ].join(' / '),
  )

test('each device of a line sees its own exchanges, whole, with times and results', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  const [first, second, off] = [tap(), tap(), tap(false)]
  const one = await connectTo(t, device, { unit: 1 }, { ...testContext('one', shared), trace: first })
  const two = await connectTo(t, device, { unit: 2 }, { ...testContext('two', shared), trace: second })
  const three = await connectTo(t, device, { unit: 1 }, { ...testContext('three', shared), trace: off })
  const before = Date.now()
  await readOnce(one, registers(5))
  device.fault = () => ({ exception: 4 })
  await readOnce(two, registers(6))
  device.fault = () => ({ silent: true })
  await readOnce(one, registers(8))
  device.fault = undefined
  await readOnce(three, registers(7))
  assert.deepEqual(words(second), [
    'unit 2 Read Holding Registers (03) address 6 count 1 / unit 2 Read Holding Registers (03) exception 04 SERVER DEVICE FAILURE: the device failed while it answered',
  ])
  assert.deepEqual(words(first), [
    'unit 1 Read Holding Registers (03) address 5 count 1 / unit 1 Read Holding Registers (03) registers 0005',
    'unit 1 Read Holding Registers (03) address 8 count 1 / ',
  ])
  assert.match(first.seen[1]!.error!, /no answer within 150 ms/)
  assert.deepEqual(off.seen, [])
  const { sentAt, receivedAt, endpoint } = first.seen[0]!
  assert.ok(sentAt >= before - 1 && receivedAt! >= sentAt && receivedAt! <= Date.now() + 1)
  assert.match(endpoint, /^127\.0\.0\.1:\d+$/)
})

test('writes and identification are traced like polls', async (t) => {
  const device = await startDevice(t)
  const trace = tap()
  const driver = await connectTo(t, device, {}, { ...testContext(), trace })
  const [point] = pointsOf(modbus, registers(3))
  await driver.write([{ point: point!, value: 12 }], AbortSignal.timeout(2000))
  await driver.identify!(AbortSignal.timeout(2000))
  assert.deepEqual(
    trace.seen.map(({ protocol, request }) => inspectFrame(protocol, request!)?.functionCode),
    [6, 43],
  )
})

for (const framing of ['rtu', 'ascii'] as const) {
  test(`frames of ${framing} come whole, with their checks`, async (t) => {
    const device = await startDevice(t)
    const converter = createServer((socket) => device.server.serve(socket, framing)).listen(0, '127.0.0.1')
    await new Promise((resolve) => converter.once('listening', resolve))
    t.after(() => converter.close())
    const { port } = converter.address() as AddressInfo
    const trace = tap()
    const driver = await connectTo(
      t,
      device,
      { port, transport: `${framing}-over-tcp`, timeout: '2s' },
      { ...testContext(), trace },
    )
    await readOnce(driver, registers(7, 8))
    assert.deepEqual(
      trace.seen.map(({ protocol }) => protocol),
      [`modbus/${framing}`],
    )
    assert.deepEqual(words(trace), [
      'unit 1 Read Holding Registers (03) address 7 count 2 / unit 1 Read Holding Registers (03) registers 0007 0008',
    ])
  })
}

test('a late reply goes to the trace of every device of the line that is traced, and no other', async (t) => {
  const sockets: Socket[] = []
  // Answers each request after the device was given up.
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('data', (request: Buffer) => {
      const reply = Buffer.from([request[0]!, request[1]!, 0, 0, 0, 5, request[6]!, 3, 2, 0, 9])
      setTimeout(() => socket.write(reply), 120)
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const device = { options: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, timeout: '50ms' } }
  const shared = {}
  const [asking, beside, off] = [tap(), tap(), tap(false)]
  const one = await connectTo(t, device as unknown as Device, {}, { ...testContext('one', shared), trace: asking })
  await connectTo(t, device as unknown as Device, {}, { ...testContext('two', shared), trace: beside })
  const gone = await connectTo(t, device as unknown as Device, {}, { ...testContext('three', shared), trace: off })
  await readOnce(one, registers(1))
  await eventually('the late reply', () => beside.seen.length === 1)
  const [stray] = beside.seen
  assert.equal(stray!.request, undefined)
  assert.equal(
    describeFrame('modbus/tcp', stray!.response!, new Uint8Array(0)),
    'unit 1 Read Holding Registers (03) registers 0009',
  )
  assert.ok(stray!.error)
  assert.deepEqual(
    asking.seen.map(({ request }) => request === undefined),
    [false, true],
  )
  assert.deepEqual(off.seen, [])
  await gone.close()
})
