/** The tool `identify` against a server of ours over real sockets, with its faults. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../core/clock.ts'
import type { LineAccess } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { createModbusServer, RegisterBank, type BankLayout } from '../../../protocols/modbus/index.ts'
import { connectTo, startDevice, type Device } from '../../../testing/modbus-device.ts'
import { identify } from './identify.ts'

const access: LineAccess = { connected: true, run: (work, _priority, signal) => work(signal) }
const limit = () => AbortSignal.timeout(8000)
const codeOf = (code: string) => (error: unknown) => error instanceof GatewayError && error.code === code

async function identityOf(t: TestContext, layout: BankLayout, given = {}) {
  const server = createModbusServer({ unit: () => new RegisterBank(layout), clock: systemClock })
  const port = await server.listen(0)
  t.after(() => server.close())
  const driver = await connectTo(t, { options: { host: '127.0.0.1', port, timeout: '300ms' } } as unknown as Device)
  const result = await identify.run(identify.input.parse(given), driver, access, limit())
  return {
    lines: identify.toLines(result as never),
  }
}

test('identify names vendor, product and revision, and everything else the device tells', async (t) => {
  const { lines } = await identityOf(t, { identification: { 0: 'Acme', 1: 'PX-7', 2: 'v2.1', 5: 'Press', 130: 'x' } })
  assert.deepEqual(lines, [
    'vendor        Acme',
    'product code  PX-7',
    'revision      v2.1',
    'model         Press',
    'object 130    x',
  ])
})

test('identify falls back to Report Server ID, and says what was refused', async (t) => {
  const serverId = Uint8Array.from([0x21, 0xff, ...Buffer.from('PX-7 press')])
  const { lines } = await identityOf(t, { serverId })
  assert.match(lines[0]!, /^server id +21FF50582D37207072657373 {2}"PX-7 press"$/)
  assert.match(lines[1]!, /^running +yes$/)
  assert.match(lines[2]!, /^Read Device Identification \(43\/14\): exception 01/)
})

test('identify of a device that tells nothing says so, and why', async (t) => {
  const device = await startDevice(t)
  device.fault = (_request, code) => ({ exception: code === 43 ? 1 : 4 })
  const driver = await connectTo(t, device)
  const result = await identify.run({}, driver, access, limit())
  assert.deepEqual(identify.toLines(result as never), [
    'unit 1 does not say what it is',
    'Read Device Identification (43/14): exception 01 ILLEGAL FUNCTION: the device does not know this function',
    'Report Server ID (17): exception 04 SERVER DEVICE FAILURE: the device failed while it answered',
  ])
  assert.equal(device.requests.length, 2)
})

test('identify takes what a device of the basic level tells', async (t) => {
  const device = await startDevice(t)
  device.fault = ({ pdu }) => (pdu[0] === 43 && pdu[2] !== 1 ? { exception: 3 } : undefined)
  const driver = await connectTo(t, device)
  const { objects } = (await identify.run({}, driver, access, limit())) as { objects: { text: string }[] }
  assert.deepEqual(
    objects.map(({ text }) => text),
    ['Acme', 'PX-7', 'v2.1'],
  )
  assert.equal(device.requests.length, 3)
})

test('a device that announces more objects and begins again is asked once', async (t) => {
  const device = await startDevice(t)
  // MBAP is 7 bytes; "more follows" is the fifth of the PDU, the next object id the sixth.
  device.fault = () => ({ alter: (frame) => frame.with(11, 0xff).with(12, 0) })
  const driver = await connectTo(t, device)
  const { objects } = (await identify.run({}, driver, access, limit())) as { objects: unknown[] }
  assert.deepEqual([objects.length, device.requests.length], [3, 1])
})

test('who passes unknown functions over is asked each of them once', async (t) => {
  const device = await startDevice(t)
  device.fault = ({ pdu }) => (pdu[0] === 43 ? { silent: true } : undefined)
  const driver = await connectTo(t, device)
  const { notes } = (await identify.run({}, driver, access, limit())) as { notes: string[] }
  assert.equal(notes[0], 'Read Device Identification (43/14): no answer in time')
  assert.equal(device.requests.length, 2)
})

test('a unit that answers nothing at all is a time-out that names it', async (t) => {
  const device = await startDevice(t)
  device.fault = () => ({ silent: true })
  const driver = await connectTo(t, device)
  const failed = identify.run({ unit: 2 }, driver, access, limit())
  await assert.rejects(failed, (error) => codeOf('TIMEOUT')(error) && /unit 2 answers neither/.test(String(error)))
  assert.equal(device.requests.length, 2)
})
