/** The server over real sockets other than plain TCP: TLS with and without client certificates, UDP, RTU and ASCII over TCP. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'
import { encodeAsciiFrame } from './ascii.ts'
import { RegisterBank, createModbusServer, encodeFrame, type Fault, type ModbusServerOptions } from './index.ts'
import { encodeRtuFrame } from './rtu.ts'

function createServer(t: TestContext, options: Partial<ModbusServerOptions> = {}) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  bank.holdingRegisters.set(0, 0x1234)
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock, ...options })
  t.after(() => server.close())
  return server
}

const READ = Uint8Array.of(3, 0, 0, 0, 1)
const ANSWER = Uint8Array.of(3, 2, 0x12, 0x34)

async function ask(socket: Socket, bytes: Uint8Array): Promise<Buffer> {
  socket.write(bytes)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  return answer
}

/** However it ends: `once` of an error would reject. */
const closed = (socket: Socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve()))

function certificates(t: TestContext) {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant')
  const stranger = createAuthority(folder, 'stranger')
  const pem = ({ cert, key }: { cert: string; key: string }) => ({ cert: readFileSync(cert), key: readFileSync(key) })
  return {
    ca: readFileSync(authority.cert),
    device: pem(createCertificate(folder, 'device', authority, '127.0.0.1')),
    client: pem(createCertificate(folder, 'client', authority, 'client')),
    foreign: pem(createCertificate(folder, 'foreign', stranger, 'client')),
  }
}

test(
  'TLS: answers like TCP; a client without a certificate of the authority is refused where one is asked for',
  {
    skip: needs('openssl'),
  },
  async (t) => {
    const { ca, device, client, foreign } = certificates(t)
    const open = (port: number, options: ConnectionOptions) => {
      const socket = connectTls({ host: '127.0.0.1', port, ca, ...options })
      socket.on('error', () => undefined)
      t.after(() => socket.destroy())
      return socket
    }
    const plain = createServer(t)
    const port = await plain.listen(0, '127.0.0.1', { tls: device })
    assert.deepEqual(await ask(open(port, {}), encodeFrame(1, 1, READ)), Buffer.from(encodeFrame(1, 1, ANSWER)))

    const strict = createServer(t)
    const strictPort = await strict.listen(0, '127.0.0.1', { tls: { ...device, ca, requestClientCertificate: true } })
    assert.deepEqual(
      await ask(open(strictPort, client), encodeFrame(1, 1, READ)),
      Buffer.from(encodeFrame(1, 1, ANSWER)),
    )
    for (const refused of [{}, foreign]) {
      const socket = open(strictPort, refused)
      socket.write(encodeFrame(1, 1, READ))
      const answered = once(socket, 'data').then(
        () => true,
        () => false,
      )
      assert.equal(await Promise.race([answered, closed(socket).then(() => false)]), false)
    }
    await eventually('both are counted', () => strict.stats.refusedConnections === 2)
    // Bytes that are no handshake, and an old version of TLS.
    const raw = connect(strictPort, '127.0.0.1').on('error', () => undefined)
    raw.write(encodeFrame(1, 1, READ))
    await closed(raw)
    await assert.rejects(once(open(strictPort, { ...client, maxVersion: 'TLSv1.1' }), 'secureConnect'))
    assert.equal(strict.stats.requests, 1)
  },
)

test('TLS: a fault that resets ends the connection', { skip: needs('openssl') }, async (t) => {
  const { ca, device } = certificates(t)
  // oxlint-disable-next-line unicorn/no-thenable -- the server's word for what happens next; nothing awaits it
  const server = createServer(t, { intercept: () => ({ silent: true, then: 'reset' }) })
  const port = await server.listen(0, '127.0.0.1', { tls: device })
  const socket = connectTls({ host: '127.0.0.1', port, ca }).on('error', () => undefined)
  socket.write(encodeFrame(1, 1, READ))
  await closed(socket)
  assert.equal(server.connections, 0)
})

test('UDP: each datagram is answered to its sender, in no order; what is no frame is dropped', async (t) => {
  let fault: Fault | undefined
  const server = createServer(t, { intercept: ({ transaction }) => (transaction === 1 ? fault : undefined) })
  const port = await server.listenUdp(0)
  assert.equal(server.port, port)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const heard: string[] = []
  socket.on('message', (bytes) => heard.push(bytes.toString('hex')))
  const send = (...frames: Uint8Array[]) => frames.forEach((frame) => socket.send(frame, port, '127.0.0.1'))
  const answer = (transaction: number) => Buffer.from(encodeFrame(transaction, 1, ANSWER)).toString('hex')

  fault = { delayMs: 100 }
  send(encodeFrame(1, 1, READ), encodeFrame(2, 1, READ), encodeFrame(3, 9, READ))
  await eventually('three answers', () => heard.length === 3)
  assert.deepEqual(heard, [answer(2), '000300000003' + '09830b', answer(1)])

  heard.length = 0
  fault = { alter: (frame) => frame.with(1, 9) }
  const frame = encodeFrame(2, 1, READ)
  send(
    Buffer.concat([frame, frame]),
    frame.subarray(0, 11),
    Buffer.alloc(0),
    Buffer.from('hello, is this Modbus'),
    encodeFrame(1, 1, READ),
  )
  await eventually('one answer', () => heard.length === 1)
  assert.deepEqual(heard, ['0009' + answer(1).slice(4)])
  assert.deepEqual([server.stats.violations, server.stats.requests], [4, 4])

  const other = createServer(t)
  await assert.rejects(other.listenUdp(port), (error) => error instanceof GatewayError && error.code === 'PORT_IN_USE')
  await server.close()
  assert.equal(await other.listenUdp(port), port)
})

test('one server on TCP, UDP, RTU over TCP and ASCII over TCP at once: the same units; close frees all ports', async (t) => {
  const server = createServer(t)
  const tcp = await server.listen(0)
  const udp = await server.listenUdp(0)
  const rtu = await server.listen(0, '127.0.0.1', { framing: 'rtu' })
  const ascii = await server.listen(0, '127.0.0.1', { framing: 'ascii' })
  assert.equal(server.port, tcp)
  const open = (port: number) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    t.after(() => socket.destroy())
    return socket
  }
  assert.deepEqual(await ask(open(tcp), encodeFrame(1, 1, READ)), Buffer.from(encodeFrame(1, 1, ANSWER)))
  assert.deepEqual(await ask(open(ascii), encodeAsciiFrame(1, READ)), Buffer.from(encodeAsciiFrame(1, ANSWER)))
  const line = open(rtu)
  // A frame in two segments, as a network may cut it, after one that is damaged.
  const frame = encodeRtuFrame(1, READ)
  line.write(frame.with(3, 1))
  line.write(frame.subarray(0, 3))
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(await ask(line, frame.subarray(3)), Buffer.from(encodeRtuFrame(1, ANSWER)))
  assert.equal(server.connections, 3)
  await server.close()
  const again = createServer(t)
  for (const port of [tcp, rtu, ascii]) assert.equal(await again.listen(port), port)
  assert.equal(await again.listenUdp(udp), udp)
})
