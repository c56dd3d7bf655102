/** Connections opened and closed a thousand times leave nothing behind: no handle, no descriptor, no listener on the signal. */
import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import type { Endpoint } from '../core/driver.ts'
import { systemClock } from '../core/clock.ts'
import { ModbusClient } from '../protocols/modbus/index.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { eventually, needs, temporaryFolder } from '../testing/peers.ts'
import { startRtuDevice } from '../testing/rtu-device.ts'
import { dial } from './dial.ts'

const connectTimeoutMs = 5000
const CLOSED = 'the connection was closed on this side'
const openFiles = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)
const HANDLES = ['TCPSocketWrap', 'TLSWrap', 'UDPWrap', 'Timeout']
const handles = () => process.getActiveResourcesInfo().filter((name) => HANDLES.includes(name)).length

async function listen(t: TestContext, server: Server): Promise<number> {
  server.on('connection', (socket) => socket.on('error', () => undefined))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Opens, leaves a request unanswered, closes; then the same again. */
async function cycle(endpoint: Endpoint, framing: 'tcp' | 'udp' | 'rtu', times: number): Promise<void> {
  const { signal } = new AbortController()
  const round = async () => {
    const stream = await dial(endpoint, signal)
    const client = new ModbusClient(stream, { framing, maxInFlight: 1, timeoutMs: 60_000, clock: systemClock })
    const read = client.readHoldingRegisters(9, 0, 1, signal)
    client.close()
    await assert.rejects(read, new RegExp(CLOSED))
    if (!stream.closed) await once(stream, 'close')
  }
  await round()
  const before = [handles(), openFiles()]
  for (let i = 0; i < times; i++) await round()
  await eventually('all are closed', () => handles() <= before[0]! && openFiles() <= before[1]!)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
}

test('TCP: 1,000 connections', async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.resume()),
  )
  await cycle({ host: '127.0.0.1', port, connectTimeoutMs }, 'tcp', 1000)
})

test('UDP: 1,000 sockets', async () => {
  await cycle({ transport: 'udp', host: '127.0.0.1', port: 9, connectTimeoutMs }, 'udp', 1000)
})

test('TLS: 200 connections', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  const { cert, key } = createCertificate(folder, 'device', authority, '127.0.0.1')
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    socket.on('error', () => undefined).resume()
  })
  const port = await listen(t, server)
  await cycle({ host: '127.0.0.1', port, connectTimeoutMs, tls: { ca: authority.cert } }, 'tcp', 200)
})

test('serial: 300 times the same port', { skip: needs('socat') }, async (t) => {
  const { path } = await startRtuDevice(t)
  const settings = { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const
  await cycle({ transport: 'serial', path, ...settings }, 'rtu', 300)
})

test('refused, cut and aborted attempts: 300 of each', async (t) => {
  const server = createServer((socket) => socket.destroy())
  const port = await listen(t, server)
  const endpoint = { host: '127.0.0.1', port, connectTimeoutMs }
  const before = [handles(), openFiles()]
  for (let i = 0; i < 300; i++) {
    await assert.rejects(dial({ host: '127.0.0.1', port: 1, connectTimeoutMs }))
    await assert.rejects(dial({ ...endpoint, tls: {} }))
    const controller = new AbortController()
    const dialing = dial({ ...endpoint, tls: {} }, controller.signal)
    controller.abort(new Error('stopped'))
    await assert.rejects(dialing, /stopped/)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  }
  await eventually('all are closed', () => handles() <= before[0]! && openFiles() <= before[1]!)
})
