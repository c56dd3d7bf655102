/** Bytes straight from the socket: all of them, in order, from the first on; the end is heard; replies survive the next read. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { createModbusServer, ModbusClient, RegisterBank } from '../protocols/modbus/index.ts'
import { eventually } from '../testing/peers.ts'
import { dial } from './dial.ts'
import { tapOf } from './tap.ts'

async function serve(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const endpoint = (port: number) => ({ host: '127.0.0.1', port, connectTimeoutMs: 1000, direct: true })

test('a megabyte, and what was sent before anybody listened, comes whole and in order; then the end is heard', async (t) => {
  const sent = randomBytes(1_000_000)
  const port = await serve(t, (socket) => {
    socket.write(sent.subarray(0, 10))
    setTimeout(() => socket.end(sent.subarray(10)), 30)
  })
  const stream = await dial(endpoint(port))
  await new Promise((resolve) => setTimeout(resolve, 15))
  const hash = createHash('sha256')
  let length = 0
  tapOf(stream)!.listen((bytes) => {
    hash.update(bytes)
    length += bytes.length
  })
  stream.on('data', () => assert.fail('a tapped socket has no data events'))
  await once(stream, 'end')
  assert.equal(length, sent.length)
  assert.equal(hash.digest('hex'), createHash('sha256').update(sent).digest('hex'))
  stream.destroy()
})

test('only what asks for it has a tap', async (t) => {
  const port = await serve(t, () => undefined)
  const plain = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 1000 })
  assert.equal(tapOf(plain), undefined)
  plain.destroy()
})

test('replies of many connections that share the buffer keep their values', async (t) => {
  const clients: ModbusClient[] = []
  for (let device = 0; device < 20; device++) {
    const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 50 }] })
    for (let at = 0; at < 50; at++) bank.holdingRegisters.set(at, device * 100 + at)
    const server = createModbusServer({ unit: () => bank, clock: systemClock })
    const port = await server.listen(0)
    t.after(() => server.close())
    const stream = await dial(endpoint(port))
    assert.ok(tapOf(stream) !== undefined)
    clients.push(new ModbusClient(stream, { maxInFlight: 8, timeoutMs: 2000, clock: systemClock }))
  }
  const replies: { device: number; bytes: Uint8Array }[] = []
  await Promise.all(
    clients.map(async (client, device) => {
      for (let read = 0; read < 20; read++) replies.push({ device, bytes: await client.readHoldingRegisters(1, 0, 50) })
    }),
  )
  await eventually('all read', () => replies.length === 400)
  for (const { device, bytes } of replies)
    for (let at = 0; at < 50; at++) assert.equal(bytes[2 * at]! * 256 + bytes[2 * at + 1]!, device * 100 + at)
  for (const client of clients) client.close()
})
