/**
 * What the metrics say of the requests to a real Modbus server: round trips, loss, refusals and bytes, against what the server and a
 * relay before it have counted themselves.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { startDevice } from '../src/testing/modbus-device.ts'
import { eventually } from '../src/testing/peers.ts'
import { listenTcp } from '../src/testing/tcp-relay.ts'

/** A relay that counts. */
async function startCounter(t: TestContext, port: number) {
  const counted = { sent: 0, received: 0 }
  const own = await listenTcp(t, (near) => {
    const far = connect({ port, host: '127.0.0.1' })
    t.after(() => far.destroy())
    near.on('data', (chunk: Buffer) => {
      counted.sent += chunk.length
      far.write(chunk)
    })
    far.on('data', (chunk: Buffer) => {
      counted.received += chunk.length
      near.write(chunk)
    })
    far.on('error', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  return { counted, port: own }
}

async function start(t: TestContext) {
  const device = await startDevice(t)
  const counter = await startCounter(t, device.options.port as number)
  const tags = [{ name: 'level', address: 'hr:0', type: 'uint16' as const, writable: true }]
  const of = (unit: number) => ({ ...device.options, port: counter.port, unit })
  const gateway = await startTestGateway(t, {
    devices: [
      { name: 'one', type: modbus, options: of(1), tags, everyMs: 20, area: 'Hall/3' },
      { name: 'two', type: modbus, options: of(2), tags, everyMs: 20 },
    ],
  })
  const metrics = createMetrics(gateway)
  /** One series of that name whose labels contain this text. */
  const value = async (name: string, ...labels: string[]): Promise<number | undefined> => {
    const text = await metrics.render(false)
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)))
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')))
  }
  await eventually('both run', () => gateway.polling.devices.every(({ state }) => state === 'Running'))
  return { device, gateway, counted: counter.counted, value }
}

test('bytes: the devices of a line together have exactly what went over it, and each has its own share', async (t) => {
  const { gateway, counted, value } = await start(t)
  await eventually('many polls', () => gateway.polling.devices.every(({ stats }) => stats.requestsOk > 20))
  await gateway.polling.stop()
  await eventually('all is accounted for', async () => {
    const [sent, received] = await Promise.all(
      ['sent', 'received'].map(async (direction) => {
        const of = async (device: string) =>
          (await value('bifrost_device_bytes_total', `device="${device}"`, `direction="${direction}"`)) ?? 0
        return (await of('one')) + (await of('two'))
      }),
    )
    return sent === counted.sent && received === counted.received
  })
  for (const { name, stats } of gateway.polling.devices) {
    const requests = stats.requestsOk + stats.requestsFailed + stats.requestsTimeout
    // Modbus TCP: 7 bytes of header; read one register: 5 bytes there, 4 back. One request may be on its way at the end.
    const sent = (await value('bifrost_device_bytes_total', `device="${name}"`, 'direction="sent"'))!
    assert.ok(Math.abs(sent - requests * 12) <= 12, `${name}: ${sent} bytes for ${requests} requests`)
  }
})

test('round trips and the last answer are those of answers; what stays without one is loss, and no round trip', async (t) => {
  const { device, gateway, value } = await start(t)
  assert.equal(await value('bifrost_device_request_loss_ratio', 'device="one"'), 0)
  device.fault = ({ unit }) => (unit === 1 ? { silent: true } : undefined)
  const [one, two] = gateway.polling.devices
  await eventually('three time-outs', () => one!.stats.requestsTimeout >= 3)
  const { requestsOk, requestsTimeout } = one!.stats
  assert.equal(await value('bifrost_device_request_duration_seconds_count', 'device="one"'), requestsOk)
  const ratio = (await value('bifrost_device_request_loss_ratio', 'device="one"'))!
  assert.ok(Math.abs(ratio - requestsTimeout / (requestsOk + requestsTimeout)) < 0.02, `${ratio}`)
  assert.equal(await value('bifrost_device_request_loss_ratio', 'device="two"'), 0)
  const last = (await value('bifrost_device_last_answer_timestamp_seconds', 'device="one"'))!
  assert.ok(last < (await value('bifrost_device_last_answer_timestamp_seconds', 'device="two"'))!)
  assert.ok(two!.stats.requestsOk > 0)
  // The server answers at once: no round trip took as long as the time-out.
  assert.equal(await value('bifrost_device_request_duration_seconds_bucket', 'device="one"', 'le="0.1"'), requestsOk)
})

test('refusals of polls and of writes count by the status that they became; time-outs are none', async (t) => {
  const { device, gateway, value } = await start(t)
  const [one] = gateway.polling.devices
  const point = one!.points[0]!
  const signal = AbortSignal.timeout(5000)
  const write = () => one!.write([{ point, value: 7 }], { deadlineMs: 2000, signal })
  device.fault = (_, code) => (code === 6 || code === 16 ? { exception: 4 } : undefined)
  await write()
  const failed = 'code="BadDeviceFailure"'
  assert.equal(await value('bifrost_device_exceptions_total', 'device="one"', failed), 1)
  device.fault = ({ unit }, code) => (unit === 1 && code === 3 ? { exception: 4 } : undefined)
  await eventually('refused polls', () => one!.stats.requestsFailed >= 3)
  const counted = (await value('bifrost_device_exceptions_total', 'device="one"', failed))!
  assert.ok(counted >= 4, `${counted}`)
  device.fault = () => ({ silent: true })
  await eventually('time-outs', () => one!.stats.requestsTimeout >= 1)
  assert.equal(await value('bifrost_device_exceptions_total', 'device="one"', 'code="BadTimeout"'), undefined)
  assert.equal(await value('bifrost_device_exceptions_total', 'device="two"'), undefined)
})

test('while a register that is at fault is searched, every refusal has the status that the device gave', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address, count) =>
    code === 3 && address <= 5 && address + count > 5 ? { exception: 2 } : undefined
  const tags = Array.from({ length: 10 }, (_, at) => ({ name: `r${at}`, address: `hr:${at}`, type: 'uint16' as const }))
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'one', type: modbus, options: device.options, tags, everyMs: 20 }],
  })
  const [one] = gateway.polling.devices
  await eventually('refusals', () => one!.stats.requestsFailed >= 3 && one!.state === 'Degraded')
  const text = await createMetrics(gateway).render(false)
  const codes = [...text.matchAll(/^bifrost_device_exceptions_total\{.*code="(.*)"\} (\d+)$/gm)]
  assert.deepEqual(
    codes.map(([, code]) => code),
    ['BadConfigurationError'],
  )
  assert.ok(Number(codes[0]![2]) >= 3)
})

test('where a device stands: by area', async (t) => {
  const { value } = await start(t)
  assert.equal(await value('bifrost_device_info', 'device="one"', 'area="Hall/3"'), 1)
  assert.equal(await value('bifrost_device_info', 'device="two"', 'area=""'), 1)
})
