/** What a server does when there is too much of something: connections, handshakes, datagrams, waiting requests, clients that do not read. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { eventually, needs, startProcess, temporaryFolder } from '../../testing/peers.ts'
import { VirtualClock, settle } from '../../testing/virtual-clock.ts'
import { RegisterBank, createModbusServer, encodeFrame, type Answer, type ModbusServerOptions } from './index.ts'

const READ = Uint8Array.of(3, 0, 0, 0, 1)
const ANSWER = Uint8Array.of(3, 2, 0, 0)

function createServer(t: TestContext, options: Partial<ModbusServerOptions> = {}) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 125 }] })
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock, ...options })
  t.after(() => server.close())
  return server
}

function open(t: TestContext, port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => undefined)
  t.after(() => socket.destroy())
  return socket
}

async function ask(socket: Socket, transaction = 1): Promise<void> {
  socket.write(encodeFrame(transaction, 1, READ))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.deepEqual(answer, Buffer.from(encodeFrame(transaction, 1, ANSWER)))
}

const isClosed = (socket: Socket) => socket.closed || socket.readyState !== 'open'

test('all places taken: who asked nothing for 30 s makes room, the longest silent first; who asks stays; a port is never closed', async (t) => {
  const clock = new VirtualClock()
  const server = createServer(t, { clock, maxConnections: 4 })
  const port = await server.listen(0)
  const serial = duplexPair()
  server.serve(serial.far, 'rtu')
  const half = open(t, port)
  await eventually('half a frame', () => server.connections === 2)
  half.write(encodeFrame(1, 1, READ).subarray(0, 8))
  await clock.advance(1000)
  const mute = open(t, port)
  await eventually('a mute one', () => server.connections === 3)
  const asking = open(t, port)
  await ask(asking)
  await clock.advance(28_000)
  await ask(asking, 2)
  const early = open(t, port)
  await eventually('all are busy enough', () => isClosed(early) && server.stats.refusedConnections === 1)
  // Bytes that never become a request are no sign of life.
  half.write(Uint8Array.of(0))
  await clock.advance(1000)
  const next = open(t, port)
  await ask(next)
  await eventually('half a frame is not waited for', () => isClosed(half))
  assert.deepEqual([isClosed(mute), isClosed(asking)], [false, false])
  await clock.advance(1000)
  await ask(open(t, port))
  await eventually('the mute one is gone', () => isClosed(mute))
  await ask(asking, 3)
  assert.equal(serial.near.closed, false)
  assert.deepEqual([server.connections, server.stats.idleConnections, server.stats.refusedConnections], [4, 2, 1])
})

test(
  'TLS: handshakes that never end keep nobody out, and closing does not wait for them',
  { skip: needs('openssl') },
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'plant')
    const device = createCertificate(folder, 'device', authority, '127.0.0.1')
    const tls = { cert: readFileSync(device.cert), key: readFileSync(device.key) }
    const server = createServer(t, { maxConnections: 3 })
    const port = await server.listen(0, '127.0.0.1', { tls })
    const mute = [0, 1, 2, 3, 4].map(() => open(t, port))
    await eventually('the oldest are closed', () => mute.filter(isClosed).length === 2)
    assert.deepEqual(mute.map(isClosed), [true, true, false, false, false])
    const asking = connectTls({ host: '127.0.0.1', port, ca: readFileSync(authority.cert) })
    t.after(() => asking.destroy())
    await ask(asking)
    assert.equal(server.stats.refusedConnections, 3)
    const start = performance.now()
    await server.close()
    assert.ok(performance.now() - start < 5000, 'close waits for no handshake')
    await eventually('all are closed', () => mute.every(isClosed) && isClosed(asking))
  },
)

/** Sends one datagram from port 0, which only a program that forges them can. */
const FORGE = `
import socket, struct, sys
port, payload = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
raw.sendto(struct.pack('>HHHH', 0, port, 8 + len(payload), 0) + payload, ('127.0.0.1', port))
`
const mayForge = process.getuid?.() === 0 ? needs('python3') : 'only root can forge datagrams'

