/** A write without an answer ends its connection by a reset, so that it cannot be carried out later; the devices of the line do not notice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusName } from '../../core/status.ts'
import { createPolling } from '../../polling/polling.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { pointsOf, tagOf, testContext } from '../../testing/driver-suite.ts'
import { connectTo, readOnce, registers, startDevice } from '../../testing/modbus-device.ts'
import { eventually } from '../../testing/peers.ts'
import { registersReply, startScriptedDevice } from '../../testing/scripted-device.ts'
import { dial } from '../../wire/dial.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

for (const options of [{}, { release: true }, { maxInFlight: 4 }, { maxConnections: 2 }]) {
  test(`the connection is reset, and the next request has a new one: ${JSON.stringify(options)}`, async (t) => {
    const ends: string[] = []
    const device = await startScriptedDevice(t, (request) => {
      if (request.socket.listenerCount('error') < 2) request.socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code!)) // prettier-ignore
      return request.functionCode === 3 ? registersReply(request, request.address) : undefined
    })
    const shared = {}
    const target = { options: { host: '127.0.0.1', port: device.port, timeout: '100ms' } } as never
    const one = await connectTo(t, target, options, testContext('one', shared))
    const two = await connectTo(t, target, { ...options, unit: 2 }, testContext('two', shared))
    assert.deepEqual(await readOnce(one, registers(1)), [1])
    const [point] = pointsOf(modbus, registers(5))
    for (let round = 1; round <= 2; round++) {
      const results = await one.write([{ point: point!, value: 5 }], signal)
      assert.deepEqual(results.map(statusName), ['BadTimeout'])
      assert.deepEqual(await readOnce(one, registers(1)), [1])
      assert.deepEqual(await readOnce(two, registers(2)), [2])
      await eventually('the device sees the reset', () => ends.length === round)
      assert.deepEqual([ends.at(-1), device.connections], ['ECONNRESET', round + 1])
    }
  })
}

test('a read without an answer, and a write that is answered wrongly or refused, leave the connection alone', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  const [point] = pointsOf(modbus, registers(5))
  const write = async () => (await driver.write([{ point: point!, value: 5 }], signal)).map(statusName)
  device.fault = () => ({ silent: true })
  assert.deepEqual(await readOnce(driver, registers(1)), ['BadTimeout'])
  device.fault = () => ({ exception: 2 })
  assert.deepEqual(await write(), ['BadConfigurationError'])
  device.fault = () => ({ alter: (frame) => frame.with(frame.length - 1, 0x77) })
  assert.deepEqual(await write(), ['BadUnknownResponse'])
  assert.equal(device.server.stats.connections, 1)
})

test('in the gateway a device that ignores a write keeps its values and its state; the write is unknown to whoever asked', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code) => (code === 6 ? { silent: true } : undefined)
  const tag = tagOf('hr:7', 'uint16', { everyMs: 50 })
  const polling = createPolling(
    [{ name: 'plc', type: modbus, options: modbus.options.parse(device.options), enabled: true, points: pointsOf(modbus, [tag]) }], // prettier-ignore
    { clock: systemClock, log: silentLog, dial },
  )
  t.after(() => polling.stop())
  const bad: string[] = []
  polling.start((batch) => {
    for (const { status } of batch) if (status !== 0) bad.push(statusName(status))
  })
  const [session] = polling.devices
  await eventually('values come', () => session!.lastGoodAt !== undefined)
  const statuses = await session!.write([{ point: session!.points[0]!, value: 5 }], { deadlineMs: 1000, signal })
  assert.deepEqual(statuses.map(statusName), ['BadTimeout'])
  const { samples } = session!.stats
  await eventually('polls go on', () => session!.stats.samples > samples + 3)
  assert.deepEqual([bad, session!.state, session!.stats.reconnects], [[], 'Running', 0])
  assert.equal(device.server.stats.connections, 2)
})
