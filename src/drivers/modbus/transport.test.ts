/** Every transport of the options, from configuration to value, and what is dialled for each. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { readFileSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import type { Context } from '../../core/driver.ts'
import { createModbusServer, RegisterBank } from '../../protocols/modbus/index.ts'
import { createAuthority, createCertificate, roleExtension } from '../../testing/certificates.ts'
import { pointsOf, testContext } from '../../testing/driver-suite.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { readOnce, registers } from '../../testing/modbus-device.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { dial } from '../../wire/dial.ts'
import { modbus } from './driver.ts'
import { endpointOf } from './transport.ts'

function createServer(t: TestContext) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  for (let address = 0; address < 10; address++) bank.holdingRegisters.set(address, 100 + address)
  const server = createModbusServer({ unit: (id) => (id === 5 ? bank : undefined), clock: systemClock })
  t.after(() => server.close())
  return server
}

/** Reads two registers over these options. */
async function readOver(t: TestContext, options: Record<string, unknown>, context?: Context) {
  const driver = modbus.create(
    modbus.options.parse({ unit: 5, timeout: '1s', ...options }),
    context ?? { ...testContext(), dial },
  )
  t.after(() => driver.close())
  await driver.connect(AbortSignal.timeout(5000))
  return readOnce(driver, registers(2, 3))
}

test('tcp', async (t) => {
  const port = await createServer(t).listen(0)
  assert.deepEqual(await readOver(t, { host: '127.0.0.1', port }), [102, 103])
})

test('udp', async (t) => {
  const port = await createServer(t).listenUdp(0)
  const options = { transport: 'udp', host: '127.0.0.1', port, maxInFlight: 4, maxConnections: 4 }
  assert.deepEqual(await readOver(t, options), [102, 103])
})

for (const framing of ['rtu', 'ascii'] as const) {
  test(`${framing}-over-tcp`, async (t) => {
    const port = await createServer(t).listen(0, '127.0.0.1', { framing })
    const options = { transport: `${framing}-over-tcp`, host: '127.0.0.1', port, maxInFlight: 4, maxConnections: 4 }
    assert.deepEqual(await readOver(t, options), [102, 103])
  })

  test(`${framing} on a serial port`, async (t) => {
    const { near, far } = duplexPair()
    createServer(t).serve(far, framing)
    const endpoints: unknown[] = []
    const context: Context = {
      ...testContext(),
      dial: async (endpoint) => {
        endpoints.push(endpoint)
        return near
      },
    }
    const serial = { path: '/dev/ttyUSB0', baud: 115_200 }
    assert.deepEqual(await readOver(t, { transport: framing, serial }, context), [102, 103])
    const port = { path: '/dev/ttyUSB0', baud: 115_200, dataBits: 8, parity: 'even', stopBits: 1 }
    assert.deepEqual(endpoints, [{ transport: 'serial', ...port }])
  })
}

test('tls: both sides show their certificates', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const far = createCertificate(folder, 'device', authority, '127.0.0.1')
  const near = createCertificate(folder, 'gateway', authority, 'gateway')
  const pem = (file: string) => readFileSync(file, 'utf8')
  const requestClientCertificate = true
  const tls = { cert: pem(far.cert), key: pem(far.key), ca: pem(authority.cert), requestClientCertificate }
  const port = await createServer(t).listen(0, '127.0.0.1', { tls })
  const files = { ca: authority.cert, cert: near.cert, key: near.key }
  assert.deepEqual(await readOver(t, { transport: 'tls', host: '127.0.0.1', port, tls: files }), [102, 103])
  await assert.rejects(readOver(t, { transport: 'tls', host: '127.0.0.1', port }), /certificate/)
  await assert.rejects(readOver(t, { transport: 'tls', host: '127.0.0.1', port, tls: { ca: authority.cert } }))
})

test(
  'tls: a function that the device refuses to our role: tags and the write say so',
  { skip: needs('openssl') },
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const far = createCertificate(folder, 'device', authority, '127.0.0.1')
    const near = createCertificate(folder, 'gateway', authority, 'gateway', 2, [roleExtension('Viewer')])
    const server = createModbusServer({
      unit: () => new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] }),
      clock: systemClock,
      intercept: ({ client }) => (client?.role === 'Operator' ? undefined : { exception: 1 }),
    })
    t.after(() => server.close())
    const pem = (file: string) => readFileSync(file, 'utf8')
    const tls = { cert: pem(far.cert), key: pem(far.key), ca: pem(authority.cert), requestClientCertificate: true }
    const port = await server.listen(0, '127.0.0.1', { tls })
    const files = { ca: authority.cert, cert: near.cert, key: near.key }
    const options = modbus.options.parse({ transport: 'tls', host: '127.0.0.1', port, tls: files })
    const driver = modbus.create(options, { ...testContext(), dial })
    t.after(() => driver.close())
    await driver.connect(AbortSignal.timeout(5000))
    assert.deepEqual(await readOnce(driver, registers(2)), ['BadNotSupported'])
    const said = /illegal function\), or the role in our client certificate \(Viewer\) does not allow it\.$/
    assert.match(driver.reasonOf!(1) ?? '', said)
    const remarks: string[] = []
    const watch = { begin: () => true, remark: (sentence: string) => void remarks.push(sentence) }
    const [point] = pointsOf(modbus, registers(2))
    await driver.write([{ point: point!, value: 1, watch }], AbortSignal.timeout(5000))
    assert.match(remarks.join(), /or the role in our client certificate \(Viewer\) does not allow it\.$/)
  },
)

test('ports where the options name none: 502, with TLS 802', () => {
  const portOf = (transport: string) => {
    const endpoint = endpointOf(modbus.options.parse({ transport, host: 'plc' }))
    return endpoint.transport === 'serial' ? undefined : endpoint.port
  }
  assert.deepEqual(['tcp', 'tls', 'udp', 'rtu-over-tcp'].map(portOf), [502, 802, 502, 502])
})
