/** What the API says of a write to a real Modbus device: carried out and how, unknown, superseded. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { modbus } from '../drivers/modbus/driver.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { eventually } from '../testing/peers.ts'
import { startHttp } from './server.ts'

async function start(t: TestContext, options: Record<string, unknown> = {}) {
  const device = await startDevice(t)
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'plc',
        type: modbus,
        options: { ...device.options, ...options },
        everyMs: 60_000,
        tags: [
          { name: 'hr:1', type: 'uint16', writable: true },
          { name: 'hr:8.3', type: 'bool', writable: true },
        ],
      },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const session = gateway.polling.device('plc')!
  await eventually('the device runs', () => session.state === 'Running')
  const put = async (tag: string, value: unknown, more: object = {}) => {
    const response = await fetch(`${http.url}/api/v1/values/plc/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value, ...more }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, never> }
  }
  return { device, put }
}

test('a write without an answer is 504 WRITE_UNKNOWN, with what reads back, and is sent once', async (t) => {
  const { device, put } = await start(t)
  device.fault = (_, code) => (code === 6 ? { silent: true } : undefined)
  const { status, body } = await put('hr:1', 7)
  const { code, detail, result } = body as unknown as { code: string; detail: string; result: object }
  assert.deepEqual([status, code], [504, 'WRITE_UNKNOWN'])
  assert.match(detail, /may have been carried out.*reads back 1, which is not what was written/)
  assert.deepEqual(result, {
    status: { code: 0x800a0000, name: 'BadTimeout' },
    readBack: 1,
    readBackStatus: { code: 0, name: 'Good' },
  })
  assert.equal(device.requests.filter((request) => request.startsWith('1: 06')).length, 1)
})

test('coalesceWrites: what a newer value overtook is 409 WRITE_SUPERSEDED; without it every write is sent', async (t) => {
  for (const coalesceWrites of [true, false]) {
    const { device, put } = await start(t, { coalesceWrites, timeout: '10s' })
    device.fault = (_, code) => (code === 6 ? { delayMs: 600 } : undefined)
    const sent = () => device.requests.filter((request) => request.startsWith('1: 06')).length
    const first = put('hr:1', 1)
    await eventually('the first is under way', () => sent() === 1)
    const second = put('hr:1', 2)
    await new Promise((resolve) => setTimeout(resolve, 40))
    const answers = await Promise.all([first, second, put('hr:1', 3)])
    assert.equal(device.bank.holdingRegisters.get(1), 3)
    assert.equal(sent(), coalesceWrites ? 2 : 3)
    const { status, body } = answers[1]
    if (coalesceWrites) assert.deepEqual([status, body['code']], [409, 'WRITE_SUPERSEDED'])
    else assert.notEqual(status, 409)
  }
})

test('how a write was done, where its status does not say it, is in the answer', async (t) => {
  const { device, put } = await start(t)
  assert.equal((await put('hr:8.3', true)).body['remark'], null)
  device.fault = (_, code) => (code === 22 ? { exception: 1 } : undefined)
  const { status, body } = await put('hr:8.3', false)
  assert.deepEqual([status, body['readBack']], [200, false])
  assert.match(body['remark']!, /not atomic against others/)
})

test('deadlineMs: what waits behind a slow answer for longer is never sent', async (t) => {
  const { device, put } = await start(t, { timeout: '2s' })
  device.fault = (_, code) => (code === 22 ? { delayMs: 400 } : undefined)
  const sent = (code: string) => device.requests.filter((request) => request.startsWith(`1: ${code}`)).length
  const first = put('hr:8.3', true)
  await eventually('the first is under way', () => sent('16') === 1)
  const [late, patient] = await Promise.all([put('hr:1', 2, { deadlineMs: 50 }), put('hr:1', 3)])
  assert.deepEqual([late.status, patient.status, (await first).status], [502, 200, 200])
  assert.equal(sent('06'), 1)
  assert.equal((await put('hr:1', 4, { deadlineMs: 5 })).status, 400)
})
