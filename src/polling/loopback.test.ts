/** The bad input of a field device, over real sockets with the real Modbus driver and our server with its faults switched on. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { Status, statusName } from '../core/status.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import type { Fault } from '../protocols/modbus/server.ts'
import { eventually } from '../testing/peers.ts'
import { tagSettings } from '../testing/tags.ts'
import { dial } from '../wire/dial.ts'
import { createPolling, type DeviceSetup } from './polling.ts'

const EVERY_MS = 50

/** A server whose unit 1 may be given a fault; unit 2 is always well. */
async function plant(t: TestContext, port = 0) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const state: { fault: Fault | undefined } = { fault: undefined }
  const server = createModbusServer({
    clock: systemClock,
    unit: () => bank,
    intercept: ({ unit }) => (unit === 1 ? state.fault : undefined),
  })
  const listening = await server.listen(port)
  t.after(() => server.close())
  return { server, state, port: listening }
}

function deviceOf(name: string, port: number, unit: number, firstTag: number): DeviceSetup {
  const settings = (tag: number) =>
    tagSettings({ name: `t${tag}`, address: `hr:${tag - firstTag}`, type: 'uint16', everyMs: EVERY_MS })
  return {
    name,
    type: modbus,
    options: modbus.options.parse({ host: '127.0.0.1', port, unit, timeout: '100ms', connectTimeout: '500ms' }),
    enabled: true,
    points: [firstTag, firstTag + 1].map((tag) => ({
      tag,
      address: modbus.parseAddress(`hr:${tag - firstTag}`),
      settings: settings(tag),
    })),
  }
}

/** Polls; `last` is the last status of each tag. */
function poll(t: TestContext, ...devices: readonly DeviceSetup[]) {
  const polling = createPolling(devices, {
    clock: systemClock,
    log: silentLog,
    random: () => 0,
    dial: (endpoint, signal) => dial(endpoint, signal),
  })
  const last = new Map<number, string>()
  polling.start((batch) => {
    for (const { tag, status } of batch) last.set(tag, statusName(status))
  })
  t.after(() => polling.stop())
  const states = (name: string, state: string) => () => polling.device(name)!.state === state
  return { polling, last, states }
}

// oxlint-disable-next-line unicorn/no-thenable -- the field says what happens then
const halfAFrame: Fault = { alter: (frame) => frame.subarray(0, 5), then: 'reset' }
const faults: [string, Fault, string][] = [
  ['is silent', { silent: true }, 'BadTimeout'],
  ['answers too slowly', { delayMs: 400 }, 'BadTimeout'],
  ['sends half a frame and RST', halfAFrame, 'BadNoCommunication'],
  ['sends a lying length', { alter: (frame) => lie(frame) }, 'BadNoCommunication'],
  ['sends garbage', { alter: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, 'BadNoCommunication'],
]

function lie(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame)
  copy[4] = 0xff
  return copy
}

for (const [what, fault, status] of faults) {
  test(`a device that ${what}: its points are bad with the reason, its neighbour does not notice, it recovers alone`, async (t) => {
    const bad = await plant(t)
    const well = await plant(t)
    const { polling, last, states } = poll(t, deviceOf('bad', bad.port, 1, 0), deviceOf('well', well.port, 2, 10))
    await eventually('both run', () => states('bad', 'Running')() && states('well', 'Running')())
    const before = polling.device('well')!.stats.pollsOk
    bad.state.fault = fault
    await eventually('it has failed', states('bad', 'Failed'))
    assert.ok(polling.device('bad')!.reason!.length > 40)
    assert.deepEqual([last.get(0), last.get(1)], [status, status])
    bad.state.fault = undefined
    await eventually('it runs again', states('bad', 'Running'))
    assert.deepEqual([last.get(0), last.get(1)], ['Good', 'Good'])
    const { stats, state } = polling.device('well')!
    assert.equal(state, 'Running')
    assert.equal(stats.pollsFailed, 0)
    assert.ok(stats.pollsOk > before)
  })
}

test('a unit that is silent behind a shared socket: the other unit of the socket goes on', async (t) => {
  const { state, port, server } = await plant(t)
  const { polling, last, states } = poll(t, deviceOf('one', port, 1, 0), deviceOf('two', port, 2, 10))
  await eventually('both run', () => states('one', 'Running')() && states('two', 'Running')())
  assert.equal(server.connections, 1)
  state.fault = { silent: true }
  await eventually('unit 1 has failed', states('one', 'Failed'))
  assert.match(
    polling.device('one')!.reason!,
    new RegExp(`^one did not answer\\. 127\\.0\\.0\\.1:${port} unit 1 accepts`),
  )
  const before = polling.device('two')!.stats.pollsOk
  await eventually('unit 2 goes on', () => polling.device('two')!.stats.pollsOk >= before + 10)
  assert.equal(last.get(0), 'BadTimeout')
  assert.equal(last.get(10), 'Good')
  assert.equal(polling.device('two')!.stats.reconnects, 0)
  state.fault = undefined
  await eventually('unit 1 runs again', states('one', 'Running'))
})

test('a device that refuses the connection is told so in words, and comes up when it does', async (t) => {
  const first = await plant(t)
  const { port } = first
  await first.server.close()
  const { polling, last, states } = poll(t, deviceOf('late', port, 1, 0))
  await eventually('it has failed', states('late', 'Failed'))
  assert.match(polling.device('late')!.reason!, /^late cannot be reached\. .*127\.0\.0\.1/)
  assert.equal(last.get(0), 'BadNoCommunication')
  await plant(t, port)
  await eventually('it runs', states('late', 'Running'))
  assert.equal(last.get(0), 'Good')
})

test('a write reaches the device, and stop ends within a second whatever is in flight', async (t) => {
  const { state, port } = await plant(t)
  const { polling, states } = poll(t, deviceOf('press', port, 1, 0))
  await eventually('it runs', states('press', 'Running'))
  const device = polling.device('press')!
  const items = [{ point: device.points[1]!, value: 4711 }]
  assert.deepEqual(await device.write(items, { deadlineMs: 1000, signal: new AbortController().signal }), [Status.Good])
  const read = await device.readNow([device.points[1]!], new AbortController().signal)
  assert.equal(read.valueAt(0), 4711)
  state.fault = { silent: true }
  await new Promise((resolve) => setTimeout(resolve, 60))
  const began = performance.now()
  await polling.stop()
  assert.ok(performance.now() - began < 1000)
})