test('UDP: a forged datagram from port 0 is dropped; the server lives on', { skip: mayForge }, async (t) => {
  const server = createServer(t)
  const port = await server.listenUdp(0)
  const payload = Buffer.from(encodeFrame(1, 1, READ)).toString('hex')
  await startProcess(t, 'python3', ['-c', FORGE, String(port), payload]).exited
  await eventually('it came', () => server.stats.violations === 1)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.send(encodeFrame(2, 1, READ), port, '127.0.0.1')
  const [answer] = (await once(socket, 'message')) as [Buffer]
  assert.deepEqual(answer, Buffer.from(encodeFrame(2, 1, ANSWER)))
})

test('UDP: beyond 1,024 datagrams that wait for their answer more are dropped and counted; answered ones make room', async (t) => {
  const late: ((answer: Answer) => void)[] = []
  const unit = { answer: () => new Promise<Answer>((resolve) => late.push(resolve)) }
  const server = createServer(t, { unit: () => unit })
  const port = await server.listenUdp(0)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  let heard = 0
  socket.on('message', () => heard++)
  for (let burst = 0; burst < 25; burst++) {
    for (let i = 0; i < 50; i++) socket.send(encodeFrame(i, 1, READ), port, '127.0.0.1')
    const sent = (burst + 1) * 50
    await eventually('a burst came', () => server.stats.requests + server.stats.refusedDatagrams === sent)
  }
  assert.deepEqual([late.length, server.stats.refusedDatagrams, server.stats.violations], [1024, 226, 0])
  for (const answer of late.splice(0, 100)) answer(ANSWER)
  await eventually('100 answers', () => heard === 100)
  socket.send(encodeFrame(1, 1, READ), port, '127.0.0.1')
  await eventually('there is room', () => late.length === 925)
})

test('a client that floods and never reads: what is kept for it is bounded; when it reads it gets every answer in order', async () => {
  const clock = new VirtualClock()
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 125 }] })
  const { near, far } = duplexPair()
  const server = createModbusServer({ unit: () => bank, clock })
  server.serve(far)
  const COUNT = 20_000
  const request = Uint8Array.of(3, 0, 0, 0, 125)
  for (let i = 0; i < COUNT; i++) near.write(encodeFrame(i, 1, request))
  await settle()
  assert.ok(server.stats.requests < COUNT / 2, `${server.stats.requests} answered ahead of a client that reads none`)
  assert.ok(far.writableLength < 4 * 1024 * 1024, `${far.writableLength} bytes wait`)
  const ids: number[] = []
  let rest = Buffer.alloc(0)
  near.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (; rest.length >= 259; rest = rest.subarray(259)) ids.push(rest.readUInt16BE(0))
  })
  for (let turns = 0; turns < 2000 && ids.length < COUNT; turns++) await settle()
  assert.equal(ids.length, COUNT)
  assert.ok(ids.every((id, i) => id === i))
})

test('a chunk of thousands of requests does not hold up another client', async () => {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 125 }] })
  const server = createModbusServer({ unit: () => bank, clock: new VirtualClock() })
  const flood = duplexPair()
  const other = duplexPair()
  for (const { far } of [flood, other]) server.serve(far)
  let answers = 0
  flood.near.on('data', (chunk: Buffer) => (answers += chunk.length / 11))
  let before = Infinity
  other.near.on('data', () => (before = server.stats.requests))
  const COUNT = 5000
  flood.near.write(Buffer.concat(Array.from({ length: COUNT }, (_, i) => encodeFrame(i, 1, READ))))
  other.near.write(encodeFrame(1, 1, READ))
  for (let turns = 0; turns < 100; turns++) await settle()
  assert.equal(answers, COUNT)
  assert.ok(before < COUNT / 5, `answered after ${before} requests of the other`)
})
